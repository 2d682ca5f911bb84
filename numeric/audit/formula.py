"""A claim judged: as it stands, under torch's defaults, under a convention; else refuted, diagnosed and put right."""

from __future__ import annotations

import re
from dataclasses import replace

from derive.catalogue import op as operation
from derive.catalogue.recipe import Setting
from derive.errors import NotationError
from derive.expressions.build import mul
from derive.expressions.expr import Entry
from derive.expressions.traversal import reads
from derive.language.latex import looks_like_latex, to_notation
from derive.laws.law import COTANGENT
from derive.operation import Op
from numeric.audit.claim_grammar import GRADIENT, LAW, NUMBER, tidied, written
from numeric.audit.claims import Claim, readings
from numeric.audit.comparison import BRANCHES
from numeric.audit.diagnosis import diagnosis
from numeric.audit.names import Names
from numeric.audit.numbers import read_number
from numeric.audit.reading import (
    Reading,
    by_convention,
    by_default,
    by_hypotheses,
    general,
    left_out,
    weakest,
    with_whole_windows,
)
from numeric.audit.right import shown, with_gradients
from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict

_INDEX = re.compile(r"[_\[]")
"""What an index is written behind."""
LOSS = "E=O"
"""What a claim about a loss says where it leaves out that its own gradient dE/dO is 1."""

WORST = (VERIFIED, UNDER, UNDECIDED, REFUTED)


def check_formula(text: str, law: str, **settings: Setting) -> Verdict:
    """The verdict on a claim about an operation, such as `dE/dX[c] = sum[k] dE/dO[k]*W[k,c]` about linear, or in LaTeX.

    Arguments that are neither set nor written take torch's defaults where the claim needs them, which is then told. Of
    a text with several equations, the first that does not hold is told.
    Raises: NotationError, OperationError for what cannot be read, NotDerived.
    """
    op = operation(law, **settings)
    told, notes = _translated(text, op)
    whole = _INDEX.search(text) is None
    verdicts = [_judged(one, op, whole) for one in told]
    worst = max(verdicts, key=lambda v: WORST.index(v.verdict))
    return replace(worst, claim=text.strip(), notes=tuple(dict.fromkeys((*notes, *worst.notes))))


def _judged(text: str, op: Op, whole: bool) -> Verdict:
    """The first reading of an equation that holds; else one that is open; else the most natural."""
    found: list[Verdict] = []
    for claim in claimed(text, op, whole):
        verdict = judge(claim)
        found.append(replace(verdict, read=text.strip(), notes=(*claim.notes, *verdict.notes)))
        if verdict.good:
            return found[-1]
    return min(found, key=lambda v: WORST.index(v.verdict))


def _translated(text: str, op: Op) -> tuple[list[str], tuple[str, ...]]:
    """The equations of a text in notation, and what reading them took. Raises: NotationError."""
    whole = "[" not in text and COTANGENT in tidied(text)
    if not whole and not any(sign in text for sign in ("\\", "$", "_{")):
        try:
            claimed(text, op)
        except NotationError:
            if not looks_like_latex(text):
                raise
        else:
            return [text], ()
    reading = to_notation(text, op)
    return reading.text.split("; "), reading.notes


def claimed(text: str, op: Op, whole: bool = False) -> tuple[Claim, ...]:
    """What a text may claim about an operation; one in which nothing has an index is about a size where it can be.

    Raises: NotationError, OperationError.
    """
    names = Names(op)
    said = written(text, names.tensors, names.scalars)
    if said.kind == NUMBER or (said.kind == LAW and "[" not in text and op.sizes):
        said = written(text, frozenset(), frozenset())
    return (read_number(said, op),) if said.kind == NUMBER else readings(said, op, names, whole)


def judge(claim: Claim) -> Verdict:
    """Verified as weakly as it can be; else refuted as torch's defaults have it, with diagnosis and right formula."""
    claim = _of_the_loss_itself(_of_data(claim))
    plain = general(claim)
    first = plain.verdict()
    if first.verdict != REFUTED:
        return _told(plain, first)
    for weaker in (weakest(claim), weakest(claim, with_whole_windows) if claim.kind == NUMBER else None):
        found = weaker.verdict() if weaker is not None else first
        if weaker is not None and found.verdict != REFUTED:
            return replace(_told(weaker, found, first), diagnosis=_elsewhere(plain))
    for weaker in by_hypotheses(plain):
        found = weaker.verdict()
        if found.verdict != REFUTED:
            return _told(weaker, found, first)
    reading = by_default(claim, left_out(claim)) if left_out(claim) else plain
    last = reading.verdict() if reading is not plain else first
    if last.layer == BRANCHES:
        for other in (*by_convention(plain), *by_convention(reading)):
            found = other.verdict()
            if found.verdict != REFUTED:
                return _told(other, found, first)
    return _refuted(reading, last)


def _elsewhere(reading: Reading) -> str:
    """What goes wrong without the defaults, where the claim has symbols for some arguments but not for all."""
    if not reading.claim.mentioned & {p.name for p in reading.op.parameters}:
        return ""
    found = diagnosis(reading)
    return "" if found == NO_MISTAKE else f"elsewhere {found}"


def _of_data(claim: Claim) -> Claim:
    """The claim without gradients of intermediates on its right side."""
    other = with_gradients(claim.op, claim.other) if claim.other is not None else None
    return replace(claim, got=with_gradients(claim.op, claim.got), other=other)


def _of_the_loss_itself(claim: Claim) -> Claim:
    """A claim about a loss that reads no gradient of the loss takes it to be 1."""
    output = claim.op.output
    cotangent = Entry(COTANGENT + output.name, ())
    silent = claim.kind == GRADIENT and not output.axes and cotangent.tensor not in {r.tensor for r in reads(claim.got)}
    if not silent or claim.left.tensor == output.name:
        return claim
    return replace(claim, got=mul((cotangent, claim.got)), assumed=(*claim.assumed, LOSS))


def _told(reading: Reading, found: Verdict, without: Verdict | None = None) -> Verdict:
    """A verdict under what was assumed; `without` is the verdict without the reading's own hypotheses."""
    right = shown(reading.claim, reading.op, reading.right)
    made = replace(found, right=right, witness=without.witness if without else None)
    return made.under(*reading.claim.assumed, *reading.made)


def _refuted(reading: Reading, found: Verdict) -> Verdict:
    notes = (f"read with {', '.join(reading.made)}, as torch has it by default",) if reading.made else ()
    return replace(
        found,
        diagnosis=diagnosis(reading),
        right=shown(reading.claim, reading.op, reading.right),
        hypothesis=", ".join(reading.claim.assumed),
        notes=notes,
    )
