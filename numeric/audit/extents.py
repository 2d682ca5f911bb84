"""The limits of sums that a claim leaves out, from the axes that their indices run over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from operator import itemgetter

from derive.errors import OperationError
from derive.expressions.expr import Binder, Binding, Compare, Entry, Expr, val
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of, free_names, reads, walk
from derive.language.show import show
from derive.laws.law import COTANGENT
from derive.meaning.denote import World
from derive.operation import Op
from numeric.audit.small_worlds import growing

TRIED = 100
"""Sizes at which limits are compared."""


def axes_of(op: Op) -> dict[str, tuple[Binder, ...]]:
    """Every tensor of an operation, and the cotangent of each, with its axes."""
    return {name: t.axes for t in op.tensors for name in (t.name, COTANGENT + t.name)}


def closed(op: Op, e: Expr, own: Mapping[str, tuple[Binder, ...]] | None = None) -> Expr:
    """The expression with an extent for every bound index.

    An index runs over the axis that it reads by itself, forwards or backwards: the output's where it reads several, as
    what is outside of the others is 0. One that reads none by itself has the extent of the axis of its name.
    Raises: OperationError for an index that no axis limits.
    """
    axes = own or axes_of(op)
    e = e.with_parts(tuple(closed(op, p, axes) for p in e.parts)) if e.parts else e
    if not isinstance(e, Binding):
        return e
    return replace(e, binders=tuple(b if not is_open(b) else _bounded(op, b, e, axes) for b in e.binders))


def is_open(b: Binder) -> bool:
    """Whether the limit of a bound index is left out."""
    return (b.extent.name or "").startswith("?")


def overruns(op: Op, e: Expr) -> bool:
    """Whether a sum whose limit is written runs, at some sizes, beyond an axis that its index reads by itself."""
    axes = axes_of(op)
    limits = {
        (axis.extent, b.extent)
        for node in walk(e)
        for b in binders_of(node)
        if not is_open(b) and b.extent.names() <= op.symbols
        for read in reads(node.parts[0])
        for i, axis in zip(read.indices, axes[read.tensor], strict=True)
        if i == index(b.name) and axis.extent != b.extent
    }
    worlds = [World(sizes, {}) for sizes in islice(growing(op), TRIED if limits else 0)]
    return any(w.value(Compare("<", val(own), val(limit)), {}) == 1 for w in worlds for own, limit in limits)


def _bounded(op: Op, b: Binder, e: Binding, axes: Mapping[str, tuple[Binder, ...]]) -> Binder:
    found = sorted(read_extents(reads(e.body), b.name, axes), key=itemgetter(0))
    extent = found[0][1] if found else _extent_of_labels(op, e.body, b.name) or extent_by_name(op, b.name)
    if extent is None:
        raise OperationError(
            f"index {b.name} in {show(e, bounds=False)}: got no axis that {b.name} runs over by itself, expected a"
            f" limit; write sum[{b.name}<N]"
        )
    return Binder(b.name, extent)


def read_extents(
    found: Iterable[Entry], name: str, axes: Mapping[str, tuple[Binder, ...]]
) -> Iterator[tuple[int, Index]]:
    """The extents of the axes that an index reads by itself, each with its place: the output's are taken first."""
    for read in found:
        for i, axis in zip(read.indices, axes.get(read.tensor, ()), strict=False):
            if i in (index(name), axis.extent - 1 - index(name)):
                yield (0 if read.tensor.startswith(COTANGENT) else 1 if axis.name == name else 2), axis.extent


def _extent_of_labels(op: Op, body: Expr, name: str) -> Index | None:
    """The number of classes, where an index is compared with a label: that of the index which the law compares so."""
    labels = {e.tensor for n in walk(body) if isinstance(n, Compare) and name in free_names(n) for e in reads(n)}
    for n in (n for equation in op.equations for n in walk(equation.body) if isinstance(n, Compare)):
        if any(e.tensor in labels for e in reads(n)):
            own = free_names(n) - {x for e in reads(n) for i in e.indices for x in i.names()}
            return next((extent_by_name(op, x) for x in sorted(own)), None)
    return None


def extent_by_name(op: Op, name: str) -> Index | None:
    """The extent of the axis, or of the sum in the law, that has this name."""
    bound = [b for e in op.equations for node in walk(e.body) for b in binders_of(node)]
    return next((b.extent for b in (*(b for t in op.tensors for b in t.axes), *bound) if b.name == name), None)
