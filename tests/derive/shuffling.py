"""Expressions in another order, and the text by which two are the same up to that order and the names of indices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, permutations, product
from random import Random

from derive.expressions.expr import Add, Binder, Binding, Compare, Contract, D, Expr, Mul, as_index
from derive.expressions.index import index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names
from derive.operation import Op


def shuffled(e: Expr, random: Random) -> Expr:
    """The same expression with its terms, factors and sum indices in another order, some under other names."""
    parts = [shuffled(p, random) for p in e.parts]
    if isinstance(e, Add | Mul):
        random.shuffle(parts)
    if parts:
        e = e.with_parts(tuple(parts))
    if isinstance(e, Contract):
        renamed = [b.name for b in e.binders if random.random() < 0.3]
        e = rename_bound(e, renamed, all_names(e))
        e = replace(e, binders=tuple(random.sample(e.binders, len(e.binders))))
    return e


def shuffled_law(op: Op, random: Random) -> Op:
    """The operation with the sums and products of its law in another order."""
    return replace(
        op, equations=tuple(replace(e, body=_apart(shuffled(e.body, random), e.names)) for e in op.equations)
    )


def _apart(e: Expr, names: tuple[str, ...]) -> Expr:
    """The expression with no index bound in it called like one of the target's."""
    parts = tuple(_apart(p, names) for p in e.parts)
    e = e.with_parts(parts) if parts else e
    return rename_bound(e, [b.name for b in e.binders if b.name in names], names) if isinstance(e, Binding) else e


def canonical(e: Expr, depth: int = 0) -> str:
    """A text that is the same for expressions that differ in the order of terms, factors, sides, sums, or in names.

    `depth` is the number of indices that are bound around it: they are called by that.
    """
    if isinstance(e, Contract):
        return min(_bound(replace(e, binders=order), depth) for order in _orders(e, depth))
    if isinstance(e, Binding):
        return _bound(e, depth)
    parts = [canonical(p, depth) for p in e.parts]
    if isinstance(e, Compare) and e.op in ("==", "!="):
        left, right = as_index(e.left), as_index(e.right)
        parts = sorted(parts) if left is None or right is None else [min(repr(left - right), repr(right - left))]
    if isinstance(e, Add | Mul):
        parts.sort()
    own = repr(e) if not e.parts else getattr(e, "op", "") or getattr(e, "name", "")
    wrt = repr(e.wrt) if isinstance(e, D) else ""
    return f"{type(e).__name__}({own}{wrt};{','.join(parts)})"


def _bound(e: Binding, depth: int) -> str:
    """The text with the bound indices called by their depth."""
    new = {b.name: index(f"#{depth + k}") for k, b in enumerate(e.binders)}
    extents = ",".join(repr(b.extent) for b in e.binders)
    body = canonical(substitute(e.body, new), depth + len(new))
    return f"{type(e).__name__}({extents};{getattr(e, 'at', '')};{body})"


def _orders(e: Contract, depth: int) -> Iterator[tuple[Binder, ...]]:
    """The orders of a sum's indices that could come first: by extent and use, those that tie in every order."""

    def use(b: Binder) -> tuple[str, str]:
        hidden = {c.name: index("#one" if c is b else "#other") for c in e.binders}
        return repr(b.extent), canonical(substitute(e.body, hidden), depth)

    ranked = sorted((use(b), k) for k, b in enumerate(e.binders))
    groups = [[e.binders[k] for _, k in group] for _, group in groupby(ranked, key=lambda r: r[0])]
    for choice in product(*(permutations(g) for g in groups)):
        yield tuple(b for group in choice for b in group)
