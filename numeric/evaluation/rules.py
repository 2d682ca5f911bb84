"""What each node of an expression is, evaluated densely: one rule a node, in any arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from derive.errors import MeaningError
from derive.expressions.expr import (
    GUARDS,
    Add,
    Cases,
    Compare,
    Contract,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.expressions.index import Composite, Index
from derive.language.show import show
from numeric.evaluation.arithmetic import Mask, Truth, leading
from numeric.evaluation.grid import Scope, holds

if TYPE_CHECKING:
    from numeric.evaluation.dense import Dense

V = TypeVar("V")


def _entry(world: Dense[V], e: Entry, scope: Scope) -> V:
    if e.tensor in world.labels:
        return world.arithmetic.integer(world.label(e, scope))
    if e.tensor not in world.tensors:
        raise MeaningError(f"tensor {e.tensor}: got no values, expected an array; give it one")
    flat, inside = world.place(e, world.shapes[e.tensor], scope)
    return world.arithmetic.take(world.tensors[e.tensor], flat, inside)


def _val(world: Dense[V], e: Val, scope: Scope) -> V:
    if world.is_index(e):
        values, integral = world.integers(e.index, scope)
        if integral is not None:
            message = "got a quotient that leaves a rest, expected an integer; add a guard"
            world.refuse(~integral, f"{show(e)}: {message}")
        return world.arithmetic.integer(values)
    terms = []
    for monomial, c in e.index.terms:
        factors = [world.arithmetic.number(Fraction(c))] if c != 1 or not monomial else []
        terms.append(world.arithmetic.multiply(factors + [_atom(world, a, scope) for a in monomial]))
    return world.arithmetic.add(terms)


def _atom(world: Dense[V], atom: str | Composite | Entry, scope: Scope) -> V:
    if isinstance(atom, Entry):
        return world.value(atom, scope)
    if isinstance(atom, str) and atom in world.reals:
        return world.reals[atom]
    return world.value(Val(Index((((atom,), 1),))), scope)


def _guards_above(e: Expr) -> list[Expr]:
    """The guards among the factors of a product, and above the line of a quotient: false ones annihilate it all."""
    if isinstance(e, GUARDS):
        return [e]
    if isinstance(e, Pow):
        return _guards_above(e.left) if isinstance(e.right, Num) and e.right.value > 0 else []
    above = e.items if isinstance(e, Mul) else (e.left,) if isinstance(e, Div) else ()
    return [g for f in above for g in _guards_above(f)]


def _quotient(world: Dense[V], e: Div, scope: Scope) -> V:
    guards, true = world.guards(_guards_above(e.left), scope)
    left, right = world.value(e.left, scope), world.part(e.right, scope, true)
    found = world.arithmetic.divide(left, right)
    for g in guards:
        found = world.arithmetic.choose(g, found, world.arithmetic.number(Fraction(0)))
    return found


def _product(world: Dense[V], e: Mul, scope: Scope) -> V:
    rest = [f for f in e.items if not isinstance(f, GUARDS)]
    above = _guards_above(e)
    if not above:
        return world.arithmetic.multiply([world.value(f, scope) for f in rest])
    guards, true = world.guards(above, scope)
    factors = [world.part(f, scope, true) for f in rest]
    found = world.arithmetic.multiply(factors)
    for g in guards:
        found = world.arithmetic.choose(g, found, world.arithmetic.number(Fraction(0)))
    return found


def _guard(world: Dense[V], e: Expr, scope: Scope) -> V:
    number = world.arithmetic.number
    return world.arithmetic.choose(world.truth(e, scope), number(Fraction(1)), number(Fraction(0)))


def _cases(world: Dense[V], e: Cases, scope: Scope) -> V:
    truth = world.truth(e.condition, scope)
    then = world.part(e.then, scope, truth.holds)
    other = world.part(e.other, scope, ~truth.holds)
    return world.arithmetic.choose(truth, then, other)


def _contract(world: Dense[V], e: Contract, scope: Scope) -> V:
    inner, sizes, ragged = world.bind(e.binders, scope)
    terms = world.terms(e.body, inner, ragged, scope.depth)
    if ragged is not None:
        terms = world.arithmetic.choose(Truth(ragged), terms, world.arithmetic.number(Fraction(0)))
    return world.arithmetic.total(terms, sizes, scope.depth)


def _candidates(world: Dense[V], e: Select | Winner, scope: Scope) -> tuple[V, Mask, tuple[int, ...]]:
    inner, sizes, ragged = world.bind(e.binders, scope)
    found, inside = world.noting(e.body, inner)
    return found, inside if ragged is None else inside & ragged, sizes


def _select(world: Dense[V], e: Select, scope: Scope) -> V:
    found, inside, sizes = _candidates(world, e, scope)
    empty = np.asarray(~leading(inside, sizes, scope.depth).any(axis=0))
    world.refuse(empty, "max: got a window without a single cell inside its tensor, expected at least one; use less"
                        " padding or a larger input")  # fmt: skip
    return world.arithmetic.best(found, inside, sizes, scope.depth)


def _winner(world: Dense[V], e: Winner, scope: Scope) -> V:
    found, inside, sizes = _candidates(world, e, scope)
    position, valid = np.asarray(0, np.int64), np.asarray(True)
    for i, size in zip(e.at, sizes, strict=True):
        k, integral = world.integers(i, scope)
        valid = valid & holds((k >= 0) & (k < size), integral)
        position = position * size + k
    # a window without a cell has no winner; where that is reached, a guard of its product is false
    valid = valid & leading(inside, sizes, scope.depth).any(axis=0)
    return world.arithmetic.wins(found, inside, sizes, scope.depth, np.where(valid, position, -1))


def _extreme(op: str) -> Callable[[Dense[Any], Any, Scope], Any]:
    # where the two meet, max takes its right side and min its left: the convention of derive.meaning.denote
    def rule(world: Dense[V], e: Maximum | Minimum, scope: Scope) -> V:
        left, right = world.value(e.left, scope), world.value(e.right, scope)
        larger, smaller = (right, left) if op == "max" else (left, right)
        return world.arithmetic.choose(world.arithmetic.compare("<=", left, right), larger, smaller)

    return rule


RULES: dict[type, Callable[[Dense[Any], Any, Scope], Any]] = {
    Num: lambda w, e, s: w.arithmetic.number(e.value),
    Val: _val,
    Entry: _entry,
    Add: lambda w, e, s: w.arithmetic.add([w.value(t, s) for t in e.items]),
    Mul: _product,
    Div: _quotient,
    Pow: lambda w, e, s: w.arithmetic.power(w.value(e.left, s), w.value(e.right, s)),
    Fn: lambda w, e, s: w.arithmetic.function(e.name, w.value(e.arg, s)),
    Maximum: _extreme("max"),
    Minimum: _extreme("min"),
    Compare: _guard,
    InRange: _guard,
    Divides: _guard,
    Cases: _cases,
    Contract: _contract,
    Select: _select,
    Winner: _winner,
}
