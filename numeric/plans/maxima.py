"""Lowers maxima over indices and their winners: the winner is a position, found once and compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.expressions.expr import Binder, Entry, Expr, InRange, Mul, Select, Winner
from derive.expressions.index import index
from derive.expressions.traversal import reads
from numeric.plans.access import affine, boxed, padding, span
from numeric.plans.build import Build, Scope, axes_of, used
from numeric.plans.plan import Axes, Reduce, Wins
from numeric.plans.reading import read
from numeric.plans.windowing import split_binders


def select(build: Build, e: Select, scope: Scope) -> Expr:
    """`max[p] body`: the maximum over the tuples at which every read is in range."""
    return _best(build, _candidates(build, e, scope), scope)


def winner(build: Build, e: Winner, scope: Scope) -> Expr:
    """`[at == argmax[p] body]`: an array of which entries win, read at `at`."""
    c = _candidates(build, e, scope)
    best = _best(build, c, scope)
    free = build.registers[best.tensor]
    own = tuple(Binder(i.name or "", b.extent) for i, b in zip(best.indices, free, strict=True))
    along = not c.taps and len(c.over) == 1
    where = tuple(dict.fromkeys((*c.where, *_real_cells(build, e, scope))))
    wins = build.emit(Wins("wins", (*c.cells, *own), c.cells, c.body, best, where, along))
    return read(build, Entry(wins.tensor, (*e.at, *best.indices)), scope)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What a maximum ranges over: a tree, the guards under which an entry counts, the bound indices by kind."""

    body: Expr
    where: tuple[Expr, ...]
    cells: Axes
    taps: Axes
    over: Axes


def _real_cells(build: Build, e: Winner, scope: Scope) -> Iterator[Expr]:
    """Guards that a cell is no padding, which never wins, even where every real cell is minus infinity."""
    inner = {**scope, **{b.name: b.extent for b in boxed(e.binders, scope)[0]}}
    if not isinstance(e.body, Entry):
        return
    for i, extent in zip(e.body.indices, build.extents(build.tensor(e.body.tensor)), strict=True):
        solved = affine(i, inner)
        if solved is not None:
            room = padding(span(solved, inner), extent, build.canonical)
            if room.before != index(0) or room.after != index(0):
                yield InRange(i, extent)


def _best(build: Build, c: _Candidates, scope: Scope) -> Entry:
    axes = axes_of(used(Mul((c.body, *c.where)), scope), scope)
    return build.emit(Reduce("best", axes, "max", c.taps, c.over, c.body, c.where))


def _candidates(build: Build, e: Select | Winner, scope: Scope) -> _Candidates:
    cells, where = boxed(e.binders, scope)
    inner = {**scope, **{b.name: b.extent for b in cells}}
    if isinstance(e.body, Entry) and all(affine(i, inner) for i in e.body.indices):
        body: Expr = read(build, e.body, inner, "lowest")
    else:
        where += tuple(
            InRange(i, extent)
            for r in reads(e.body)
            for i, extent in zip(r.indices, build.extents(build.tensor(r.tensor)), strict=True)
            if i.name not in inner or not build.canonical.same(inner[i.name or ""], extent)
        )
        body = build.value(build, e.body, inner)
    where = tuple(dict.fromkeys(where))
    return _Candidates(body, where, cells, *split_binders(build, cells, (body, *where), inner))
