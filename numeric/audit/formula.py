"""A claim judged: as it stands, under torch's defaults, under a convention; else refuted, diagnosed and put right."""

from __future__ import annotations

from dataclasses import replace

from derive.catalogue import op as operation
from derive.catalogue.recipe import Setting
from derive.expressions.build import mul
from derive.expressions.expr import Entry
from derive.expressions.traversal import reads
from derive.laws.law import COTANGENT
from numeric.audit.claims import GRADIENT, NUMBER, Claim, read
from numeric.audit.comparison import BRANCHES
from numeric.audit.diagnosis import diagnosis
from numeric.audit.numbers import judge_number
from numeric.audit.reading import Reading, by_convention, by_default, general, left_out, weakest
from numeric.audit.right import shown
from numeric.audit.verdict import REFUTED, Verdict

LOSS = "E=O"
"""What a claim about a loss says where it leaves out that its own gradient dE/dO is 1."""


def check_formula(text: str, law: str, **settings: Setting) -> Verdict:
    """The verdict on one claim about an operation, such as `dE/dX[c] = sum[k] dE/dO[k]*W[k,c]` about linear.

    Arguments that are neither set nor written take torch's defaults where the claim needs them, which is then told.
    Raises: NotationError, OperationError for what cannot be read, NotDerived.
    """
    claim = read(text, operation(law, **settings))
    verdict = judge_number(claim) if claim.kind == NUMBER else judge(claim)
    return replace(verdict, claim=text.strip(), notes=(*claim.notes, *verdict.notes))


def judge(claim: Claim) -> Verdict:
    """Verified as weakly as it can be; else refuted as torch's defaults have it, with diagnosis and right formula."""
    claim = _of_the_loss_itself(claim)
    plain = general(claim)
    first = plain.verdict()
    if first.verdict != REFUTED:
        return _told(plain, first)
    weaker = weakest(claim)
    if weaker is not None:
        return _told(weaker, weaker.verdict(), first)
    reading = by_default(claim, left_out(claim)) if left_out(claim) else plain
    last = reading.verdict() if reading is not plain else first
    if last.layer == BRANCHES:
        for other in (*by_convention(plain), *by_convention(reading)):
            found = other.verdict()
            if found.verdict != REFUTED:
                return _told(other, found, first)
    return _refuted(reading, last)


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
