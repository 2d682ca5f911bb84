"""Positions and names: how one finds one's way in an expression, and puts another in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import TypeVar

from derive.expressions.expr import Binder, Binding, D, Entry, Expr
from derive.expressions.index import Index

N = TypeVar("N", bound=Expr)


def walk(e: Expr) -> Iterator[Expr]:
    """Every sub-expression, outermost first."""
    yield e
    for part in e.parts:
        yield from walk(part)


def at(e: Expr, path: Iterable[int]) -> Expr:
    """The sub-expression at a position."""
    for step in path:
        e = e.parts[step]
    return e


def put(e: Expr, path: tuple[int, ...], new: Expr) -> Expr:
    """`e` with the sub-expression at a position replaced."""
    if not path:
        return new
    parts = list(e.parts)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return e.with_parts(tuple(parts))


def map_indices(e: N, change: Callable[[Index], Index]) -> N:
    """The node with `change` applied to its own indices and extents (not to its parts, not to bound names)."""
    new: dict[str, object] = {}
    for f in fields(e):
        value = getattr(e, f.name)
        if isinstance(value, Index):
            new[f.name] = change(value)
        elif isinstance(value, Entry) and f.name == "wrt":
            new[f.name] = map_indices(value, change)
        elif isinstance(value, tuple) and value and isinstance(value[0], Index):
            new[f.name] = tuple(change(i) for i in value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Binder):
            new[f.name] = tuple(Binder(b.name, change(b.extent)) for b in value)
    return replace(e, **new) if new else e


def map_all_indices(e: Expr, change: Callable[[Index], Index]) -> Expr:
    """The expression with `change` applied to every index and extent in it; bound names stay."""
    parts = tuple(map_all_indices(p, change) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, change)


def own_indices(e: Expr) -> list[Index]:
    """The indices and extents that sit in the node itself."""
    found: list[Index] = []

    def note(i: Index) -> Index:
        found.append(i)
        return i

    map_indices(e, note)
    return found


def free_names(e: Expr) -> frozenset[str]:
    """Every name that is used and not bound: indices, extents, parameters."""
    names: set[str] = set()
    for part in e.parts:
        names |= free_names(part)
    if isinstance(e, Binding):
        names -= {b.name for b in e.binders}
    for i in own_indices(e):
        names |= i.names()
    return frozenset(names)


def all_names(e: Expr) -> frozenset[str]:
    """Every name that occurs, bound or free."""
    names: set[str] = set()
    for node in walk(e):
        for i in own_indices(node):
            names |= i.names()
        if isinstance(node, Binding):
            names |= {b.name for b in node.binders}
    return frozenset(names)


def reads(e: Expr) -> Iterator[Entry]:
    """Every entry read, those inside indices (integer tensors) included; a derivative's `wrt` is not a read."""
    for node in walk(e):
        if isinstance(node, Entry):
            yield node
        for i in own_indices(node) if not isinstance(node, D) else ():
            for atom in entries(i):
                yield from reads(atom)


def entries(i: Index) -> Iterator[Entry]:
    """The entries that an index is made of, those inside their indices left out."""
    for atom in i.atoms():
        if isinstance(atom, Entry):
            yield atom
        elif not isinstance(atom, str):
            yield from entries(atom.dividend)
            yield from entries(atom.divisor)


def binders_of(e: Expr) -> tuple[Binder, ...]:
    """The binders of a node that binds; none of any other."""
    return e.binders if isinstance(e, Binding) else ()
