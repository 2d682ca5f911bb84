"""The indices that a writer leaves out of a claim's tensors: those of one sample, or of every channel of a sample.

One sample: a tensor with fewer indices than axes lacks its leading ones, whose extents are 1 where no entry has them.
Every channel: an index counts samples, and the axes behind are those of the left side: `dE/db = sum[i] dE/dO[i]` of
vectors is `dE/db[k] = sum[i] dE/dO[i,k]`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from derive.errors import OperationError
from derive.expressions.expr import Binder, Binding, Entry, Expr
from derive.expressions.index import ZERO, Index, index
from derive.expressions.substitution import fresh
from derive.expressions.traversal import free_names, reads, walk
from derive.language.show import show
from derive.meaning.denote import World
from derive.operation import Op
from numeric.audit.extents import axes_of, extent_by_name, is_open
from numeric.audit.names import SAMPLES


class Omitted(Protocol):
    """A reading of the indices that are left out."""

    def ones(self, op: Op, e: Entry) -> Iterator[str]:
        """The extents that are 1 by it. Raises: OperationError."""
        ...

    def full(self, op: Op, e: Entry) -> Entry:
        """The entry with all its indices. Raises: OperationError."""
        ...


@dataclass(frozen=True, slots=True)
class OneSample:
    """Leading axes are left out: one sample, one channel."""

    def ones(self, op: Op, e: Entry) -> Iterator[str]:
        axes = axes_of(op)[e.tensor]
        _refuse_more(op, e)
        for b in axes[: len(axes) - len(e.indices)]:
            if b.extent.name is None and b.extent.constant != 1:
                raise OperationError(f"tensor {e.tensor}: got {show(e)} without its axis {b.name}, expected it; write"
                                     f" {e.tensor}[{','.join(a.name for a in axes)}]")  # fmt: skip
            yield from [b.extent.name] if b.extent.name else []

    def full(self, op: Op, e: Entry) -> Entry:
        return Entry(e.tensor, (ZERO,) * (len(axes_of(op)[e.tensor]) - len(e.indices)) + e.indices)


@dataclass(frozen=True, slots=True)
class EveryChannel:
    """The axes behind that of samples are left out: they run along with the left side's, whose indices are `known`.

    What every sample shares, such as a weight, is not of sample i though `samples`, the left side's, index it.
    """

    known: Mapping[str, Index] = field(default_factory=dict)
    samples: frozenset[Index] = frozenset()

    @classmethod
    def of(cls, op: Op, left: Entry, taken: Collection[str]) -> EveryChannel:
        """The reading of a claim whose left side is this entry; `taken` are the names that it uses."""
        axes = axes_of(op)[left.tensor]
        own = {b.name: i for b, i in zip(axes, left.indices, strict=False)}
        behind = {b.name: index(fresh(b.name, set(taken))) for b in axes}
        return cls(behind | own, frozenset(i for n, i in own.items() if n in SAMPLES))

    def ones(self, op: Op, e: Entry) -> Iterator[str]:
        yield from ()

    def full(self, op: Op, e: Entry) -> Entry:
        _refuse_more(op, e)
        axes = axes_of(op)[e.tensor]
        if self.samples & set(e.indices) and not any(b.name in SAMPLES for b in axes):
            e = Entry(e.tensor, ())
        given, missing = axes[: len(e.indices)], axes[len(e.indices) :]
        whole = all(b.name in SAMPLES for b in given) and all(b.name in self.known for b in missing)
        if missing and not whole:
            raise OperationError(f"tensor {e.tensor}: got {show(e)}, expected all its axes; write"
                                 f" {e.tensor}[{','.join(a.name for a in axes)}]")  # fmt: skip
        return Entry(e.tensor, (*e.indices, *(self.known[b.name] for b in missing)))


def missing(op: Op, e: Entry) -> tuple[str, ...]:
    """The axes for which an entry has no index, those behind."""
    return tuple(b.name for b in axes_of(op)[e.tensor][len(e.indices) :])


# -- what is left out of one entry and not of all ----------------------------------------------------------------------


def written_extents(op: Op, parts: Iterable[Entry], right: Expr) -> dict[str, str]:
    """The extents of axes that a claim writes, each with its index there: they are not 1 though an entry lacks them.

    An axis is written by an entry that has it, at another place than the first, or by a sum over it. One of space is
    never left out: the law reads it at i + p, not at i.
    """
    found = {b.extent.name: b.name for b in _spatial(op)}
    for node in walk(right):
        idle = [b for b in node.binders if b.name not in free_names(node.body)] if isinstance(node, Binding) else []
        extents = {b.name: extent_by_name(op, b.name) if is_open(b) else b.extent for b in idle}
        found |= {extent.name: name for name, extent in extents.items() if extent is not None}
    for e in parts:
        axes = axes_of(op)[e.tensor]
        own = zip(axes[len(axes) - len(e.indices) :], e.indices, strict=False)
        found |= {b.extent.name: i.name or b.name for b, i in own if i != ZERO}
    return {extent: name for extent, name in found.items() if extent is not None}


def _spatial(op: Op) -> Iterator[Binder]:
    """The axes that the law reads at i + p, and those of i and of p."""
    law = [(Entry(e.target, tuple(map(index, e.names))), *reads(e.body)) for e in op.equations]
    read = [(i, b) for found in law for e in found for i, b in zip(e.indices, axes_of(op)[e.tensor], strict=True)]
    added = {
        n for i, _ in read if i.name is None for atom in i.atoms() if not isinstance(atom, Entry) for n in i.names()
    }
    yield from (b for i, b in read if added & i.names())


def lacking(op: Op, parts: Iterable[Entry], written: Mapping[str, str]) -> Iterator[str]:
    """What is said of each entry without an index that the claim writes elsewhere."""
    for e in dict.fromkeys(parts):
        axes = axes_of(op)[e.tensor]
        absent = [b for b in axes[: len(axes) - len(e.indices)] if b.extent.name in written]
        if absent:
            noun = "indices" if len(absent) > 1 else "sample index" if absent[0].name in SAMPLES else "index"
            yield f"{e.tensor} lacks the {noun} {', '.join(written[b.extent.name or ''] for b in absent)}"


def _refuse_more(op: Op, e: Entry) -> None:
    axes = axes_of(op)[e.tensor]
    if len(e.indices) > len(axes):
        expected = f"{e.tensor}[{','.join(b.name for b in axes)}]" if axes else f"{e.tensor} without indices"
        raise OperationError(f"tensor {e.tensor}: got {len(e.indices)} indices in {show(e)}, expected {expected};"
                             " write it with the law's axes")  # fmt: skip


def unmet(op: Op) -> Expr | None:
    """A requirement that the numbers in it break, whatever the sizes."""
    chosen = (g for g in op.require if not free_names(g) and not any(True for _ in reads(g)))
    return next((g for g in chosen if World({}, {}).value(g, {}) != 1), None)
