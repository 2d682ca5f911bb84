"""Why a formula is wrong: the catalogue's mistake that leads to exactly this formula, or none."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from derive.expressions.build import mul, rebuild
from derive.expressions.expr import ONE, Entry, Expr, Num
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.laws.law import COTANGENT
from numeric.audit.claim_grammar import GRADIENT, NUMBER
from numeric.audit.comparison import agree, unfolded
from numeric.audit.numbers import suspects as wrong_numbers
from numeric.audit.reading import Reading
from numeric.audit.right import over
from numeric.audit.verdict import NO_MISTAKE
from numeric.mistakes import suspects

FACTORS = {
    Fraction(-1): "the sign is wrong",
    Fraction(1, 2): "a factor 2 is missing",
    Fraction(2): "a factor 2 is too many",
}


def diagnosis(reading: Reading) -> str:
    """The sentence of the first mistake whose formula has the claimed values wherever they were compared."""
    got = unfolded(reading.op, reading.claim.got)
    for sentence, wrong in _suspects(reading):
        if agree(reading.op, reading.axes, got, unfolded(reading.op, wrong)):
            return sentence
    return NO_MISTAKE


def _suspects(reading: Reading) -> Iterator[tuple[str, Expr]]:
    """Wrong formulas with what is said of them: the catalogue's, then simple changes of the right one."""
    claim, op = reading.claim, reading.op
    if claim.kind == GRADIENT and op.tensor(claim.left.tensor).role == "input":
        ones = {n: index(1) for n in claim.ones}
        for mistake, wrong in suspects(op, claim.left.tensor):
            yield mistake.sentence, substitute(over(op, claim.left, wrong), ones)
        yield f"the factor {COTANGENT}{op.output.name} is missing", _without(COTANGENT + op.output.name, reading.right)
    if claim.kind == NUMBER:
        yield from wrong_numbers(op, claim.left.tensor, reading.right)
        return
    for factor, sentence in FACTORS.items():
        yield sentence, mul((Num(factor), reading.right))


def _without(tensor: str, e: Expr) -> Expr:
    """The expression with 1 for every entry of a tensor."""
    if isinstance(e, Entry) and e.tensor == tensor:
        return ONE
    return rebuild(e, tuple(_without(tensor, p) for p in e.parts)) if e.parts else e
