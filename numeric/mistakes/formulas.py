"""The wrong gradients that mistakes lead to, made from the derived one: what diagnoses are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, islice

from derive.catalogue import RECIPES, variants
from derive.errors import BackproofError
from derive.expressions.expr import Binder, Expr
from derive.language.notation import Equation, parse_index
from derive.operation import Op, Value, with_values
from derive.sweep import gradient
from numeric.mistakes import activation_rules, general_rules, index_rules, loss_rules, pooling_rules, structure_rules
from numeric.mistakes.catalogue import BY_NUMBER, GENERAL, Mistake
from numeric.mistakes.site import Rule, Site

_ALL = (
    activation_rules.RULES
    | general_rules.RULES
    | index_rules.RULES
    | loss_rules.RULES
    | pooling_rules.RULES
    | structure_rules.RULES
)
_LATER = (5, 12, 73)
"""What another mistake may explain more simply: a padding of 1 left out, a factor 1-s left out."""
RULES: dict[int, Rule] = {
    n: _ALL[n] for n in sorted(_ALL, key=lambda n: (BY_NUMBER[n].family == GENERAL, n in _LATER, n))
}
"""What each mistake does to a gradient, by number, general ones last; the others do not show in a formula."""

TOGETHER = (1, 3, 4, 7, 54, 56, 62, 68, 103, 69, 71)
"""Mistakes of which two or three are often made together, and how many ways of each are tried."""
WAYS = 2


def wrong_formulas(op: Op, wrt: str) -> Iterator[tuple[Mistake, Expr]]:
    """The gradient with respect to `wrt` with each mistake in it: formulas over the axes of the derived one.

    Each formula once, under the first mistake that leads to it; none is written as the derived one is, but one may
    still be equal to it. Raises: NotDerived, OperationError for a tensor that the law does not have.
    """
    yield from _each(*_site(op, wrt))


def wrong_equations(op: Op, target: str) -> Iterator[tuple[Mistake, Expr]]:
    """The right-hand side of one of the law's equations with each mistake in it, over the axes of its tensor."""
    law, values = _opened(op)
    equation, axes = law.equation(target), law.tensor(target).axes
    if equation is not None:
        site = Site(law, law.inputs[0], axes, equation.body)
        yield from _each(site, _putting(law, values, equation.names))


def wrong_sides(op: Op, axes: tuple[Binder, ...], right: Expr) -> Iterator[tuple[Mistake, Expr]]:
    """Any formula over an operation's tensors with each mistake in it."""
    yield from _each(Site(op, op.inputs[0], axes, right), lambda e: e)


def together(op: Op, wrt: str) -> Iterator[tuple[tuple[Mistake, ...], Expr]]:
    """The gradient with two mistakes in it, then with three. Raises: as `wrong_formulas`."""
    site, put_in = _site(op, wrt)
    seen = {put_in(site.right)}
    for numbers in (c for many in (1, 2, 3) for c in combinations(TOGETHER, many)):
        for wrong in _after(site, numbers):
            found = put_in(wrong)
            if found not in seen:
                seen.add(found)
                if len(numbers) > 1:
                    yield tuple(BY_NUMBER[n] for n in numbers), found


def _after(site: Site, numbers: tuple[int, ...]) -> Iterator[Expr]:
    """The formula after these mistakes, each in its first ways; none where one of them changes nothing."""
    if not numbers:
        yield site.right
        return
    for wrong in islice(RULES[numbers[0]](site), WAYS):
        if wrong != site.right:
            yield from _after(replace(site, right=wrong), numbers[1:])


def _each(site: Site, put_in: Callable[[Expr], Expr]) -> Iterator[tuple[Mistake, Expr]]:
    seen = {put_in(site.right)}
    for number, rule in RULES.items():
        for wrong in rule(site):
            found = put_in(wrong)
            if found not in seen:
                seen.add(found)
                yield BY_NUMBER[number], found


def suspects(op: Op, wrt: str) -> Iterator[tuple[Mistake, Expr]]:
    """`wrong_formulas` until one cannot be made: a diagnosis that is not found is no fault of an audit."""
    try:
        yield from wrong_formulas(op, wrt)
    except BackproofError:
        return


def _site(op: Op, wrt: str) -> tuple[Site, Callable[[Expr], Expr]]:
    """The gradient with all numbers left open, so that stride and padding can be told apart, and what puts them in."""
    law, values = _opened(op)
    found = gradient(law, wrt)
    return Site(law, found.wrt, found.axes, found.formula), _putting(law, values, tuple(b.name for b in found.axes))


def _putting(law: Op, values: dict[str, Value], names: tuple[str, ...]) -> Callable[[Expr], Expr]:
    """What puts numbers for a law's symbols into a formula over the indices `names`."""

    def put_in(e: Expr) -> Expr:
        return with_values(replace(law, equations=(Equation("G", names, e),), stable=()), values).equations[0].body

    return put_in if values else lambda e: e


def _opened(op: Op) -> tuple[Op, dict[str, Value]]:
    """A catalogue operation with symbols for its numbers, and the numbers; another law as it is."""
    for law in variants(op.name) if op.name in RECIPES else ():
        known = {p.name: p for p in law.parameters}
        given = op.settings[len(law.settings) :]
        if op.settings[: len(law.settings)] != law.settings or any(n not in known for n, _ in given):
            continue
        values: dict[str, Value] = {n: Fraction(v) if known[n].real else parse_index(v) for n, v in given}
        if with_values(law, values).equations == op.equations:
            return replace(law, hypotheses=op.hypotheses and law.hypotheses), values
    return op, {}
