"""A claim judged: as it stands, under torch's defaults, under a convention; else refuted, diagnosed and put right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from derive.catalogue import op as operation
from derive.catalogue.recipe import Setting
from derive.errors import BackproofError, NotationError, OperationError
from derive.expressions.build import mul
from derive.expressions.expr import Entry
from derive.expressions.index import Index
from derive.expressions.traversal import reads
from derive.language.latex import Reading as Translation
from derive.language.latex import looks_like_latex, solved, to_notation
from derive.language.show import show_index
from derive.laws.law import COTANGENT
from derive.operation import Op, with_values
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
from numeric.audit.writing import INDEXED, Unindexed, meanings, unindexed

LOSSES = ("E", "J", "L", "Loss", "loss")
"""What the loss itself is called on a left side."""
_SIDE_BY_SIDE = re.compile(r"\b[A-Za-z] ?[A-Za-z]\b")
"""Two letters that may be a product."""
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
    found, refused = [], []
    for names in meanings(text, op):
        try:
            found.append(_of_all(text, op, names))
        except (NotationError, OperationError) as e:
            refused.append(e)
        if found and found[-1].good:
            break
    if not found:
        raise refused[0]
    best = min(reversed(found), key=lambda v: (WORST.index(v.verdict), v.diagnosis == NO_MISTAKE))
    return replace(best, claim=text.strip())


def _of_all(text: str, op: Op, names: Mapping[str, str]) -> Verdict:
    """The worst verdict on a text's equations, where its own letters stand for `names`.

    Where nothing but offsets shows from where subscripts count, they may count from the other base.
    """
    told, first = _translated(text, op, names)
    found = _worst(text, told, op, names, first)
    if found.good or first.other_base is None:
        return found
    second = to_notation(text, op, base=first.other_base, names=names)
    note = f"subscripts count from {first.other_base}, as the formula holds so: nothing but offsets shows it"
    other = _worst(text, second.text.split("; "), op, names, replace(second, notes=(note, *second.notes)))
    return other if other.good else found


def _worst(text: str, told: list[str], op: Op, names: Mapping[str, str], reading: Translation) -> Verdict:
    verdicts = [
        _judged(one, op, bare, dict(reading.sizes)) if one == text else _read_back(one, op, bare, dict(reading.sizes))
        for one, bare in zip(told, unindexed(text, len(told)), strict=True)
    ]
    worst = max(verdicts, key=lambda v: WORST.index(v.verdict))
    meant = (f"{letter} is read as {tensor}, as the text defines it" for letter, tensor in names.items())
    return replace(worst, notes=tuple(dict.fromkeys((*meant, *reading.notes, *worst.notes))))


def _read_back(text: str, op: Op, bare: Unindexed, sizes: Mapping[str, int]) -> Verdict:
    """The verdict on a translation; an error about it shows it, for its columns are not those of what was typed."""
    try:
        return _judged(text, op, bare, sizes)
    except (NotationError, OperationError) as e:
        raise type(e)(f"{e}\n    where the formula is read as: {text}") from e


def _judged(text: str, op: Op, bare: Unindexed, sizes: Mapping[str, int]) -> Verdict:
    """The first reading of an equation that holds; else one that is open; else the most natural.

    What holds for some sizes alone is judged at `sizes`, those of tensors that are written out entry by entry.
    """
    found: list[Verdict] = []
    values = solved(op, sizes)
    for known in [{}, values] if values else [{}]:
        found = []
        for claim in claimed_at(text, op, known, bare):
            verdict = judge(claim)
            found.append(replace(verdict, read=text.strip(), notes=(*claim.notes, *verdict.notes)))
            if verdict.good:
                return found[-1]
    return min(found, key=lambda v: WORST.index(v.verdict))


def _translated(text: str, op: Op, names: Mapping[str, str]) -> tuple[list[str], Translation]:
    """The equations of a text in notation, and what reading them took. Raises: NotationError."""
    whole = "[" not in text and COTANGENT in tidied(text)
    if not whole and not any(sign in text for sign in ("\\", "$", "_{")):
        try:
            claimed(text, op)
        except BackproofError:
            if not looks_like_latex(text) and not _is_spaced(text, op):
                raise
        else:
            return [text], Translation(text)
    reading = to_notation(text, op, names=names)
    if " = " not in reading.text:
        raise NotationError(
            f"claim: got {reading.text} alone, expected left = right; write what it is: dE/dX = ... for a gradient,"
            f" {op.output.name} = ... for the law"
        )
    return reading.text.split("; "), reading


def _is_spaced(text: str, op: Op) -> bool:
    """Whether a text without brackets says something where letters side by side are a product, as in z = Wx + b."""
    if "[" in text or not _SIDE_BY_SIDE.search(text):
        return False
    try:
        return all(claimed(one, op) for one in to_notation(text, op).text.split("; "))
    except BackproofError:
        return False


def claimed_at(text: str, op: Op, sizes: Mapping[str, Index], bare: Unindexed) -> tuple[Claim, ...]:
    """The claims of a text at sizes, which are told as hypotheses."""
    told = tuple(f"{name}={show_index(value)}" for name, value in sizes.items())
    at = replace(with_values(op, sizes), settings=op.settings) if sizes else op
    return tuple(replace(c, assumed=(*told, *c.assumed)) for c in claimed(text, at, bare))


def claimed(text: str, op: Op, bare: Unindexed = INDEXED) -> tuple[Claim, ...]:
    """What a text may claim about an operation; one in which nothing has an index is about a size where it can be.

    Raises: NotationError, OperationError.
    """
    names = Names(op)
    said = written(text, names.tensors, names.scalars)
    if said.kind == NUMBER or (said.kind == LAW and "[" not in text and op.sizes):
        said = written(text, frozenset(), frozenset())
    if said.kind == NUMBER and said.target in LOSSES and not op.output.axes and not op.sizes:
        said = replace(written(text, names.tensors, names.scalars | {said.target}), target=op.output.name)
    return (read_number(said, op),) if said.kind == NUMBER else readings(said, op, names, bare)


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
    """The claim without other gradients than the output's on its right side."""
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
        diagnosis=", and ".join(reading.claim.lacking) or diagnosis(reading),
        right=shown(reading.claim, reading.op, reading.right),
        hypothesis=", ".join(reading.claim.assumed),
        notes=notes,
    )
