"""Whether some window of a maximum holds no real cell: decided on index ranges alone, before any data is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from derive.expressions.expr import Binder, Binding, Entry, Expr, Select
from derive.expressions.index import Composite, Index, index
from derive.expressions.traversal import reads
from derive.language.show import show_index
from numeric.evaluation.arithmetic import Mask, Plain
from numeric.evaluation.dense import Dense, Scope
from numeric.plans.access import boxed

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
    scope = {b.name: b for b in axes}
    if isinstance(e, Binding):
        own, _ = boxed(e.binders, {n: b.extent for n, b in scope.items()})
        scope |= {b.name: b for b in own}
    if isinstance(e, Select):
        bound = {b.name for b in e.binders}
        for group in _groups(e, scope, tensors):
            if not _every_window_has_a_cell(group, scope, bound, names):
                return " and ".join(f"0<={show_index(c.index)}<{show_index(c.extent)}" for c in group)
    found = (empty_window(part, tuple(scope.values()), names, tensors) for part in e.parts)
    return next((f for f in found if f), "")


def _groups(node: Select, scope: Mapping[str, Binder], tensors: Axes) -> list[list[_Condition]]:
    """The conditions that matter, those that share an index together."""
    groups: list[tuple[set[str], list[_Condition]]] = []
    for c in _conditions(node, tensors):
        used = set((c.index.names() | c.extent.names()) & scope.keys())
        natural = c.index.name in scope and scope[c.index.name or ""].extent == c.extent
        if natural or not used or any(isinstance(a, Entry) for a in _atoms(c.index)):
            continue
        members = [c]
        for group in [g for g in groups if g[0] & used]:
            groups.remove(group)
            used, members = group[0] | used, group[1] + members
        groups.append((used, members))
    return [members for _, members in groups]


def _conditions(node: Select, tensors: Axes) -> Iterator[_Condition]:
    """Every index of a read within its axis, every bound index below its own end."""
    for read in reads(node.body):
        for i, b in zip(read.indices, tensors[read.tensor], strict=True):
            yield _Condition(i, b.extent)
    for b in node.binders:
        yield _Condition(index(b.name), b.extent)


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
    used = {n for c in group for n in c.index.names() | c.extent.names() if n in scope}
    order = [scope[n] for n in sorted(used, key=lambda n: (n not in bound, n))]
    whole = {n: int(v) for n, v in names.items() if not isinstance(v, float)}
    dense: Dense = Dense(Plain(), whole)
    inner, sizes, _ = dense.bind(tuple(order), Scope())
    inside: Mask = np.asarray(True)
    for c in group:
        values, integral = dense.integers(c.index, inner)
        extent, _ = dense.integers(c.extent, inner)
        inside = inside & (values >= 0) & (values < extent) & (True if integral is None else integral)
    full = np.broadcast_to(inside, sizes)
    windows = tuple(k for k, b in enumerate(order) if b.name in bound)
    return bool(full.any(axis=windows).all())
