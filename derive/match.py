"""One-way matching of a pattern's free index names and tensors against an expression; bound names match up to renaming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from derive.expr import Binder, Compare, Contract, D, Entry, Expr, Select, Winner, binders_of
from derive.index import Index, index

Binding = dict[str, Index]


def match(pattern: Expr, e: Expr, names: frozenset[str], bound: Mapping[str, Index]) -> Binding | None:
    """The indices that make `pattern` equal to `e`, extending `bound`; None where there are none."""
    found = dict(bound)
    return found if _match(pattern, e, names, found, {}) else None


def _match(pattern: Expr, e: Expr, names: frozenset[str], bound: Binding, alpha: dict[str, str]) -> bool:
    if type(pattern) is not type(e):
        return False
    if isinstance(pattern, Contract | Select | Winner):
        theirs = binders_of(e)
        if len(pattern.binders) != len(theirs):
            return False
        inner = {**alpha, **{b.name: c.name for b, c in zip(pattern.binders, theirs)}}
        extents = all(_index(b.extent, c.extent, names, bound, alpha) for b, c in zip(pattern.binders, theirs))
        return extents and _match(pattern.parts[0], e.parts[0], names, bound, inner) and _own(pattern, e, names, bound, alpha)
    if isinstance(pattern, Compare) and isinstance(e, Compare) and pattern.op != e.op:
        return False
    if len(pattern.parts) != len(e.parts) or not _own(pattern, e, names, bound, alpha):
        return False
    return all(_match(p, q, names, bound, alpha) for p, q in zip(pattern.parts, e.parts))


def _own(pattern: Expr, e: Expr, names: frozenset[str], bound: Binding, alpha: dict[str, str]) -> bool:
    """Whether the nodes agree in what is theirs alone: indices, names, numbers."""
    for f in fields(pattern):
        p, q = getattr(pattern, f.name), getattr(e, f.name)
        if isinstance(p, Index):
            if not _index(p, q, names, bound, alpha):
                return False
        elif isinstance(p, tuple) and p and isinstance(p[0], Index):
            if len(p) != len(q) or not all(_index(i, j, names, bound, alpha) for i, j in zip(p, q)):
                return False
        elif isinstance(p, Expr | Binder) or (isinstance(p, tuple) and p and isinstance(p[0], Expr | Binder)):
            if isinstance(pattern, D) and f.name == "wrt" and not (isinstance(q, Entry) and _match(p, q, names, bound, alpha)):
                return False
        elif p != q:
            return False
    return True


def _index(pattern: Index, e: Index, names: frozenset[str], bound: Binding, alpha: dict[str, str]) -> bool:
    name = pattern.name
    if name in names and name not in alpha and name not in bound:
        if e.names() & set(alpha.values()):
            return False
        bound[name] = e
        return True
    put = {**bound, **{old: index(new) for old, new in alpha.items()}}
    return pattern.substitute(put) == e
