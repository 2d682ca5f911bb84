"""Bound names by height: equal parts of expressions get equal names, so that each is computed once."""

from __future__ import annotations

from derive.expressions.expr import Binding, Expr
from derive.expressions.substitution import rename_bound
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.expr import Binder
from dataclasses import replace


def by_height(e: Expr) -> Expr:
    return _named(e)[0]


def _named(e: Expr) -> tuple[Expr, int]:
    found = [_named(p) for p in e.parts]
    height = max((h for _, h in found), default=0)
    if found:
        e = e.with_parts(tuple(p for p, _ in found))
    if isinstance(e, Binding) and e.binders:
        names = {b.name: f"{b.name.rstrip('0123456789')}'{height}{k}" for k, b in enumerate(e.binders)}
        names = {b.name: f"b{k}'{height}" for k, b in enumerate(e.binders)}
        body = substitute(e.body, {old: index(new) for old, new in names.items()})
        e = replace(e, binders=tuple(Binder(names[b.name], b.extent) for b in e.binders), body=body)
        height += 1
    return e, height
