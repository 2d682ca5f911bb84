"""Two formulas side by side in small worlds: where they differ, their values there, and which summands differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import Any

from derive.errors import MeaningError
from derive.expressions.build import rebuild
from derive.expressions.expr import ONE, ZERO, Add, Binder, Compare, Contract, Expr, InRange, Num, Val
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, reads
from derive.language.show import show
from derive.laws.law import COTANGENT
from derive.meaning.denote import World
from derive.meaning.exact import Number, Residue
from derive.meaning.integers import Array, Point
from derive.meaning.worlds import in_reals
from derive.operation import Op
from numeric.audit.canonical import canonical
from numeric.audit.small_worlds import least_sizes
from numeric.audit.verdict import Witness

MOST_SUMMANDS, SHOWN = 200, 6
"""Summands evaluated, and shown of one side."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two formulas differ: a world, an entry, both values; `got` is None where there is none."""

    world: World
    point: Point
    got: Number | None
    expected: Number


@dataclass(frozen=True, slots=True)
class Sides:
    """What is claimed, and what it is compared with, over the free indices `axes`."""

    op: Op
    axes: tuple[Binder, ...]
    got: Expr
    expected: Expr

    @property
    def reading(self) -> bool:
        """Whether a tensor is read at all."""
        return any(True for e in (self.got, self.expected) for _ in reads(e))

    @property
    def symbols(self) -> frozenset[str]:
        """The sizes that the two depend on."""
        own = free_names(self.got) | free_names(self.expected)
        for name, size in reversed(self.op.sizes):  # what is large enough for a window moves with it
            own |= size.names() if own & {name, *size.names()} else frozenset()
        return own

    def differ(self, worlds: Iterable[World]) -> Difference | None:
        """The first entry at which they differ; entries at which `expected` has no value are left out."""
        for world in worlds:
            exact, reals = _pair(self, world), _pair(self, in_reals(world, self.op))
            for point in world.tuples(self.axes, {}):
                found = _values(exact, reals, point)
                if found is not None and found[0] != found[1]:
                    return Difference(world, point, *found)
        return None

    def witness(self, d: Difference) -> Witness:
        """The difference for a reader, with the data and the summands that one side has and the other has not."""
        told = (self.got, self.expected) if self.reading else (ZERO, ZERO)
        got, expected = (list(_summands(e, d.world, d.point)) for e in told)
        sizes = {n: v for n, v in d.world.names.items() if isinstance(v, int)}
        least = least_sizes(self.op)
        return Witness(
            {n: sizes[n] for n in _in_order(self.op, sizes)},
            d.point,
            d.got,
            d.expected,
            {name: _nested(d.world.arrays[name]) for name in _read(self.op, (self.got, self.expected))},
            _without(got, expected),
            _without(expected, got),
            frozenset(n for n, value in sizes.items() if value == least.get(n, 1)),
        )


def _pair(sides: Sides, world: World) -> tuple[Any, Any]:
    """Both sides as functions of an entry."""
    names = {b.name for b in sides.axes}
    return cache(lambda: world.meaning(sides.got, names)), cache(lambda: world.meaning(sides.expected, names))


def _values(exact: Any, reals: Any, point: Point) -> tuple[Number | None, Number] | None:
    """Both values at an entry, in exact numbers if they have such; None where `expected` has no value.

    The prime field's logarithms and roots know no laws: what differs there counts only where it differs in reals.
    """
    expected, got = _value(exact[1], point), _value(exact[0], point)
    certain = got == expected or not (isinstance(got, Residue) or isinstance(expected, Residue))
    if expected is not None and got is not None and certain:
        return got, expected
    real = _value(reals[1], point)
    if real is None:
        return None if expected is None or got is not None else (got, expected)
    return _value(reals[0], point), real


def _value(side: Any, point: Point) -> Number | None:
    try:
        return side()(point)
    except MeaningError:
        return None


def _in_order(op: Op, sizes: Iterable[str]) -> list[str]:
    """The symbols of an operation as its tensors name them, then its parameters."""
    extents = [n for t in op.tensors for b in t.axes for n in sorted(b.extent.names())]
    order = dict.fromkeys([*extents, *(p.name for p in op.parameters), *sorted(sizes)])
    return [n for n in order if n in sizes]


def _read(op: Op, sides: Iterable[Expr]) -> list[str]:
    """The inputs and cotangents that the two sides read, through intermediates too."""
    left: list[Expr] = list(sides)
    found: set[str] = set()
    while left:
        for name in {r.tensor for r in reads(left.pop())} - found:
            found.add(name)
            equation = op.equation(name)
            left += [equation.body] if equation else []
    order = [*(t.name for t in op.inputs), *(COTANGENT + t.name for t in op.tensors)]
    return [n for n in order if n in found]


def _nested(array: Array) -> Any:
    """An array as lists in lists; a scalar as a number."""
    values: list[Any] = list(array.values)
    for n in reversed(array.shape[1:]):
        values = [values[k : k + n] for k in range(0, len(values), n)]
    return values if array.shape else values[0]


# -- summands ----------------------------------------------------------------------------------------------------------


def _summands(e: Expr, world: World, point: Point) -> Iterator[Expr]:
    """The terms that are not 0, with numbers for indices and sizes."""
    terms = list(islice(_terms(e, world, point), MOST_SUMMANDS + 1))
    sizes = {n: v for n, v in world.names.items() if isinstance(v, int)}
    for term, at in terms if len(terms) <= MOST_SUMMANDS else ():
        try:
            if world.value(term, at) != 0:
                yield substitute(term, {n: index(k) for n, k in (sizes | at).items()})
        except MeaningError:
            return


def _terms(e: Expr, world: World, point: Point) -> Iterator[tuple[Expr, Point]]:
    if isinstance(e, Contract):
        for inner in world.tuples(e.binders, point):
            yield from _terms(e.body, world, inner)
    elif isinstance(e, Add):
        for item in e.items:
            yield from _terms(item, world, point)
    else:
        yield e, point


def _without(terms: list[Expr], others: list[Expr]) -> tuple[str, ...]:
    """The summands that the other side has not, each as often as it is missing there."""
    left = Counter(map(canonical, others))
    found = []
    for term in terms:
        left[canonical(term)] -= 1
        if left[canonical(term)] < 0:
            found.append(show(_settled(term)))
    return tuple(found[:SHOWN])


def _settled(e: Expr) -> Expr:
    """A term without the guards that its numbers have settled."""
    parts = tuple(_settled(p) for p in e.parts)
    e = e if parts == e.parts else rebuild(e, parts)
    match e:
        case Compare("==", a, b) if _number(a) is not None and _number(b) is not None:
            return ONE if _number(a) == _number(b) else ZERO
        case InRange(i, n) if i.constant is not None and n.constant is not None:
            return ONE if 0 <= i.constant < n.constant and i.constant.denominator == 1 else ZERO
    return e


def _number(e: Expr) -> Fraction | int | None:
    return e.value if isinstance(e, Num) else e.index.constant if isinstance(e, Val) else None
