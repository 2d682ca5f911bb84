"""The names of a law that are bound nowhere: its extents and parameters, and which of them divide."""

from __future__ import annotations

from collections.abc import Iterator

from derive.expressions.expr import Binding, Div, Entry, Expr, Mul, Val
from derive.expressions.index import Composite, Index
from derive.expressions.traversal import map_indices, walk
from derive.language.notation import Equation


def free_symbols(equations: tuple[Equation, ...], sizes: tuple[tuple[str, Index], ...]) -> Iterator[str]:
    """Names that are neither bound nor an output's index: extents and parameters, in order of first appearance."""
    seen: dict[str, None] = {}
    for e in equations:
        _free_in(e.body, frozenset(e.names), seen)
    for _, size in sizes:
        seen.update(dict.fromkeys(sorted(size.names())))
    yield from seen


def _free_in(e: Expr, bound: frozenset[str], seen: dict[str, None]) -> None:
    def note(i: Index) -> Index:
        for atom in i.atoms():
            names = [atom] if isinstance(atom, str) else sorted(Index((((atom,), 1),)).names())
            seen.update(dict.fromkeys(n for n in names if n not in bound))
        return i

    map_indices(e, note)
    if isinstance(e, Binding):
        bound |= {b.name for b in e.binders}
    for part in e.parts:
        _free_in(part, bound, seen)


def divisors(i: Index) -> Iterator[str]:
    """Names that divide: they are at least 1, or the law would have no meaning."""
    for atom in i.atoms():
        if isinstance(atom, Composite):
            yield from divisors(atom.divisor) if atom.kind == "min" else atom.divisor.names()
            yield from divisors(atom.dividend)


def steps_in(e: Expr) -> Iterator[str]:
    """Names that multiply another in a read, such as s in X[s*i]: they are at least 1, or nothing would move."""
    for node in walk(e):
        for i in node.indices if isinstance(node, Entry) else ():
            yield from (a for monomial, _ in i.terms if len(monomial) > 1 for a in monomial if isinstance(a, str))


def divisors_in(e: Expr) -> Iterator[str]:
    found: list[str] = []

    def note(i: Index) -> Index:
        found.extend(divisors(i))
        return i

    for node in walk(e):
        map_indices(node, note)
        if isinstance(node, Div):
            below = node.right.items if isinstance(node.right, Mul) else (node.right,)
            found.extend(n for f in below if isinstance(f, Val) for n in sorted(f.index.names()))
    yield from found
