"""Bound names by height: equal parts of expressions get equal names, so that each is computed once."""

from __future__ import annotations

from dataclasses import replace

from derive.expressions.expr import Binder, Binding, Expr
from derive.expressions.index import index
from derive.expressions.substitution import substitute


def by_height(e: Expr) -> Expr:
    """The same expression; the k-th name that a node binds says how many nodes that bind are nested inside it.

    Two sums that differ in nothing but their bound names become equal. A name of ours holds a sign that none of a law
    has, so nothing is captured.
    """
    return _named(e)[0]


def _named(e: Expr) -> tuple[Expr, int]:
    """The expression renamed, and its height: the longest chain of nodes that bind."""
    found = [_named(p) for p in e.parts]
    height = max((h for _, h in found), default=0)
    if found:
        e = e.with_parts(tuple(p for p, _ in found))
    if not isinstance(e, Binding) or not e.binders:
        return e, height
    names = {b.name: f"b{k}'{height}" for k, b in enumerate(e.binders)}
    body = substitute(e.body, {old: index(new) for old, new in names.items()})
    return replace(e, binders=tuple(Binder(names[b.name], b.extent) for b in e.binders), body=body), height + 1
