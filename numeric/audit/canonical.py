"""One form for expressions that differ in names and order only: equality up to renaming of bound indices."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import permutations

from derive.expressions.build import add, mul, rebuild
from derive.expressions.expr import Add, Binder, Binding, Compare, Contract, Expr, Mul, Num, Val, as_index, val
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk

MOST_ORDERS = 6
"""Binders up to so many are tried in every order: 720 orders."""


def same(a: Expr, b: Expr) -> bool:
    """Whether two expressions are equal up to bound names and the order of terms, factors and sums."""
    return a == b or canonical(a) == canonical(b)


@lru_cache(maxsize=1 << 12)
def canonical(e: Expr) -> Expr:
    """The expression with bound names by their place, terms and factors sorted, sums in sums made one."""
    parts = tuple(canonical(p) for p in e.parts)
    if isinstance(e, Add | Mul):
        made = add(parts) if isinstance(e, Add) else mul(parts)
        whole = _as_index(made)
        if whole is not None:
            return val(whole)
        return made.with_parts(tuple(sorted(made.parts, key=repr))) if isinstance(made, Add | Mul) else made
    e = rebuild(e, parts) if parts else e
    if isinstance(e, Compare) and e.op in ("==", "!="):
        return Compare(e.op, *sorted((e.left, e.right), key=repr))
    if isinstance(e, Contract):
        e = _merged(e)
    return _by_place(e) if isinstance(e, Binding) else e


def _as_index(e: Expr) -> Index | None:
    """The index that a sum or product of indices and integers is."""
    found = [as_index(p) if isinstance(p, Val | Num) else None for p in e.parts]
    if not found or not isinstance(e, Add | Mul):
        return None
    total = index(0 if isinstance(e, Add) else 1)
    for i in found:
        if i is None:
            return None
        total = total + i if isinstance(e, Add) else total * i
    return total


def _merged(e: Contract) -> Contract:
    """A sum directly inside a sum, joined to it; the inner names differ, as they are named by their depth."""
    if isinstance(e.body, Contract) and not {n for b in e.body.binders for n in b.extent.names()} & _own(e):
        inner = e.body
        return replace(e, binders=(*e.binders, *inner.binders), body=inner.body)
    return e


def _own(e: Binding) -> set[str]:
    return {b.name for b in e.binders}


def _by_place(e: Binding) -> Expr:
    """Bound names as #depth.place; of a sum, in the order of binders whose text comes first."""
    depth = max((int(b.name[1:].split(".")[0]) + 1 for n in walk(e.body) if isinstance(n, Binding)
                 for b in n.binders if b.name.startswith("#")), default=0)  # fmt: skip
    orders = permutations(e.binders) if isinstance(e, Contract) and len(e.binders) <= MOST_ORDERS else (e.binders,)
    return min((_renamed(e, order, depth) for order in orders), key=repr)


def _renamed(e: Binding, order: tuple[Binder, ...], depth: int) -> Expr:
    names = {b.name: index(f"#{depth}.{k}") for k, b in enumerate(order)}
    binders = tuple(Binder(f"#{depth}.{k}", b.extent) for k, b in enumerate(order))
    body = _resorted(substitute(e.body, names))
    return replace(e, binders=binders, body=body)


def _resorted(e: Expr) -> Expr:
    parts = tuple(_resorted(p) for p in e.parts)
    return e.with_parts(tuple(sorted(parts, key=repr)) if isinstance(e, Add | Mul) else parts) if parts else e
