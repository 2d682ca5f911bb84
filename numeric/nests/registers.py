"""Where a tensor lies in memory, as a nest sees it: an offset for its indices, in entries."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from derive.expressions.index import Index, index
from numeric.nests.statements import Kind


@dataclass(frozen=True, slots=True)
class Register:
    """An array: `extents` that guards refer to, `steps` from entry to entry along each axis.

    One with `lanes` is read a vector at a time: the index of one axis, `lane_axis`, counts vectors.
    """

    name: str
    extents: tuple[Index, ...]
    steps: tuple[Index, ...]
    kind: Kind = "real"
    lanes: bool = False

    def offset(self, indices: tuple[Index, ...]) -> Index:
        """The place of an entry."""
        return sum((i * s for i, s in zip(indices, self.steps, strict=True)), index(0))


def row_major(name: str, extents: tuple[Index, ...], kind: Kind = "real") -> Register:
    """The ordinary layout: the last axis is contiguous."""
    steps = tuple(prod(extents[k + 1 :], start=index(1)) for k in range(len(extents)))
    return Register(name, extents, steps, kind)


def in_lanes(name: str, extents: tuple[Index, ...], axis: int, width: int, kind: Kind = "real") -> Register:
    """Blocks of `width` entries along one axis; inside a block all other axes, then the entries of the block.

    `X[n, c, h, w]` with the lanes along n lies as [n // width, c, h, w, n % width]; its extent along n counts blocks.
    """
    others = [e for k, e in enumerate(extents) if k != axis]
    steps = [prod(others[k + 1 :], start=index(width)) for k in range(len(others))]
    steps.insert(axis, prod(others, start=index(width)))
    blocks = tuple(_blocks(e, width) if k == axis else e for k, e in enumerate(extents))
    return Register(name, blocks, tuple(steps), kind, lanes=True)


def _blocks(extent: Index, width: int) -> Index:
    assert extent.constant is not None, "lanes are laid out for numbers"
    return index(-(-extent.constant // width))


def rows_in_lanes(name: str, extents: tuple[Index, ...], width: int, kind: Kind = "real") -> Register:
    """Row-major with the lanes along the last axis, which is filled up to whole vectors."""
    count = _blocks(extents[-1], width)
    whole = (*extents[:-1], width * count)
    steps = [prod(whole[k + 1 :], start=index(1)) for k in range(len(extents))]
    return Register(name, (*extents[:-1], count), (*steps[:-1], index(width)), kind, lanes=True)
