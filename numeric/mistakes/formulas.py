"""The wrong gradients that mistakes lead to, made from the derived one: what diagnoses are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from derive.catalogue import RECIPES, variants
from derive.errors import BackproofError
from derive.expressions.expr import Expr
from derive.language.notation import Equation, parse_index
from derive.operation import Op, Value, with_values
from derive.sweep import gradient
from numeric.mistakes import activation_rules, general_rules, index_rules, loss_rules, pooling_rules, structure_rules
from numeric.mistakes.catalogue import BY_NUMBER, Mistake
from numeric.mistakes.site import Rule, Site

RULES: dict[int, Rule] = dict(
    sorted(
        (
            activation_rules.RULES
            | general_rules.RULES
            | index_rules.RULES
            | loss_rules.RULES
            | pooling_rules.RULES
            | structure_rules.RULES
        ).items()
    )
)
"""What each mistake does to a gradient, by number; the others do not show in a formula."""


def wrong_formulas(op: Op, wrt: str) -> Iterator[tuple[Mistake, Expr]]:
    """The gradient with respect to `wrt` with each mistake in it: formulas over the axes of the derived one.

    Each formula once, under the first mistake that leads to it; none is written as the derived one is, but one may
    still be equal to it. Raises: NotDerived, OperationError for a tensor that the law does not have.
    """
    site, put_in = _site(op, wrt)
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
    names = tuple(b.name for b in found.axes)

    def put_in(e: Expr) -> Expr:
        return with_values(replace(law, equations=(Equation("G", names, e),), stable=()), values).equations[0].body

    return Site(law, found.wrt, found.axes, found.formula), put_in if values else lambda e: e


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
