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
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.expressions.expr import Binder, Compare, Divides, Entry, Expr, InRange, Num, Val
from derive.language.notation import Equation
from derive.meaning.denote import World
from derive.operation import Op
from numeric.evaluation.arithmetic import COMPARE, Arithmetic, Integers, Mask, Truth
from numeric.evaluation.grid import Grid, Scope, both, holds
from numeric.evaluation.rules import RULES

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
        return RULES[type(e)](self, e, scope)

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

    def terms(self, e: Expr, inner: Scope, ragged: Mask | None, depth: int) -> V:
        """The terms of a sum: its reads are in range where those of all its terms are."""
        reads, self._reads = self._reads, None if self._reads is None else []
        try:
            found = self.part(e, inner, ragged)
            if reads is not None and self._reads is not None:
                terms_in = self._reads if ragged is None else [m | ~ragged for m in self._reads]
                reads += [np.asarray(m.all(axis=tuple(range(max(m.ndim - depth, 0))))) for m in terms_in]
        finally:
            self._reads = reads
        return found

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
        if self.is_index(e.left) and self.is_index(e.right):
            (a, whole_a), (b, whole_b) = (self._index_of(s, scope) for s in (e.left, e.right))
            return Truth(holds(COMPARE[e.op](a, b), both(whole_a, whole_b)))
        return self.arithmetic.compare(e.op, self.value(e.left, scope), self.value(e.right, scope))

    def is_index(self, e: Expr) -> bool:
        """Whether an expression is an integer that indices, sizes and labels make."""
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
