"""Signs of indices over non-negative symbols, and the larger of 0 and an index."""

from __future__ import annotations

from derive.expressions.index import Composite, Index, Monomial, divide, index
from derive.language.show import show_index


def at_least_zero(i: Index) -> Index:
    """max(0, i), written as -min(0, -i); i itself, or 0, where its sign is plain."""
    if sign(i) is not None:
        return i if sign(i) == 1 else index(0)
    return -divide("min", index(0), -i)


def at_most(i: Index) -> Index:
    """An index that is at least as large: s*(a//s) is at most a."""
    total = index(0)
    for monomial, c in i.terms:
        total = total + (_bound(monomial, c) if c > 0 else Index(((monomial, c),)))
    return total


def _bound(monomial: Monomial, c: int) -> Index:
    for a in monomial:
        if isinstance(a, Composite) and a.kind == "floor":
            rest = list(monomial)
            rest.remove(a)
            if (a.divisor.name or "") in rest:
                rest.remove(a.divisor.name or "")
                return Index(((tuple(rest), c),)) * a.dividend
            if a.divisor.constant and c % a.divisor.constant == 0:
                return Index(((tuple(rest), c // a.divisor.constant),)) * a.dividend
    return Index(((monomial, c),))


def sign(i: Index) -> int | None:
    """1 where an index of non-negative symbols is plainly at least 0, -1 where at most 0, None where not plain."""
    if any(isinstance(a, Composite) and not _plainly_positive(a) for a in i.atoms()):
        return None
    if all(c >= 0 for _, c in i.terms):
        return 1
    return -1 if all(c <= 0 for _, c in i.terms) else None


def _plainly_positive(a: Composite) -> bool:
    return a.kind != "exact" and sign(a.dividend) == 1 and sign(a.divisor) == 1


def show_size(i: Index) -> str:
    """An index in notation, with max(0, ...) for what `at_least_zero` makes."""
    text, rest = [], []
    for monomial, c in i.terms:
        match monomial, c:
            case (Composite(kind="min", dividend=zero, divisor=other),), -1 if zero == index(0):
                text.append(f"max(0, {show_index(-other)})")
            case _:
                rest.append((monomial, c))
    if rest or not text:
        text.insert(0, show_index(Index(tuple(rest))))
    return "+".join(text).replace("+-", "-")
