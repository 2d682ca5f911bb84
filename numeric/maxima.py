"""Lowers maxima over indices and their winners: the winner is a position, found once and compared with."""

from __future__ import annotations

from derive.expr import Entry, Expr, InRange, Mul, Select, Winner
from derive.index import Index, index
from derive.traversal import reads
from numeric.access import affine
from numeric.build import Build, Scope, axes_of, used
from numeric.plan import Axes, Reduce, Wins
from numeric.reading import read
from numeric.windowing import split_binders


def select(build: Build, e: Select, scope: Scope) -> Expr:
    """`max[p] body`: the maximum over the tuples at which every read is in range."""
    body, where, inner = _candidates(build, e, scope)
    taps, over = split_binders(build, e.binders, (body, *where), inner)
    axes = _free(body, where, scope)
    return build.emit(Reduce("best", axes, "max", taps, over, body, where))


def winner(build: Build, e: Winner, scope: Scope) -> Expr:
    """`[at == argmax[p] body]`: an array of which entries win, read at `at`."""
    body, where, inner = _candidates(build, e, scope)
    taps, over = split_binders(build, e.binders, (body, *where), inner)
    free = _free(body, where, scope)
    best = build.emit(Reduce("best", free, "max", taps, over, body, where))
    along = not taps and len(over) == 1
    wins = build.emit(Wins("wins", (*e.binders, *free), e.binders, body, best, where, along))
    return read(build, Entry(wins.tensor, (*e.at, *(index(b.name) for b in free))), scope)


def _candidates(build: Build, e: Select | Winner, scope: Scope) -> tuple[Expr, tuple[Expr, ...], dict[str, Index]]:
    """The body as a tree, the guards under which an entry counts, and the scope inside."""
    inner = {**scope, **{b.name: b.extent for b in e.binders}}
    if isinstance(e.body, Entry) and all(affine(i, inner) for i in e.body.indices):
        return read(build, e.body, inner, "lowest"), (), inner
    guards = [
        InRange(i, extent)
        for r in reads(e.body)
        for i, extent in zip(r.indices, build.extents(build.tensor(r.tensor)), strict=True)
        if i.name not in inner or not build.canonical.same(inner[i.name or ""], extent)
    ]
    return build.value(build, e.body, inner), tuple(dict.fromkeys(guards)), inner


def _free(body: Expr, where: tuple[Expr, ...], scope: Scope) -> Axes:
    return axes_of(used(Mul((body, *where)), scope), scope)
