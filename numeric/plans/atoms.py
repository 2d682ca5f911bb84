"""Replaces a part of an index, such as a quotient, by another index, wherever an expression contains it."""

from __future__ import annotations

from collections.abc import Callable

from derive.expressions.expr import Entry, Expr
from derive.expressions.index import Atom, Composite, Index, divide, index
from derive.expressions.traversal import map_indices


def with_atom(e: Expr, old: Composite, new: Index) -> Expr:
    """The expression with an atom replaced wherever an index contains it."""

    def through(i: Index) -> Index:
        total = index(0)
        for monomial, c in i.terms:
            product = index(c)
            for a in monomial:
                product = product * inner(a)
            total = total + product
        return total

    def inner(a: Atom) -> Index:
        if a == old:
            return new
        if isinstance(a, Composite):
            return divide(a.kind, through(a.dividend), through(a.divisor))
        if isinstance(a, Entry):
            return Index((((Entry(a.tensor, tuple(map(through, a.indices))),), 1),))
        return index(a)

    return _everywhere(e, through)


def _everywhere(e: Expr, change: Callable[[Index], Index]) -> Expr:
    parts = tuple(_everywhere(p, change) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, change)
