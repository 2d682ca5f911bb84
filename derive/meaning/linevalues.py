"""Every line of a derivation keeps its value: evaluated in small worlds when it is first built."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache

from derive.errors import MeaningError, NotDerived
from derive.expressions.expr import ONE, Binder, Compare, Expr
from derive.meaning.denote import World
from derive.meaning.exact import Number
from derive.meaning.integers import Point
from derive.meaning.worlds import in_reals, worlds
from derive.operation import Op

ALL, SOME = 16, 5


def sampled(axes: tuple[Binder, ...], world: World, every: bool = False) -> list[Point]:
    """Entries of a result at which lines are compared: the corners and some between, or all of them."""
    points = list(world.tuples(axes, {}))
    if every or len(points) <= ALL:
        return points
    return [points[(len(points) - 1) * k // (SOME - 1)] for k in range(SOME)]


@lru_cache(maxsize=1024)
def check_lines(
    op: Op, axes: tuple[Binder, ...], lines: tuple[Expr, ...], title: str, every: bool = False, reals: bool = False
) -> int:
    """Compare every line with the first at sampled entries of the result, or at every one; returns how many agreed.

    Exactly, in integers, fractions and the prime field; in real numbers of 100 digits where those have no order or no
    logarithm, or where `reals` asks for it. Entries at which the first line has no value (0/0) are left out.
    Raises: NotDerived with the first line that differs, the sizes, the index and both values.
    """
    agreed = sum(_compare(op, world, axes, lines, title, every, reals) for world in worlds(op))
    if not agreed and len(lines) > 1:
        raise NotDerived(f"{title}: got no entry at which its lines have values, expected some; change the law")
    return agreed


def _compare(
    op: Op, world: World, axes: tuple[Binder, ...], lines: tuple[Expr, ...], title: str, every: bool, reals: bool
) -> int:
    agreed = 0
    exact_lines, real_lines = _Lines(world, axes, lines), _Lines(in_reals(world, op), axes, lines)
    for point in sampled(axes, world, every):
        exact = None if reals else exact_lines.value(0, point)
        for number in range(1, len(lines)):
            want, got = exact, None if exact is None else exact_lines.value(number, point)
            if got is None:
                want, got = real_lines.value(0, point), real_lines.value(number, point)
            if want is None and exact is None:
                break  # the law itself has no value here
            if got is None or want is None or got != want:
                sizes = ", ".join(f"{n}={v}" for n, v in sorted(world.names.items()))
                where = ", ".join(f"{n}={v}" for n, v in point.items()) or "the one entry"
                first = exact if want is None else want
                found = "without a value" if got is None else got
                raise NotDerived(f"{title}: line {number} is {found} where line 0 is {first}, at {where} with {sizes}")
            agreed += 1
    return agreed


class _Lines:
    """The lines in one world, each read when it is first asked for."""

    def __init__(self, world: World, axes: tuple[Binder, ...], lines: tuple[Expr, ...]) -> None:
        names = {b.name for b in axes}
        self._meaning = cache(lambda number: world.meaning(lines[number], names))

    def value(self, number: int, point: Point) -> Number | None:
        """A line's value at an entry; None where it has none."""
        try:
            return self._meaning(number)(point)
        except MeaningError:
            return None


def assuming(op: Op) -> Op:
    """The operation with its hypotheses as requirements, for lines that use them."""
    return replace(op, require=(*op.require, *(Compare("==", h, ONE) for h in op.hypotheses)))
