"""Evaluates an expression at every point of its free indices at once, in an arithmetic of the caller's choice.

The meaning is that of `derive.meaning.denote`; a test compares the two.

    arithmetic   a value is
    Plain        a float64 array: the meaning itself
    rounding     a value with a bound of its rounding error; a value with its tangent
    oracle       a torch tensor, for autograd
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.expressions.expr import (
    GUARDS,
    Add,
    Binder,
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
from derive.language.notation import Equation
from derive.language.show import show
from derive.meaning.denote import World
from derive.operation import Op
from numeric.evaluation.arithmetic import COMPARE, Arithmetic, Integers, Mask, Truth, leading
from numeric.evaluation.grid import Grid, Scope, both, holds

V = TypeVar("V")
T = TypeVar("T")


@dataclass(slots=True)
class Dense(Grid, Generic[V]):
    """Numbers for everything free: sizes and parameters, tensors with their shapes, integer tensors, real scalars."""

    arithmetic: Arithmetic[V]
    names: Mapping[str, int]
    tensors: dict[str, V] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    labels: Mapping[str, Integers] = field(default_factory=dict)
    reals: Mapping[str, V] = field(default_factory=dict)
    _reads: list[Mask] | None = None
    _reached: Mask | None = None

    def tensor(self, axes: Sequence[Binder], body: Expr) -> tuple[V, tuple[int, ...]]:
        """The values of `body` at every point of `axes`, perhaps only broadcastable to the shape, and the shape."""
        scope, sizes, _ = self.bind(tuple(axes), Scope())
        with np.errstate(all="ignore"):  # what is undefined is carried along as NaN
            return self.value(body, scope), sizes

    def read(self, name: str, values: V, shape: tuple[int, ...]) -> None:
        """Add a tensor by its values, row-major."""
        self.tensors[name], self.shapes[name] = values, shape

    def define(self, name: str, axes: Sequence[Binder], body: Expr) -> None:
        """Add the tensor given by an equation, so that later expressions can read it."""
        value, sizes = self.tensor(axes, body)
        self.read(name, self.arithmetic.spread(value, sizes), sizes)

    def value(self, e: Expr, scope: Scope) -> V:
        """The value of an expression at every point of its scope."""
        return _RULES[type(e)](self, e, scope)

    # -- reads inside a maximum ----------------------------------------------------------------------------------------

    def noting(self, e: Expr, scope: Scope) -> tuple[V, Mask]:
        """A value, and where every read of it is in range."""
        outer, self._reads = self._reads, []
        try:
            found = self.value(e, scope)
            inside = np.asarray(True)
            for mask in self._reads:
                inside = inside & mask
        finally:
            self._reads = outer
        return found, inside

    def part(self, e: Expr, scope: Scope, where: Mask | None) -> V:
        """A value that matters only where a condition holds (None: everywhere): elsewhere it need not be defined."""
        return self._within(where, partial(self.value, e, scope))

    def guards(self, guards: Sequence[Expr], scope: Scope) -> tuple[list[Truth], Mask]:
        """Where each guard of a product holds, and where all do; one matters only where those before it hold."""
        found: list[Truth] = []
        true = np.asarray(True)
        for guard in guards:
            truth = self._within(true, partial(self.truth, guard, scope))
            found.append(truth)
            true = true & truth.holds
        return found, true

    def _within(self, where: Mask | None, evaluate: Callable[[], T]) -> T:
        reached = self._reached
        self._reached = both(reached, where)
        try:
            return evaluate()
        finally:
            self._reached = reached

    def refuse(self, undefined: Mask, message: str) -> None:
        """Raises: MeaningError where something undefined is reached."""
        if (undefined if self._reached is None else undefined & self._reached).any():
            raise MeaningError(message)

    def truth(self, e: Expr, scope: Scope) -> Truth:
        """Where a guard holds."""
        if isinstance(e, InRange):
            (k, integral), (extent, whole) = self.integers(e.index, scope), self.integers(e.extent, scope)
            return Truth(holds((k >= 0) & (k < extent), both(integral, whole)))
        if isinstance(e, Divides):
            (a, whole_a), (b, whole_b) = self.integers(e.dividend, scope), self.integers(e.divisor, scope)
            return Truth(holds((b != 0) & (a % np.where(b == 0, 1, b) == 0), both(whole_a, whole_b)))
        assert isinstance(e, Compare)
        if self._is_index(e.left) and self._is_index(e.right):
            (a, whole_a), (b, whole_b) = (self._index_of(s, scope) for s in (e.left, e.right))
            return Truth(holds(COMPARE[e.op](a, b), both(whole_a, whole_b)))
        return self.arithmetic.compare(e.op, self.value(e.left, scope), self.value(e.right, scope))

    def _is_index(self, e: Expr) -> bool:
        if isinstance(e, Num):
            return e.value.denominator == 1
        return isinstance(e, Val) and not self.reals.keys() & e.index.names() and all(
            not isinstance(a, Entry) or a.tensor in self.labels for a in e.index.atoms()
        )  # fmt: skip

    def _index_of(self, e: Expr, scope: Scope) -> tuple[Integers, Mask | None]:
        if isinstance(e, Num):
            return np.asarray(int(e.value), np.int64), None
        assert isinstance(e, Val)
        return self.integers(e.index, scope)


# -- one rule a node ---------------------------------------------------------------------------------------------------


def _entry(world: Dense[V], e: Entry, scope: Scope) -> V:
    if e.tensor in world.labels:
        return world.arithmetic.integer(world.label(e, scope))
    if e.tensor not in world.tensors:
        raise MeaningError(f"tensor {e.tensor}: got no values, expected an array; give it one")
    flat, inside = world.place(e, world.shapes[e.tensor], scope)
    return world.arithmetic.take(world.tensors[e.tensor], flat, inside)


def _val(world: Dense[V], e: Val, scope: Scope) -> V:
    if world._is_index(e):
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
    reads, world._reads = world._reads, None if world._reads is None else []
    try:
        terms = world.part(e.body, inner, ragged)
        if reads is not None and world._reads is not None:
            # a sum is in range where all of its terms are
            terms_in = world._reads if ragged is None else [m | ~ragged for m in world._reads]
            reads += [np.asarray(m.all(axis=tuple(range(max(m.ndim - scope.depth, 0))))) for m in terms_in]
    finally:
        world._reads = reads
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


_RULES: dict[type, Callable[[Dense[Any], Any, Scope], Any]] = {
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


# -- an operation's tensors --------------------------------------------------------------------------------------------


def world_of(
    op: Op,
    arithmetic: Arithmetic[V],
    names: Mapping[str, int],
    arrays: Mapping[str, NDArray | None],
    values: Mapping[str, V] | None = None,
) -> Dense[V]:
    """Every tensor of an operation: inputs by argument, then what its equations define, in their overflow-safe form.

    An optional input that is None counts as full of its number; `values` gives inputs by the law's letters that are no
    plain data.
    """
    reals = {p.name: arithmetic.number(Fraction(names[p.name])) for p in op.parameters if p.real}
    world = Dense(arithmetic, {n: k for n, k in names.items() if n not in reals}, labels={}, reals=reals)
    for t in op.inputs:
        array, shape = arrays[t.argument], shape_of(t.axes, names)
        if array is not None and t.integer:
            world.labels = {**world.labels, t.name: np.asarray(array, np.int64).reshape(shape)}
        elif values is not None and t.name in values:
            world.read(t.name, values[t.name], shape)
        else:
            world.read(
                t.name,
                arithmetic.data(np.full(shape, float(t.absent)) if array is None else array.reshape(shape)),
                shape,
            )
    for e in op.stable or op.equations:
        world.define(e.target, axes_of(op, e), e.body)
    return world


def axes_of(op: Op, e: Equation) -> tuple[Binder, ...]:
    """The axes of an equation's target; one of the overflow-safe form alone shares extents by its indices' names."""
    known = next((t.axes for t in op.tensors if t.name == e.target), None)
    if known is not None:
        return known
    extents = {b.name: b.extent for t in reversed(op.tensors) for b in t.axes}
    return tuple(Binder(n, extents[n]) for n in e.names)


def shape_of(axes: Sequence[Binder], names: Mapping[str, int]) -> tuple[int, ...]:
    """The extents of axes. Raises: MeaningError where one is no integer."""
    world = World(names, {})
    return tuple(world.size(b.extent, {}) for b in axes)


__all__ = ["Dense", "Scope", "axes_of", "shape_of", "world_of"]
