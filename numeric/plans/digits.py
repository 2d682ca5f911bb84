"""Indices that count in two digits, `k = K*g + m` with m < K: a read at `k//K` or `k%K` is then a read at g or at m.

So a group of channels becomes an axis of its own, a product of grouped matrices a stack of products, and no array of
places is needed. A guard such as `[0 <= c-C*g < C]` says of the digits of c that the first one is g.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.expressions.expr import Binder, Compare, Contract, Entry, Expr, InRange, Mul, Select, Val, Winner
from derive.expressions.index import ONE, ZERO, Composite, Index, index, over
from derive.expressions.substitution import fresh, substitute
from derive.expressions.traversal import all_names, own_indices
from numeric.plans.access import merged_runs
from numeric.plans.atoms import with_atom
from numeric.plans.build import Build, Scope
from numeric.plans.plan import Axes


def in_digits(build: Build, axes: Axes, body: Expr) -> tuple[tuple[Axes, ...], Expr]:
    """A formula over the digits of its indices, and for each of its axes the digits that it is, the first one major."""
    runs, body = _split_all(build, axes, body, {b.name: b.extent for b in axes})
    flat = tuple(b for run in runs for b in run)
    return runs, _inner(build, body, {b.name: b.extent for b in flat})


def _inner(build: Build, e: Expr, scope: Scope) -> Expr:
    """The same for every sum inside. The order of a maximum's cells decides its ties, so they are left alone."""
    if isinstance(e, Select | Winner):
        return e
    if isinstance(e, Contract):
        runs, body = _split_all(build, e.binders, e.body, {**scope, **{b.name: b.extent for b in e.binders}})
        e = Contract(tuple(b for run in runs for b in run), body)
        scope = {**scope, **{b.name: b.extent for b in e.binders}}
    return e.with_parts(tuple(_inner(build, p, scope) for p in e.parts)) if e.parts else e


def _split_all(build: Build, axes: Axes, body: Expr, scope: Scope) -> tuple[tuple[Axes, ...], Expr]:
    """The digits of some indices of a body, which is written in them."""
    runs: list[Axes] = []
    for b in axes:
        run: Axes = (b,)
        while (found := _base(build, run[0], body, scope)) is not None:
            taken = {*scope, *all_names(body)}
            major = Binder(fresh(b.name, taken), found.count)
            minor = Binder(fresh(b.name, taken | {major.name}), found.base)
            body = _written_in(build, body, run[0].name, major, minor)
            scope = {n: x for n, x in scope.items() if n != run[0].name}
            scope = {**scope, major.name: major.extent, minor.name: minor.extent}
            run = (major, minor, *run[1:])
        runs.append(run)
    return tuple(runs), body


# -- which indices have digits -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Digits:
    """An extent as count*base."""

    count: Index
    base: Index


def _base(build: Build, b: Binder, body: Expr, scope: Scope) -> _Digits | None:
    """The base in which an index is read, where its extent is a multiple of it."""
    for base in _bases(build, b.name, body, scope):
        count = quotient(build.canonical(b.extent), build.canonical(base))
        if count is not None and count != ONE and base != ONE and not base.names() & scope.keys():
            return _Digits(count, base)
    return None


def _bases(build: Build, name: str, e: Expr, scope: Scope) -> Iterator[Index]:
    """What an index is divided by, and the extents that it runs through again and again."""
    if isinstance(e, Select | Winner):
        return
    if isinstance(e, Contract):
        scope = {**scope, **{b.name: b.extent for b in e.binders}}
    if not (isinstance(e, Entry) and merged_runs(e.indices, _extents(build, e), scope, build.canonical)):
        for i in own_indices(e):
            yield from (a.divisor for a in _composites(i) if a.kind in ("floor", "mod") and a.dividend.name == name)
        for i, extent in _ranges(build, e):
            parts = i.split(name)
            if parts is not None and parts[0] == ONE and parts[1] != ZERO and quotient(parts[1], extent) is not None:
                yield extent
    for part in e.parts:
        yield from _bases(build, name, part, scope)


def _ranges(build: Build, e: Expr) -> Iterator[tuple[Index, Index]]:
    """Indices of a node with the extents within which they count."""
    if isinstance(e, InRange):
        yield e.index, e.extent
    if isinstance(e, Entry):
        yield from zip(e.indices, _extents(build, e), strict=True)


def _extents(build: Build, e: Entry) -> tuple[Index, ...]:
    return build.extents(build.tensor(e.tensor))


def _composites(i: Index) -> Iterator[Composite]:
    for a in i.atoms():
        if isinstance(a, Composite):
            yield a
            yield from _composites(a.dividend)
            yield from _composites(a.divisor)


def quotient(i: Index, by: Index) -> Index | None:
    """i/by where it is a polynomial and `by` has one term or is i, else None."""
    return ONE if i == by else over(i, by)


# -- writing a formula in digits ---------------------------------------------------------------------------------------


def _written_in(build: Build, e: Expr, name: str, major: Binder, minor: Binder) -> Expr:
    """The expression with an index as base*major + minor, its quotients and remainders by the base being the digits."""
    for kind, digit in (("floor", major.name), ("mod", minor.name)):
        e = with_atom(e, Composite(kind, index(name), minor.extent), index(digit))
    e = substitute(e, {name: minor.extent * index(major.name) + index(minor.name)})
    return _within(build, e, major.name, minor)


def _within(build: Build, e: Expr, major: str, minor: Binder) -> Expr:
    """[0 <= base*q + minor < base] is [q == 0], for guards and for reads; not in a maximum, which drops such cells."""
    if isinstance(e, Select | Winner):
        return e
    if isinstance(e, InRange):
        q = _beyond(build, e.index, e.extent, minor)
        return e if q is None else _is_zero(q, major)
    if isinstance(e, Entry):
        guards: list[Expr] = []
        indices = list(e.indices)
        for k, (i, extent) in enumerate(_ranges(build, e)):
            q = _beyond(build, i, extent, minor)
            if q is not None and q != ZERO:
                guards.append(_is_zero(q, major))
                indices[k] = index(minor.name)
        return Mul((*guards, Entry(e.tensor, tuple(indices)))) if guards else e
    return e.with_parts(tuple(_within(build, p, major, minor) for p in e.parts)) if e.parts else e


def _beyond(build: Build, i: Index, extent: Index, minor: Binder) -> Index | None:
    """q of an index base*q + minor that counts within the base."""
    parts = i.split(minor.name)
    if parts is None or parts[0] != ONE or not build.canonical.same(extent, minor.extent):
        return None
    return quotient(parts[1], minor.extent)


def _is_zero(q: Index, major: str) -> Expr:
    parts = q.split(major)
    side = index(major) if parts is not None and parts[0] in (ONE, -ONE) else ZERO
    other = side - q if parts is None or parts[0] == ONE else side + q
    return Compare("==", Val(side), Val(other))
