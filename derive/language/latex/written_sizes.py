"""What matrices that are written out entry by entry say of an operation's sizes: X of 3 by 3, dE/dO of 2 by 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from derive.expressions.expr import Entry
from derive.expressions.index import Index, index
from derive.language.latex.arrays import spatial_axes
from derive.language.latex.names import COTANGENT
from derive.operation import Op

_MOST = 64  # the largest extent that is tried for a size that is no linear function of it


def told_by_terms(op: Op, entries: Iterable[Entry]) -> dict[str, int]:
    """The sizes of tensors whose entries are all written one by one: dE/dO_11, dE/dO_12, dE/dO_21, dE/dO_22.

    An axis of which one place alone is written tells nothing, and so does a tensor that a window slides over.
    """
    places: dict[str, set[tuple[int | None, ...]]] = {}
    for e in entries:
        places.setdefault(e.tensor, set()).add(tuple(i.constant for i in e.indices))
    found: dict[str, int] = {}
    for t in op.tensors:
        for written in (places.get(name, set()) for name in (t.name, COTANGENT + t.name)):
            if (t.argument == "input" and spatial_axes(op, t.name)) or len({len(p) for p in written}) != 1:
                continue
            used = [sorted({-1 if k is None else k for k in axis}) for axis in zip(*written, strict=True)]
            if len(t.axes) < len(used) or set(product(*used)) != written:
                continue
            for b, axis in zip(t.axes[len(t.axes) - len(used) :], used, strict=True):
                if b.extent.name is not None and len(axis) > 1 and axis == list(range(len(axis))):
                    found[b.extent.name] = max(len(axis), found.get(b.extent.name, 0))
    return found


def solved(op: Op, sizes: Mapping[str, int]) -> dict[str, Index]:
    """The sizes that the operation does not compute, such that those that it computes are as written.

    Arguments without a value are torch's defaults: of an output with I = 2, H is K_h + 1. Where the windows could
    leave a rest, they leave none. What the sizes leave open, or contradict, stays as it is.
    """
    computed = dict(op.sizes)
    found = {n: index(v) for n, v in sizes.items() if n not in computed}
    defaults = {p.name: index(p.default) for p in op.parameters if isinstance(p.default, int | str)}
    for name in (n for n in computed if n in sizes):
        size = computed[name].substitute(defaults).substitute(found)
        unknown = next((n for n in _extents(op) if n in size.names()), None)
        value = _inverted(size, unknown, sizes[name]) if unknown is not None else None
        if unknown is not None and value is not None:
            found[unknown] = value
    return found


def _extents(op: Op) -> dict[str, None]:
    """The names that are extents of the inputs, in their order."""
    return {b.extent.name: None for t in op.inputs for b in t.axes if b.extent.name is not None}


def _inverted(size: Index, name: str, value: int) -> Index | None:
    """What a name must be for a size to have a value; None where that is not known."""
    halves = size.split(name)
    if halves is not None and halves[0].constant in (1, -1):
        return (index(value) - halves[1]) * int(halves[0].constant)
    at = ((k, size.substitute({name: index(k)}).constant) for k in range(1, _MOST + 1))
    return next((index(k) for k, there in at if there == value), None) if size.names() == {name} else None
