"""Sums and maxima over indices: one expression at many points, each worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, TypeVar

from derive.errors import MeaningError
from derive.expressions.expr import GUARDS, Binder, Contract, Div, Entry, Expr, Mul, Num, Pow, Select, Val, Winner
from derive.expressions.traversal import entries, free_names, own_indices, reads
from derive.meaning.exact import Dual, Number, Residue, primal
from derive.meaning.integers import Point, Value

if TYPE_CHECKING:
    from derive.meaning.denote import World

Place = tuple[int, ...]
Holds = Callable[[Point], bool]
Loop = Callable[[Point, list[range], Number], Number]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a point gives, and the tensor whose entries move, if one does."""

    bound: frozenset[str]
    along: str = ""

    def inside(self, binders: tuple[Binder, ...]) -> Scope:
        """The scope of a body under binders."""
        return replace(self, bound=self.bound.union(b.name for b in binders))


def once_a_point(value: Callable[[Point], T], e: Expr, scope: Scope) -> Callable[[Point], T]:
    """The same function, worked out once for all points that agree on the names that are free in `e`."""
    names = sorted(free_names(e) & scope.bound)
    known: dict[Place, T] = {}

    def once(at: Point) -> T:
        here = tuple([at[n] for n in names])
        if here not in known:
            known[here] = value(at)
        return known[here]

    return once


def steady(value: Value, e: Expr, scope: Scope) -> Value:
    """The same function, worked out once where it does not depend on every index in force: no loop repeats it."""
    return once_a_point(value, e, scope) if scope.bound - free_names(e) else value


# -- sums --------------------------------------------------------------------------------------------------------------


def guards_of(e: Expr) -> Iterator[Expr]:
    """The guards that annihilate an expression: among the factors of a product or above the line of a quotient."""
    if isinstance(e, GUARDS):
        yield e
    elif isinstance(e, Mul):
        for f in e.items:
            yield from guards_of(f)
    elif isinstance(e, Div) or (isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value > 0):
        yield from guards_of(e.left)


def contract(world: World, e: Contract, scope: Scope) -> Value:
    """One loop a binder; a guard of the body is asked as soon as its indices are known."""
    inner = scope.inside(e.binders)
    body = world.read(e.body, inner)
    extents = [world.extent(b.extent, scope.bound) for b in e.binders]
    loop: Loop = lambda at, ranges, total: total + body(at)  # noqa: E731
    for depth in range(len(e.binders) - 1, -1, -1):
        loop = _loop(e.binders[depth].name, depth, _decided(world, e, depth, inner), loop)

    def value(at: Point) -> Number:
        return loop(dict(at), [range(n(at)) for n in extents], 0)

    return value


def _loop(name: str, depth: int, guards: list[Value], body: Loop) -> Loop:
    def loop(at: Point, ranges: list[range], total: Number) -> Number:
        for k in ranges[depth]:
            at[name] = k
            for guard in guards:
                if not guard(at):
                    break
            else:
                total = body(at, ranges, total)
        return total

    return loop


def _decided(world: World, e: Contract, depth: int, scope: Scope) -> list[Value]:
    """The guards of a sum's body that are decided by its index of that depth, and have a value whatever it is."""
    names = [b.name for b in e.binders]
    found = []
    for guard in guards_of(e.body):
        used = free_names(guard)
        last = max((k for k, n in enumerate(names) if n in used), default=0)
        if last == depth and all(isinstance(p, Val | Num) for p in guard.parts):
            known = all(n in scope.bound or n in world.names for n in used)
            if known and all(r.tensor in world.arrays for r in reads(guard)):
                found.append(world.read(guard, scope))
    return found


# -- maxima ------------------------------------------------------------------------------------------------------------


def best_of(world: World, e: Select | Winner, scope: Scope) -> Callable[[Point], tuple[Number, Place]]:
    """The maximum and the first tuple that attains it; raises MeaningError where every tuple reads outside."""
    inner = scope.inside(e.binders)
    body, inside = world.read(e.body, inner), _all_inside(world, e.body, inner)
    names = [b.name for b in e.binders]
    extents = [world.extent(b.extent, scope.bound) for b in e.binders]

    def search(at: Point) -> tuple[Number, Place]:
        found: tuple[Number, Place] | None = None
        here = dict(at)
        for place in product(*(range(n(at)) for n in extents)):
            here.update(zip(names, place, strict=True))
            if all(f(here) for f in inside):
                candidate = body(here)
                if found is None or less(found[0], candidate):
                    found = (candidate, place)
        if found is None:
            raise MeaningError("max: got a window without a single cell inside its tensor, expected at least one;"
                               " use less padding or a larger input")  # fmt: skip
        return found

    return once_a_point(search, Contract(e.binders, e.body), scope)


def _all_inside(world: World, e: Expr, scope: Scope) -> list[Holds]:
    """What holds where every read of an expression is in range; those of a maximum inside it are its own matter."""
    found: list[Holds] = []
    if isinstance(e, Entry):
        place = world.place(e, scope.bound)
        found.append(lambda at: place(at) is not None)
    if isinstance(e, Select | Winner):
        return found
    for i in own_indices(e):
        for r in entries(i):
            found += _all_inside(world, r, scope)
    if isinstance(e, Contract):
        body = _all_inside(world, e.body, scope.inside(e.binders))
        if body:
            found.append(lambda at: all(f(inner) for inner in world.tuples(e.binders, at) for f in body))
        return found
    for part in e.parts:
        found += _all_inside(world, part, scope)
    return found


def less(a: Number, b: Number) -> bool:
    x, y = primal(a), primal(b)
    if isinstance(x, Residue) or isinstance(y, Residue):
        raise MeaningError("a comparison: got values of the prime field, which have no order, expected numbers;"
                           " compare before exp or log")  # fmt: skip
    assert not isinstance(x, Dual)
    assert not isinstance(y, Dual)
    return bool(x < y)
