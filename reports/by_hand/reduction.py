"""A formula at given sizes with its sums kept: numbers for sizes, axes that are not shown left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from derive.expressions.build import rebuild
from derive.expressions.expr import Compare, Contract, Entry, Expr, Num, Select, Val, Winner
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import map_indices
from reports.by_hand.scale import Scale, one_more


def reduced(e: Expr, at: Scale, target: str) -> Expr:
    """The formula of an entry of `target`, over the shown axes only; indices count from 0."""
    axes = at.axes(target)
    only = {b.name: index(0) for k, b in enumerate(axes) if k not in at.kept(target)}
    sizes = {n: index(v) for n, v in at.names.items()}
    return substitute(_without(substitute(e, only), at), sizes)


def _without(e: Expr, at: Scale) -> Expr:
    """The expression without absent tensors, hidden axes, and the binders that run over the one entry of those."""
    if isinstance(e, Contract | Select | Winner):
        hidden = [b for b in e.binders if b.extent.name in at.hidden]
        if hidden:
            body = _without(substitute(e.body, {b.name: index(0) for b in hidden}), at)
            left = tuple(b for b in e.binders if b not in hidden)
            return replace(e, binders=left, body=body) if left else body
    if isinstance(e, Entry):
        return Num(Fraction(at.op.tensor(e.tensor).absent)) if e.tensor in at.absent else _entry(e, at)
    parts = tuple(_without(p, at) for p in e.parts)
    return map_indices(rebuild(e, parts) if parts else e, lambda i: i.substitute({}, lambda x: _entry(x, at)))


def _entry(e: Entry, at: Scale) -> Entry:
    kept: list[Index] = [e.indices[k] for k in at.kept(e.tensor)]
    return Entry(e.tensor, tuple(i.substitute({}, lambda x: _entry(x, at)) for i in kept))


def from_one(e: Expr, free: Iterable[str], at: Scale) -> Expr:
    """The formula with indices that count from 1, as textbooks write it: `X[i+p-1]`."""
    return _plus_one(substitute(e, {n: index(n) - 1 for n in free}), at)


def _plus_one(e: Expr, at: Scale) -> Expr:
    if isinstance(e, Contract | Select | Winner):
        body = _plus_one(substitute(e.body, {b.name: index(b.name) - 1 for b in e.binders}), at)
        return replace(e, body=body, at=_all_plus_one(e.at)) if isinstance(e, Winner) else replace(e, body=body)
    if isinstance(e, Entry):
        return _entry_plus_one(e)
    if isinstance(e, Compare) and any(map(at.labels, e.parts)):  # labels count from 1 as well
        return e.with_parts(tuple(_label(s) for s in e.parts))
    changed = e.with_parts(tuple(_plus_one(p, at) for p in e.parts)) if e.parts else e
    return map_indices(changed, lambda i: i.substitute({}, _entry_plus_one)) if isinstance(changed, Val) else changed


def _label(e: Expr) -> Expr:
    """One side of a comparison with a label: the index counts from 1, and so does the label that is read."""
    if isinstance(e, Val) and any(isinstance(a, Entry) for a in e.index.atoms()):
        return Val(e.index.substitute({}, _entry_plus_one))
    return one_more(e)


def _entry_plus_one(e: Entry) -> Entry:
    return Entry(e.tensor, _all_plus_one(e.indices))


def _all_plus_one(indices: tuple[Index, ...]) -> tuple[Index, ...]:
    return tuple(i + 1 for i in indices)
