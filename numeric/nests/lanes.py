"""Puts an axis into lanes: its loop runs over vectors, sums over it end with a sum of lanes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.expressions.expr import Binder, Contract, Entry, Expr
from derive.expressions.index import index
from derive.expressions.traversal import reads
from numeric.nests.across import AcrossLanes
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register


def lane_names(e: Expr, registers: Mapping[str, Register], axis: Mapping[str, int]) -> set[str]:
    return {r.indices[axis[r.tensor]].name or "?" for r in reads(e) if registers[r.tensor].lanes}


def vectorised(nest: Nest, registers: Mapping[str, Register], axis: Mapping[str, int], width: int) -> Nest:
    """The nest over vectors: extents of the axis in lanes count vectors. Raises: ValueError where it has no one axis."""
    own = set()
    for o in nest.outputs:
        own |= lane_names(o.body, registers, axis)
        if registers[o.target.tensor].lanes:
            own.add(o.target.indices[axis[o.target.tensor]].name or "?")
    if "?" in own:
        raise ValueError("lanes")

    def blocks(b: Binder) -> Binder:
        return Binder(b.name, index(-(-(b.extent.constant or 0) // width)))

    def inside(e: Expr, own: set[str]) -> Expr:
        if isinstance(e, Contract) and any(b.name in own for b in e.binders):
            body = inside(e.body, own)
            return AcrossLanes((), Contract(tuple(blocks(b) if b.name in own else b for b in e.binders), body))
        return e.with_parts(tuple(inside(p, own) for p in e.parts))

    axes = tuple(blocks(b) if b.name in own else b for b in nest.axes)
    return Nest(nest.name, axes, tuple(replace(o, body=inside(o.body, own)) for o in nest.outputs))
