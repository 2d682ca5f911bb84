"""An operation at given sizes: a number for every symbol, so that entries can be counted and written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Index, index
from derive.meaning.denote import World
from derive.operation import Op

COTANGENT = "dE/d"  # `dE/dO` is one name
Shape = tuple[int, ...]
Place = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """Numbers for all symbols of `op`; the optional tensors in `absent` are left out."""

    op: Op
    names: Mapping[str, int]
    absent: frozenset[str] = frozenset()

    def axes(self, tensor: str) -> tuple[Binder, ...]:
        """The axes of a tensor of the law, or of its cotangent."""
        return self.op.tensor(tensor.removeprefix(COTANGENT)).axes

    def extent(self, extent: Index) -> int:
        """The number that an extent is."""
        return World(self.names, {}).size(extent, {})

    def shape(self, tensor: str) -> Shape:
        """The shape of a tensor in the law."""
        return tuple(self.extent(b.extent) for b in self.axes(tensor))

    def places(self, tensor: str) -> Iterator[Place]:
        """Every place of a tensor, row-major."""
        return product(*map(range, self.shape(tensor)))

    def entry(self, tensor: str, place: Place) -> Entry:
        """The entry at a place."""
        return Entry(tensor, tuple(index(k) for k in place))

    def point(self, tensor: str, place: Place) -> dict[str, int]:
        """The place by the names of the axes."""
        return {b.name: k for b, k in zip(self.axes(tensor), place, strict=True)}
