"""Why a formula is wrong: the catalogue's mistake that leads to exactly this formula, or none."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

from derive.expressions.build import mul, rebuild
from derive.expressions.expr import ONE, ZERO, Compare, Entry, Expr, Num, val
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.laws.law import COTANGENT
from numeric.audit.claim_grammar import GRADIENT, LAW, NUMBER
from numeric.audit.comparison import agree, unfolded
from numeric.audit.numbers import suspects as wrong_numbers
from numeric.audit.reading import Reading
from numeric.audit.right import over
from numeric.audit.sides import Sides
from numeric.audit.small_worlds import generic, roomy
from numeric.audit.verdict import NO_MISTAKE
from numeric.mistakes import BY_NUMBER, suspects
from numeric.mistakes.formulas import together, wrong_equations, wrong_sides
from numeric.mistakes.site import everywhere

SIGN, TWICE, HALF, DIAGONAL, DELTA = 69, 78, 109, 103, 104
FACTORS = {SIGN: Fraction(-1), TWICE: Fraction(2), HALF: Fraction(1, 2)}
"""Mistakes that any claim may have, by their numbers, and what they multiply it by."""


def diagnosis(reading: Reading) -> str:
    """The sentence of the first mistake whose formula has the claimed values wherever they were compared."""
    got = unfolded(reading.op, reading.claim.got)
    for sentence, wrong in _suspects(reading):
        suspect = unfolded(reading.op, wrong)
        if agree(reading.op, reading.axes, got, suspect) and not _differ_in_room(reading, got, suspect):
            return sentence
    return NO_MISTAKE


def _differ_in_room(reading: Reading, a: Expr, b: Expr) -> bool:
    """Whether two formulas that agree at small sizes differ at others: what is equal by chance is no diagnosis."""
    sides = Sides(reading.op, reading.axes, a, b)
    worlds = (world for sizes in roomy(reading.op) for world in islice(generic(reading.op, sizes), 1))
    return sides.reading and sides.differ(worlds) is not None


def _suspects(reading: Reading) -> Iterator[tuple[str, Expr]]:
    """Wrong formulas with what is said of them: the catalogue's, then simple changes of the right one."""
    claim, op = reading.claim, reading.op
    if claim.kind == NUMBER:
        yield from wrong_numbers(op, claim.left.tensor, reading.right)
        return
    ones = {n: index(1) for n in claim.ones}
    for sentence, wrong in _catalogued(reading):
        yield sentence, substitute(wrong, ones)
    for number, factor in FACTORS.items():
        yield BY_NUMBER[number].sentence, mul((Num(factor), reading.right))


def _catalogued(reading: Reading) -> Iterator[tuple[str, Expr]]:
    """The catalogue's mistakes in a gradient, alone and together, in an equation of the law, in a derivative."""
    claim, op, left = reading.claim, reading.op, reading.claim.left
    if claim.kind == GRADIENT and op.tensor(left.tensor).role == "input":
        yield from ((m.sentence, over(op, left, wrong)) for m, wrong in suspects(op, left.tensor))
        yield f"the factor {COTANGENT}{op.output.name} is missing", _without(COTANGENT + op.output.name, reading.right)
        for mistakes, wrong in together(op, left.tensor):
            yield ", and ".join(m.sentence for m in mistakes), over(op, left, wrong)
    elif claim.kind == LAW:
        yield from ((m.sentence, over(op, left, wrong)) for m, wrong in wrong_equations(op, left.tensor))
    else:
        yield from _in_derivatives(reading)
        yield from ((m.sentence, wrong) for m, wrong in wrong_sides(op, reading.axes, reading.right))


def _in_derivatives(reading: Reading) -> Iterator[tuple[str, Expr]]:
    """Mistakes in dO[i]/dX[j]: about the [i==j] in it."""
    claim, right = reading.claim, reading.right
    if claim.wrt is None:
        return
    places = [(i, j) for i, j in zip(claim.left.indices[::-1], claim.wrt.indices[::-1], strict=False) if i != j]
    deltas = {Compare("==", val(a), val(b)) for i, j in places for a, b in ((i, j), (j, i))}
    same = {j.name: i for i, j in places if j.name}
    diagonal = substitute(right, same)
    yield BY_NUMBER[DIAGONAL].sentence, mul((*(Compare("==", val(i), val(j)) for i, j in places), diagonal))
    yield BY_NUMBER[DIAGONAL].sentence, diagonal
    yield BY_NUMBER[DELTA].sentence, everywhere(right, lambda e: ONE if e in deltas else e)
    no_diagonal = everywhere(right, lambda e: ZERO if e in deltas else e)
    yield "the diagonal was forgotten: this holds where i != j alone", no_diagonal
    exchanged = {a.name: b for i, j in places for a, b in ((i, j), (j, i)) if a.name}
    yield "the two indices were exchanged: this is dO[j]/dX[i]", substitute(right, exchanged)


def _without(tensor: str, e: Expr) -> Expr:
    """The expression with 1 for every entry of a tensor."""
    if isinstance(e, Entry) and e.tensor == tensor:
        return ONE
    return rebuild(e, tuple(_without(tensor, p) for p in e.parts)) if e.parts else e
