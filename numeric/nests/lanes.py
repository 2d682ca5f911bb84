"""Puts an axis into lanes: its loop runs over vectors, sums over it end with a sum of lanes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from derive.expressions.expr import Binder, Contract, Expr
from derive.expressions.index import index
from derive.expressions.traversal import reads
from numeric.nests.across import AcrossLanes
from numeric.nests.nest import Nest
from numeric.nests.registers import Register


def lane_names(e: Expr, registers: Mapping[str, Register], axis: Mapping[str, int]) -> set[str]:
    """The names that index the axis in lanes of whatever is read; `?` stands for an index that is no bare name."""
    return {r.indices[axis[r.tensor]].name or "?" for r in reads(e) if registers[r.tensor].lanes}


def vectorised(nest: Nest, registers: Mapping[str, Register], axis: Mapping[str, int], width: int) -> Nest:
    """The nest over vectors of `width` entries: extents of the names in lanes count vectors.

    `axis` says which axis of a tensor is in lanes. Raises: ValueError where a tensor in lanes is read elsewhere than at
    a bare name: that entry's neighbours are not the neighbours of the lanes.
    """
    own = set[str]()
    for o in nest.outputs:
        own |= lane_names(o.body, registers, axis)
        if registers[o.target.tensor].lanes:
            own.add(o.target.indices[axis[o.target.tensor]].name or "?")
    if "?" in own:
        raise ValueError(f"{nest.name}: got a read between lanes, expected the axis in lanes at a bare name")
    axes = tuple(_blocks(b, width) if b.name in own else b for b in nest.axes)
    return Nest(nest.name, axes, tuple(replace(o, body=_across(o.body, own, width)) for o in nest.outputs))


def _blocks(b: Binder, width: int) -> Binder:
    assert b.extent.constant is not None, "lanes are laid out for numbers"
    return Binder(b.name, index(-(-b.extent.constant // width)))


def _across(e: Expr, own: Collection[str], width: int) -> Expr:
    """The expression in which each sum over a name in lanes runs over vectors, and then over their lanes."""
    e = e.with_parts(tuple(_across(p, own, width) for p in e.parts))
    if isinstance(e, Contract) and any(b.name in own for b in e.binders):
        return AcrossLanes((), replace(e, binders=tuple(_blocks(b, width) if b.name in own else b for b in e.binders)))
    return e
