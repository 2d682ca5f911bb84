"""Loads and stores of a kernel's plan: every index without a guard stays inside the array that is read or written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from math import prod
from typing import Any

from derive.expressions.expr import Binder, Compare, Entry, Expr, InRange, val
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads
from derive.language.show import show, show_index
from derive.operation import Op
from numeric.plans.plan import (
    Axes,
    Gather,
    Instruction,
    Matmul,
    Merge,
    Pad,
    Plan,
    Scatter,
    Split,
    View,
)
from numeric.proof.implication import implied
from numeric.proof.obligation import LOAD, STORE, Obligation


@dataclass(frozen=True, slots=True)
class Registers:
    """The arrays of a plan with their axes."""

    op: Op
    axes: dict[str, Axes]

    def inside(self, read: Entry) -> Iterator[InRange]:
        """That a read is in range."""
        for i, axis in zip(read.indices, self.axes[read.tensor], strict=True):
            yield InRange(i, axis.extent)


def accesses(op: Op, plan: Plan, tensor: str) -> Iterator[Obligation]:
    """The obligations of the instructions that lead to the output and to the gradient by a tensor."""
    axes = dict(plan.inputs) | {i.target: i.axes for i in plan.instructions}
    registers = Registers(op, axes)
    results = tuple(register for name, register in plan.results if name in (op.output.name, tensor))
    for i in plan.needed(results):
        for kind, said, indices, then in _RULES.get(type(i), _reads)(registers, i):
            wanted = tuple(dict.fromkeys(g for g in then if not _plain(g, indices)))
            if wanted:
                yield Obligation(kind, f"{i.target}: {said}", implied(op, indices, (), wanted))


Asked = tuple[str, str, Axes, Sequence[Expr]]


def _plain(g: Expr, indices: Axes) -> bool:
    """Whether a guard says what the ranges of the loop say."""
    return isinstance(g, InRange) and any(g == InRange(index(b.name), b.extent) for b in indices)


def _view(registers: Registers, i: View) -> Iterator[Asked]:
    read = Entry(i.source, i.indices)
    yield LOAD, f"load {show(read)} is inside {i.source}", i.axes, list(registers.inside(read))


def _pad(registers: Registers, i: Pad) -> Iterator[Asked]:
    """No side is negative, and the array is as large as the source and its sides."""
    sides = [Compare("<=", val(0), val(s)) for s in (*i.before, *i.after)]
    source = registers.axes[i.source.tensor]
    places = {b.name: b.extent for b in i.axes}
    sizes = []
    for at, own, before, after in zip(i.source.indices, source, i.before, i.after, strict=True):
        sizes.append(Compare("==", val(own.extent + before + after), val(places[at.name or ""])))
    yield STORE, f"the cells of {show(i.source)} and its sides fill {i.target}", (), [*sides, *sizes]


def _scatter(registers: Registers, i: Scatter) -> Iterator[Asked]:
    extents = {b.name: b.extent for b in i.axes}
    yield from _reads(registers, i)
    for m in i.moves:
        room = InRange(m.at + m.before, m.before + extents[m.axis] + m.after)
        first = m.at.substitute({b.name: index(0) for b in (m.position, *i.taps)}) + m.before
        said = f"store at {m.axis} = {show_index(m.at)} is inside its buffer"
        yield STORE, said, (m.position, *i.taps), [room, Compare("==", val(first), val(m.start))]


def _shapes(registers: Registers, i: Merge | Split) -> Iterator[Asked]:
    """A reshape keeps the number of cells."""
    cells = [prod((b.extent for b in axes), start=index(1)) for axes in (registers.axes[i.source], i.axes)]
    yield LOAD, f"{i.source} has as many cells as {i.target}", (), [Compare("==", val(cells[0]), val(cells[1]))]


def _gather(registers: Registers, i: Gather) -> Iterator[Asked]:
    """A gather reads 0 where it would be outside: nothing is to be proved."""
    return iter(())


def _matmul(registers: Registers, i: Matmul) -> Iterator[Asked]:
    """An index that both operands have, or that the product has, is as long in each."""
    extents: dict[str, Index] = {b.name: b.extent for b in i.axes}
    same: list[Expr] = []
    for operand in (i.left, i.right_operand):
        for at, axis in zip(operand.entry.indices, registers.axes[operand.entry.tensor], strict=True):
            known = extents.setdefault(at.name or "", axis.extent)
            if known != axis.extent:
                same.append(Compare("==", val(known), val(axis.extent)))
    yield LOAD, f"the operands {i.left} and {i.right_operand} fit", (), same


def _reads(registers: Registers, i: Instruction) -> Iterator[Asked]:
    """Reads at plain names are inside."""
    indices: dict[str, Binder] = {b.name: b for b in i.axes}
    found: list[Entry] = []
    for f in fields(i):
        value: Any = getattr(i, f.name)
        if f.name in ("taps", "over", "cells"):
            indices |= {b.name: b for b in value}
        elif f.name == "moves":
            indices = {n: b for n, b in indices.items() if n not in {m.axis for m in value}}
            indices |= {m.position.name: m.position for m in value}
        elif isinstance(value, Expr):
            found += list(reads(value))
        elif isinstance(value, tuple):
            found += [r for e in value if isinstance(e, Expr) for r in reads(e)]
    loads = [r for r in dict.fromkeys(found) if r.tensor in registers.axes]
    then = [g for r in loads for g in registers.inside(r)]
    said = ", ".join(show(r) for r in loads)
    yield LOAD, f"load{'s' * (len(loads) > 1)} {said} inside", tuple(indices.values()), then


_RULES: dict[type[Instruction], Callable[[Registers, Any], Iterator[Asked]]] = {
    View: _view,
    Pad: _pad,
    Scatter: _scatter,
    Merge: _shapes,
    Split: _shapes,
    Gather: _gather,
    Matmul: _matmul,
}
