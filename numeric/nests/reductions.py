"""Writes sums, maxima and winners: the loops of several at once, guards as limits, short axes written out.

sum[p<P] [0 <= i+p < H]*x[i+p]   becomes   for p in max(0, -i) .. min(P, H-i): a += x[i+p]
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import product as tuples

from derive.expressions.expr import Binding, Contract, Entry, Expr, InRange, Select, Winner
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import binders_of, free_names
from numeric.nests.across import AcrossLanes
from numeric.nests.facts import Limits, solved
from numeric.nests.positions import Position
from numeric.nests.statements import Begin, Loop, Update, Value
from numeric.nests.values import Term, Writer, labels_in_lanes

Guards = tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """A loop of a reduction: the name in it, which binder it is, its extent."""

    name: str
    binder: int
    extent: Index


@dataclass(frozen=True, slots=True)
class Cell:
    """One term of one of the reductions, the number of its tuple along the axes written out, and its loops' names."""

    of: Binding
    term: Term
    at: dict[str, Index]


def reduce(w: Writer, group: list[Binding], lanes: Collection[str] = ()) -> None:
    """Write reductions over binders of the same extents: their accumulators, one nest of loops, and their values.

    Names in `lanes` differ from lane to lane: guards on them limit no loop, and extents that hold them are guards.
    """
    if isinstance(group[0], AcrossLanes):
        _across(w, group)
        return
    w.reductions(e for of in group for e in invariant(of.body, {b.name for b in of.binders}))
    written_out = _written_out(w, group[0])
    running = [Running(w.name(b.name), k, b.extent) for k, b in enumerate(group[0].binders) if k not in written_out]
    varying = tuple(InRange(index(r.name), r.extent) for r in running if not r.extent.names().isdisjoint(lanes))
    for r in running:
        if r.extent.names().isdisjoint(lanes):
            w.facts.runs(r.name, r.extent)
    cells = list(_cells(w, group, running, written_out, varying))
    limits = _limits(running, cells, lanes)
    said = {g for found in limits.values() for g, _ in found}
    targets = {of: _begin(w, of, cells) for of in group}
    with ExitStack() as loops:
        for r in running:
            loops.enter_context(w.inside(_loop(w, r, limits[r.name]), (g for g, _ in limits[r.name])))
        _updates(w, cells, said, targets)
    for of in group:
        _finish(w, of, targets[of])


def invariant(body: Expr, names: Collection[str]) -> Iterator[Binding]:
    """The reductions inside a body that depend on none of some names, nor on names that are bound around them.

    They are written before the loops over these names.
    """
    if isinstance(body, Binding) and not isinstance(body, Winner) and not free_names(body) & set(names):
        yield body
        return
    inner = {*names, *(b.name for b in binders_of(body))}
    for part in body.parts:
        yield from invariant(part, inner)


def _written_out(w: Writer, of: Binding) -> frozenset[int]:
    """The last axes whose tuples are so few that each is written out."""
    found: list[int] = []
    turns = 1
    for k in reversed(range(len(of.binders))):
        extent = of.binders[k].extent.constant
        if extent is None or turns * extent > w.unroll:
            break
        turns *= extent
        found.append(k)
    return frozenset(found)


def _cells(
    w: Writer, group: list[Binding], running: list[Running], written_out: frozenset[int], varying: Guards
) -> Iterator[Cell]:
    for of in group:
        names = {of.binders[r.binder].name: index(r.name) for r in running}
        out = [of.binders[k] for k in sorted(written_out)]
        for point in tuples(*(range(b.extent.constant or 0) for b in out)):
            at = names | {b.name: index(n) for b, n in zip(out, point, strict=True)}
            term = w.term(substitute(of.body, at))
            if term is not None:
                yield Cell(of, replace(term, guards=(*varying, *term.guards)), at)


def _limits(running: list[Running], cells: list[Cell], lanes: Collection[str]) -> dict[str, list[tuple[Expr, Limits]]]:
    """Guards that all terms share, as limits of the innermost loop that they can limit."""
    found: dict[str, list[tuple[Expr, Limits]]] = {r.name: [] for r in running}
    shared = set.intersection(*({*c.term.guards} for c in cells)) if cells else set()
    for g in sorted((g for g in shared if free_names(g).isdisjoint(lanes)), key=repr):
        inside: set[str] = set()
        for r in reversed(running):
            limits = None if free_names(g) & inside else solved(g, r.name)
            if limits is not None:
                found[r.name].append((g, limits))
                break
            inside.add(r.name)
    return found


def _loop(w: Writer, r: Running, limits: list[tuple[Expr, Limits]]) -> Loop:
    starts = dict.fromkeys([index(0), *(s for _, found in limits for s in found.starts)])
    stops = dict.fromkeys([w.index(r.extent), *(s for _, found in limits for s in found.stops)])
    return Loop(name=r.name, starts=tuple(starts), stops=tuple(stops))


def _begin(w: Writer, of: Binding, cells: list[Cell]) -> tuple[Value, ...]:
    """The accumulators of a reduction: of a winner, the best value and its place."""
    lanes = any(_spread(w, e) for c in cells if c.of == of for e in c.term.values)
    best = Value(w.name("a"), "real", lanes)
    w.blocks[-1].body.append(Begin(best, "zero" if isinstance(of, Contract) else "lowest"))
    if not isinstance(of, Position):
        return (best,)
    place = Value(w.name("k"), "integer", lanes)
    w.blocks[-1].body.append(Begin(place, "none"))
    return best, place


def _spread(w: Writer, e: Expr) -> bool:
    """Whether a value has lanes, before it is written."""
    found = w.find(e)
    if found is not None:
        return isinstance(found, Value) and found.lanes
    if isinstance(e, AcrossLanes):
        return False
    if isinstance(e, Entry) and w.registers[e.tensor].lanes:
        return True
    return labels_in_lanes(w, e) or any(_spread(w, p) for p in e.parts)


def _updates(w: Writer, cells: list[Cell], said: set[Expr], targets: dict[Binding, tuple[Value, ...]]) -> None:
    """The terms of all reductions, those under the same guards together."""
    for guards, members in _together(cells, said):
        with w.only_if(guards):
            w.reductions(e for c in members for e in c.term.values)
            for c in members:
                _update(w, c, targets[c.of])


def _together(cells: list[Cell], said: set[Expr]) -> list[tuple[Guards, list[Cell]]]:
    """Terms by their guards; those of a winner stay in order, since the first of equal ones wins."""
    found: list[tuple[Guards, list[Cell]]] = []
    last: dict[Binding, int] = {}
    for c in cells:
        guards = tuple(g for g in c.term.guards if g not in said)
        first = last.get(c.of, 0)
        k = next((k for k in range(first, len(found)) if found[k][0] == guards), len(found))
        if k == len(found):
            found.append((guards, []))
        found[k][1].append(c)
        if isinstance(c.of, Position):
            last[c.of] = k
    return found


def _update(w: Writer, c: Cell, targets: tuple[Value, ...]) -> None:
    here = w.blocks[-1].body
    if isinstance(c.of, Contract):
        if c.term.truths or c.term.divisors or len(c.term.factors) != 2:
            here.append(Update(targets[0], "add", (w.product(c.term),)))
        else:
            here.append(Update(targets[0], "add", tuple(w.real(f) for f in c.term.factors)))
        return
    x = w.product(Term((), (), c.term.factors, c.term.divisors))
    where = (w.both(c.term.truths),) if c.term.truths else ()
    if isinstance(c.of, Select):
        here.append(Update(targets[0], "maximum", (x,), where))
        return
    better = w.let(None, "truth", "better", x, *targets)
    if where:
        better = w.let(None, "truth", "and", better, *where)
    number = index(0)
    for b in c.of.binders:
        number = number * b.extent + c.at[b.name]
    here.append(Update(targets[1], "set", (number,), (better,)))
    here.append(Update(targets[0], "set", (x,), (better,)))


def _finish(w: Writer, of: Binding, targets: tuple[Value, ...]) -> None:
    """Name what the loops have found; a maximum that is no number is attained nowhere."""
    if isinstance(of, Position):
        none = w.let(None, "truth", "!=", targets[0], targets[0])
        w.blocks[-1].body.append(Update(targets[1], "set", (index(-1),), (none,)))
    w.known[-1][of] = targets[-1]
    if isinstance(of, Position):
        w.known[-1][Select(of.binders, of.body)] = targets[0]


def _across(w: Writer, group: list[Binding]) -> None:
    """Sums over the lanes of sums over blocks of lanes."""
    inner = [e.body for e in group]
    w.reductions(inner)
    for e in group:
        found = w.real(e.body)
        w.known[-1][e] = w.let(None, "real", "sum of lanes", found, lanes=False)
