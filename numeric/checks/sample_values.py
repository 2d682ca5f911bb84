"""Numbers that expose mistakes: zeros and ties, saturated ones, labels up to both ends, other layouts in memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from derive.expressions.expr import Entry, Val
from derive.expressions.index import Index
from derive.expressions.traversal import reads, walk
from derive.meaning.denote import World
from derive.operation import Op, Tensor
from numeric.calling.arguments import ignored_label, label_extent

SATURATED = 800.0
"""exp(800) overflows every float: a kernel that survives it is stable."""


def numbers(style: str, shape: tuple[int, ...], largest: int, multiple: int, random: Generator) -> NDArray:
    """Numbers with zeros and ties among them, every one a float32."""
    few = random.integers(-2, 3, shape)
    planted = random.random(shape) < 1 / 3
    if style in ("integer", "natural"):
        drawn = np.where(planted, few, random.integers(-largest, largest + 1, shape)).astype(np.float64)
        return (drawn if style == "integer" else np.abs(drawn) + 1) * multiple
    values = np.asarray(random.standard_normal(shape))
    if style == "wide":
        values = values * 10.0 ** random.integers(-4, 5, shape)
    if style == "saturated":
        values = np.where(random.random(shape) < 1 / 4, SATURATED * random.choice((-1, 1), shape), values * 10)
    if style == "positive":
        values = np.abs(values) + 0.5
    elif random.random() < 0.7:
        values = np.where(planted, few / 2, values)
    return values.astype(np.float32).astype(np.float64)


def laid_out(array: NDArray, random: Generator) -> NDArray:
    """The array, in one case of four with its axes stored in reverse: kernels must not count on the layout."""
    return np.array(array, order="F") if random.random() < 1 / 4 else array


def labels(op: Op, t: Tensor, names: Mapping[str, int], shape: tuple[int, ...], random: Generator) -> NDArray:
    """Labels up to both ends; where the law leaves one out, a third of them that one."""
    drawn = random.integers(0, labels_below(op, t, names), shape)
    ignored = ignored_label(op, t)
    if ignored is None:
        return drawn
    return np.where(random.random(shape) < 1 / 3, World(names, {}).size(ignored, {}), drawn)


def labels_below(op: Op, t: Tensor, names: Mapping[str, int]) -> int:
    """How many labels there are: the extent of the index a label is compared with, or of the axis that it reads."""
    extent = label_extent(op, t)
    read = [e for q in op.equations for n in walk(q.body) if isinstance(n, Entry) for e in _read_by(op, n, t.name)]
    extents = read if extent is None else [extent, *read]
    return min((World(names, {}).size(e, {}) for e in extents), default=2)


def _read_by(op: Op, entry: Entry, name: str) -> list[Index]:
    """The extents of the axes that an entry reads at labels."""
    axes = op.tensor(entry.tensor).axes
    return [b.extent for i, b in zip(entry.indices, axes, strict=True) if name in {r.tensor for r in reads(Val(i))}]
