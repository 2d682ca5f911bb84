"""What a step has changed, found by comparing two lines: what stood nowhere in the line before is marked."""

from __future__ import annotations

from collections.abc import Iterable

from derive.expressions.expr import Add, Contract, Expr, Mul, Num
from derive.expressions.traversal import own_indices, walk
from reports.mathematics.display_nodes import Focus


def marked(before: Expr, after: Expr) -> Expr:
    """`after` with its new parts in `Focus`; without marks where everything is new."""
    found = _mark(before, after, frozenset(walk(before)))
    return after if isinstance(found, Focus) else found


def _mark(old: Expr, new: Expr, known: frozenset[Expr]) -> Expr:
    if new in known or isinstance(new, Num):
        return new
    if isinstance(new, Add | Mul) and type(old) is type(new):
        return new.with_parts(tuple(_items(old.parts, new.parts, known)))
    if isinstance(new, Contract) and not isinstance(old, Contract):
        return new.with_parts((_mark(old, new.body, known),))
    if isinstance(new, Add | Mul) and any(p in known for p in new.parts):
        return new.with_parts(tuple(_mark(old, p, known) for p in new.parts))
    if type(old) is not type(new) or len(old.parts) != len(new.parts) or not new.parts:
        return Focus(new)
    if own_indices(old) != own_indices(new) and not isinstance(new, Contract):
        return Focus(new)
    return new.with_parts(tuple(_mark(o, n, known) for o, n in zip(old.parts, new.parts, strict=True)))


def _items(old: tuple[Expr, ...], new: tuple[Expr, ...], known: frozenset[Expr]) -> Iterable[Expr]:
    """Terms or factors: each new one is compared with an old one of its kind that has gone."""
    gone = [o for o in old if o not in new]
    for item in new:
        if item in known or isinstance(item, Num):
            yield item
            continue
        partner = next((o for o in gone if type(o) is type(item)), None)
        if partner is None:
            yield Focus(item)
        else:
            gone.remove(partner)
            yield _mark(partner, item, known)
