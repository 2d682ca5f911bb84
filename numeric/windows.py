"""Whether some window of a maximum holds no real cell: decided on index ranges alone, before any data is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from derive.expr import Binder, Entry, Expr, Select
from derive.index import Composite, Index
from derive.show import show_index
from derive.traversal import reads, walk
from numeric.arithmetic import Mask, Plain
from numeric.dense import Dense, Scope

Names = Mapping[str, int | float | Fraction]
Axes = Mapping[str, tuple[Binder, ...]]


@dataclass(frozen=True, slots=True)
class _Condition:
    """A read's index must lie in 0 <= index < extent."""

    index: Index
    extent: Index


def empty_window(e: Expr, axes: Sequence[Binder], names: Names, tensors: Axes) -> str:
    """What a window without a cell reads, or "" where every maximum in `e` has a candidate at every point of `axes`.

    Conditions that share no index are independent, so each group is decided over its own indices only.
    """
    for node in walk(e):
        if isinstance(node, Select):
            scope = {b.name: b for b in (*axes, *node.binders)}
            bound = {b.name for b in node.binders}
            for group in _groups(node, scope, tensors):
                if not _every_window_has_a_cell(group, scope, bound, names):
                    return " and ".join(f"0<={show_index(c.index)}<{show_index(c.extent)}" for c in group)
    return ""


def _groups(node: Select, scope: Mapping[str, Binder], tensors: Axes) -> list[list[_Condition]]:
    groups: list[tuple[set[str], list[_Condition]]] = []
    for read in reads(node.body):
        for i, b in zip(read.indices, tensors[read.tensor], strict=True):
            known = not any(isinstance(a, Entry) for a in _atoms(i)) and i.names() & scope.keys()
            natural = i.name in scope and scope[i.name or ""].extent == b.extent
            if not known or natural:
                continue
            used, members = set(known), [_Condition(i, b.extent)]
            for group in [g for g in groups if g[0] & used]:
                groups.remove(group)
                used, members = group[0] | used, group[1] + members
            groups.append((used, members))
    return [members for _, members in groups]


def _atoms(i: Index) -> list[object]:
    found: list[object] = []
    for atom in i.atoms():
        found.append(atom)
        if isinstance(atom, Composite):
            found += _atoms(atom.dividend) + _atoms(atom.divisor)
    return found


def _every_window_has_a_cell(
    group: list[_Condition], scope: Mapping[str, Binder], bound: set[str], names: Names
) -> bool:
    used = {n for c in group for n in c.index.names() if n in scope}
    order = [scope[n] for n in sorted(used, key=lambda n: (n not in bound, n))]
    whole = {n: int(v) for n, v in names.items() if not isinstance(v, float)}
    dense: Dense = Dense(Plain(), whole)
    inner, sizes, _ = dense.bind(tuple(order), Scope())
    inside: Mask = np.asarray(True)
    for c in group:
        values, integral = dense.integers(c.index, inner)
        extent, _ = dense.integers(c.extent, Scope())
        inside = inside & (values >= 0) & (values < extent) & (True if integral is None else integral)
    full = np.broadcast_to(inside, sizes)
    windows = tuple(k for k, b in enumerate(order) if b.name in bound)
    return bool(full.any(axis=windows).all())
