"""Guards and labels inside expressions: what indices decide alone, what data decides, and what must be whole."""

from __future__ import annotations

from collections.abc import Iterator

from derive.expressions.expr import Compare, Divides, Entry, Expr, InRange, Num, Val, val
from derive.expressions.index import Index
from derive.expressions.traversal import entries, own_indices
from numeric.nests.facts import Facts, as_index, whole


def of_data(guard: Expr) -> bool:
    """Whether a comparison is one of values, not of indices; a fraction is no index."""
    return isinstance(guard, Compare) and not all(
        isinstance(p, Val) or (isinstance(p, Num) and p.value.denominator == 1) for p in guard.parts
    )


def labels(e: Expr) -> Iterator[Entry]:
    """The entries that the indices of a node are made of, those compared in a guard included: labels."""
    compared = [p.index for p in e.parts if isinstance(p, Val)] if isinstance(e, Compare) else []
    for i in (*own_indices(e), *compared):
        yield from entries(i)


def has_labels(e: Expr) -> bool:
    """Whether data decides a guard, by a label."""
    return next(labels(e), None) is not None


def whole_guard(guard: Expr, facts: Facts) -> list[Expr] | None:
    """A guard over whole indices, with the guards for being whole; None where one of them never is."""
    extra: list[Expr] = []

    def through(i: Index) -> Index | None:
        found = whole(i, facts)
        if found is not None:
            extra.extend(found[1])
        return None if found is None else found[0]

    match guard:
        case InRange(at, extent):
            inside, end = through(at), through(extent)
            return None if inside is None or end is None else [*extra, InRange(inside, end)]
        case Divides(divisor, dividend):
            of = through(dividend)
            return None if of is None else [*extra, Divides(divisor, of)]
        case Compare(op, (Val() | Num()) as left, (Val() | Num()) as right) if not of_data(guard):
            first, second = through(as_index(left)), through(as_index(right))
            return None if first is None or second is None else [*extra, Compare(op, val(first), val(second))]
    return [guard]
