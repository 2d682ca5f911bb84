"""All substitution of the project: names for indices without capture, fresh names, other tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from derive.expressions.expr import Apply, Binder, Binding, D, Entry, Expr, Val, val
from derive.expressions.index import Index, index
from derive.expressions.traversal import N, all_names, free_names, map_indices


def fresh(name: str, taken: Iterable[str]) -> str:
    """`name`, or name1, name2, ... : the first that is not taken; the stem `...` continues as l."""
    used = set(taken)
    if name not in used:
        return name
    stem = "l" if name.startswith("...") else name.rstrip("0123456789")
    n = 1
    while f"{stem}{n}" in used:
        n += 1
    return f"{stem}{n}"


def substitute(e: Expr, values: Mapping[str, Index]) -> Expr:
    """Replace free names by indices, renaming bound names wherever they would capture."""
    if not values:
        return e
    if isinstance(e, Val):
        return val(e.index.substitute(values))
    if isinstance(e, Binding):
        live = {n: v for n, v in values.items() if n not in {b.name for b in e.binders}}
        incoming = frozenset().union(*(v.names() for v in live.values())) if live else frozenset()
        clash = [b.name for b in e.binders if b.name in incoming]
        if clash and live.keys() & free_names(e):
            e = rename_bound(e, clash, incoming | values.keys())
        inner = substitute(e.body, live)
        return map_indices(e.with_parts((inner,)), lambda i: i.substitute(values))
    parts = tuple(substitute(p, values) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, lambda i: i.substitute(values))


def rename_bound(e: N, names: Iterable[str], avoid: Iterable[str]) -> N:
    """Give the binders called `names` fresh names that occur neither in `e` nor in `avoid`: alpha-renaming."""
    assert isinstance(e, Binding)
    taken = set(avoid) | all_names(e)
    new: dict[str, str] = {}
    for name in names:
        new[name] = fresh(name, taken)
        taken.add(new[name])
    binders = tuple(Binder(new.get(b.name, b.name), b.extent) for b in e.binders)
    body = substitute(e.body, {old: index(n) for old, n in new.items()})
    return cast(N, replace(e, binders=binders, body=body))


def retensor(e: Expr, names: Mapping[str, str]) -> Expr:
    """The same expression read from tensors of other names."""

    def entry(x: Entry) -> Entry:
        return Entry(names.get(x.tensor, x.tensor), tuple(through(i) for i in x.indices))

    def through(i: Index) -> Index:
        return i.substitute({}, entry)

    if isinstance(e, Entry):
        return entry(e)
    if isinstance(e, Apply):
        e = replace(e, tensors=tuple(names.get(t, t) for t in e.tensors))
    if isinstance(e, D):
        return D(retensor(e.expr, names), entry(e.wrt))
    parts = tuple(retensor(p, names) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, through)
