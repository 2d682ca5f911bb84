"""A nest: tensors computed entry by entry over common axes, written as loops by a schedule.

A schedule decides nothing but the order of the work: which axes are outside, how many entries of an axis one turn
computes together, which axes are written out. Every schedule gives the same sums of the same terms.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product as tuples

from derive.expressions.expr import Binder, Entry, Expr, InRange
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from numeric.nests.facts import Facts
from numeric.nests.reductions import invariant, reduce
from numeric.nests.registers import Register
from numeric.nests.statements import Block, Loop, Store, Value
from numeric.nests.values import Writer

Env = dict[str, Index]


@dataclass(frozen=True, slots=True)
class Output:
    """`target = body`, at indices of the nest's axes."""

    target: Entry
    body: Expr


@dataclass(frozen=True, slots=True)
class Nest:
    """Outputs over common axes."""

    name: str
    axes: tuple[Binder, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a nest is written.

    `order` are the axes with loops, outermost first; the others are written out. `together` is how many neighbouring
    entries of an axis one turn computes. Axes of reductions with at most `unroll` tuples are written out. The first
    `parallel` loops may run in parallel.
    """

    order: tuple[str, ...]
    together: Mapping[str, int] = field(default_factory=dict)
    unroll: int = 8
    parallel: int = 1


def write(nest: Nest, schedule: Schedule, registers: Mapping[str, Register]) -> Block:
    """The statements of a nest."""
    w = Writer(registers, Facts(), schedule.unroll, reduce)
    _loops(w, nest, schedule, list(schedule.order), {b.name: b.extent for b in nest.axes}, {})
    return w.blocks[0]


def _loops(
    w: Writer, nest: Nest, schedule: Schedule, todo: list[str], extents: Env, known: dict[str, list[Index]]
) -> None:
    """The loops over the axes of `todo`, around what is inside them."""
    if not todo:
        _written_out(w, nest, schedule, extents, known)
        return
    names = [b.name for b in nest.axes if b.name not in known]
    w.reductions(e for o in nest.outputs for env in _points(known) for e in invariant(substitute(o.body, env), names))
    axis, *rest = todo
    for first, turns, count in _segments(extents[axis], schedule.together.get(axis, 1)):
        if turns == index(1):
            _loops(w, nest, schedule, rest, extents, known | {axis: [first + d for d in range(count)]})
            continue
        loop = Loop(name=w.name(axis), starts=(index(0),), stops=(turns,), parallel=len(known) < schedule.parallel)
        w.facts.runs(loop.name, turns)
        with w.inside(loop):
            at = first + count * index(loop.name)
            _loops(w, nest, schedule, rest, extents, known | {axis: [at + d for d in range(count)]})


def _segments(extent: Index, together: int) -> Iterator[tuple[Index, Index, int]]:
    """(first, turns, entries a turn): as many full turns as fit, and the rest in one turn more."""
    n = extent.constant
    if n is None:
        yield index(0), extent, 1
        return
    if n >= together:
        yield index(0), index(n // together), together
    if n % together:
        yield index(n - n % together), index(1), n % together


def _written_out(w: Writer, nest: Nest, schedule: Schedule, extents: Env, known: dict[str, list[Index]]) -> None:
    """The entries of one turn, and of the axes that have no loop, group by group."""
    out = [b.name for b in nest.axes if b.name not in known]
    groups = [list(_groups(extents[n].constant or 0, schedule.together.get(n))) for n in out]
    for chosen in tuples(*groups):
        here = known | dict(zip(out, chosen, strict=True))
        entries(w, nest, list(_points(here)))


def _groups(extent: int, together: int | None) -> Iterator[list[Index]]:
    step = together or extent
    for first in range(0, extent, step):
        yield [index(n) for n in range(first, min(first + step, extent))]


def _points(known: Mapping[str, list[Index]]) -> Iterator[Env]:
    for point in tuples(*known.values()):
        yield dict(zip(known, point, strict=True))


def entries(w: Writer, nest: Nest, points: list[Env]) -> None:
    """Compute and store the outputs at some points together."""
    wanted = [(o, env) for o in nest.outputs for env in points]
    w.reductions(substitute(o.body, env) for o, env in wanted)
    for o, env in wanted:
        register = w.registers[o.target.tensor]
        at = tuple(i.substitute(env) for i in o.target.indices)
        guards = [w.settled(InRange(i, e)) for i, e in zip(at, register.extents, strict=True)]
        if any(g is None for g in guards):
            continue
        with w.only_if(g for found in guards for g in found or ()):
            value = w.real(substitute(o.body, env)) if register.kind == "real" else w.value(substitute(o.body, env))
            if register.lanes and not (isinstance(value, Value) and value.lanes):
                value = w.let(None, register.kind, "spread", value, lanes=True)
            w.blocks[-1].body.append(Store(register.name, register.offset(at), value))
