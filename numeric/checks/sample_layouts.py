"""How a sample's tensors lie: the batch left out, places of several axes, the class axis anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.random import Generator

from derive.meaning.denote import World
from derive.operation import Op
from numeric.calling.binding import LEADING, Shape
from numeric.calling.layouts import Arrangement, Shared, arrangement

UNBATCHED = 1 / 6
"""How often an axis that may be left out is."""


def alone(op: Op, random: Generator) -> str:
    """The symbol of the axis that is left out of a sample, or "" where none is."""
    optional = [t.removesuffix("?") for t in op.layout.axes.split() if t.endswith("?")] or [op.layout.batch]
    if random.random() >= UNBATCHED:
        return ""
    return next((b.extent.name or "" for t in op.inputs for b in t.axes if b.name == optional[0]), "")


def arranged(op: Op, names: Mapping[str, Any], left_out: bool, random: Generator) -> tuple[Arrangement, Shared]:
    """An operation's layout with axes in number and order drawn at random, for these sizes."""
    world = World(names, {})
    extents = {b.name: world.size(b.extent, {}) for t in reversed(op.inputs) for b in t.axes}
    layout = op.layout
    leading: Shape = () if layout.dim is not None else factors(extents.get(LEADING, 1), random)
    star: Shape = ()
    if layout.star and not left_out:
        cells = extents[layout.star]
        own = any(t.removesuffix("?") == layout.star for t in layout.axes.split())
        star = factors(_part(cells, random) if own else cells, random)
    if layout.shape and not star:
        star = (1,)
    settings: dict[str, Any] = {layout.shape: star} if layout.shape else {}
    if layout.dim is not None:
        settings["dim"] = int(random.integers(-len(star) - 1, len(star) + 1))
    return arrangement(op, settings), Shared(star, leading, left_out)


def _part(n: int, random: Generator) -> int:
    """A divisor of n, 1 in half of the cases."""
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    return 1 if random.random() < 0.5 else int(random.choice(divisors))


def factors(n: int, random: Generator) -> Shape:
    """n as a product: one axis, two axes, or for 1 sometimes none."""
    if n == 1:
        return () if random.random() < 0.5 else (1,)
    divisors = [d for d in range(2, n) if n % d == 0]
    if not divisors or random.random() < 0.5:
        return (n,)
    d = int(random.choice(divisors))
    return (d, n // d)
