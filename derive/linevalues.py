"""Every line of a derivation keeps its value: evaluated in small worlds when it is first built."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from derive.denote import World
from derive.digits import real
from derive.errors import MeaningError, NotDerived
from derive.expr import ONE, Binder, Compare, Expr
from derive.integers import Array, Point
from derive.operation import Op
from derive.worlds import worlds

ENTRIES = 3


def sampled(axes: tuple[Binder, ...], world: World, every: bool = False) -> list[Point]:
    """Entries of a result at which lines are compared: the corners and one between, or all of them."""
    points = list(world.tuples(axes, {}))
    if every or len(points) <= ENTRIES:
        return points
    return [points[0], points[len(points) // 2], points[-1]]


@lru_cache(maxsize=1024)
def check_lines(
    op: Op, axes: tuple[Binder, ...], lines: tuple[Expr, ...], title: str, every: bool = False, reals: bool = False
) -> int:
    """Compare every line with the first at sampled entries of the result, or at every one; returns how many agreed.

    Exactly, in integers, fractions and the prime field; in real numbers of 50 digits where those have no order or no
    logarithm, or where `reals` asks for it.
    Raises: NotDerived with the first line that differs, the sizes, the index and both values.
    """
    if reals:
        return sum(_compare(_in_reals(world, op), axes, lines, title, every) for world in worlds(op))
    try:
        return sum(_compare(world, axes, lines, title, every) for world in worlds(op))
    except MeaningError:
        return check_lines(op, axes, lines, title, every, reals=True)


def _compare(world: World, axes: tuple[Binder, ...], lines: tuple[Expr, ...], title: str, every: bool) -> int:
    points = sampled(axes, world, every)
    for point in points:
        want = world.value(lines[0], point)
        for number, line in enumerate(lines[1:], 1):
            got = world.value(line, point)
            if got != want:
                sizes = ", ".join(f"{n}={v}" for n, v in sorted(world.names.items()))
                where = ", ".join(f"{n}={v}" for n, v in point.items())
                raise NotDerived(f"{title}: line {number} is {got} where line 0 is {want}, at {where} with {sizes}")
    return len(points) * (len(lines) - 1)


def _in_reals(world: World, op: Op) -> World:
    """The same world with real numbers in its arrays; labels stay integers."""
    labels = {t.name for t in op.tensors if t.integer}
    arrays = {n: a if n in labels else Array(a.shape, tuple(map(real, a.values))) for n, a in world.arrays.items()}
    return replace(world, arrays=arrays, _memo={})


def assuming(op: Op) -> Op:
    """The operation with its hypotheses as requirements, for lines that use them."""
    return replace(op, require=(*op.require, *(Compare("==", h, ONE) for h in op.hypotheses)))
