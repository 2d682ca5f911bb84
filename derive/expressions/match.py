"""One-way matching of a pattern against an expression: index names, integer arguments and tensors are found by it.

Bound names match up to renaming, factors and terms in any order. An argument is solved for where it enters linearly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import permutations

from derive.expressions.expr import Add, Apply, Binder, Compare, D, Entry, Expr, Mul, Val
from derive.expressions.index import Composite, Index, index, over
from derive.expressions.traversal import binders_of

MOST_FACTORS = 4


@dataclass(frozen=True, slots=True)
class Unknowns:
    """What a pattern leaves open: free index names, integer arguments, tensors.

    Inside a larger index a name can only be one of `inside`, the indices in force around the expression.
    """

    names: frozenset[str]
    arguments: frozenset[str] = frozenset()
    tensors: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What they are in the expression."""

    indices: Mapping[str, Index] = field(default_factory=dict)
    tensors: Mapping[str, str] = field(default_factory=dict)
    alpha: Mapping[str, str] = field(default_factory=dict)

    def index(self, name: str, value: Index) -> Found:
        return replace(self, indices={**self.indices, name: value})


def match(pattern: Expr, e: Expr, unknowns: Unknowns, known: Found | None = None) -> Found | None:
    """The first way to make `pattern` equal to `e`, extending what is known; None where there is none."""
    return next(_match(pattern, e, unknowns, known or Found()), None)


def _match(pattern: Expr, e: Expr, unknowns: Unknowns, found: Found) -> Iterator[Found]:
    p, q = _lone_entry(pattern), _lone_entry(e)
    if p is not None and q is not None:
        yield from _match(p, q, unknowns, found)
        return
    if type(pattern) is not type(e) or len(pattern.parts) != len(e.parts):
        return
    for own in _own(pattern, e, unknowns, found):
        symmetric = isinstance(pattern, Add | Mul) or (isinstance(pattern, Compare) and pattern.op in ("==", "!="))
        if symmetric and len(pattern.parts) <= MOST_FACTORS:
            for order in permutations(e.parts):
                yield from _all(pattern.parts, order, unknowns, own)
        else:
            inner = {b.name: c.name for b, c in zip(binders_of(pattern), binders_of(e), strict=True)}
            for deeper in _all(pattern.parts, e.parts, unknowns, replace(own, alpha={**own.alpha, **inner})):
                yield replace(deeper, alpha=found.alpha)


def _lone_entry(e: Expr) -> Entry | None:
    """The entry of an integer tensor that an index consists of."""
    match e:
        case Val(Index(((((Entry() as only,)), 1),))):
            return only
    return None


def _all(patterns: tuple[Expr, ...], parts: tuple[Expr, ...], unknowns: Unknowns, found: Found) -> Iterator[Found]:
    if not patterns:
        yield found
        return
    for first in _match(patterns[0], parts[0], unknowns, found):
        yield from _all(patterns[1:], parts[1:], unknowns, first)


def _own(pattern: Expr, e: Expr, unknowns: Unknowns, found: Found) -> Iterator[Found]:
    """What the nodes hold themselves, their parts aside: names, numbers, tensors, then indices."""
    pairs: list[tuple[Index, Index]] = []
    for f in fields(pattern):
        p, q = getattr(pattern, f.name), getattr(e, f.name)
        if isinstance(p, Index):
            pairs.append((p, q))
        elif isinstance(p, tuple) and p and isinstance(p[0], Index | Binder):
            if len(p) != len(q):
                return
            pairs += [(i.extent, j.extent) if isinstance(i, Binder) else (i, j) for i, j in zip(p, q, strict=True)]
        elif isinstance(pattern, D) and f.name == "wrt":
            continue
        elif isinstance(pattern, Entry | Apply) and f.name in ("tensor", "tensors"):
            names = zip((p,), (q,), strict=True) if isinstance(p, str) else zip(p, q, strict=True)
            tensors = _tensors(dict(names), unknowns, found)
            if tensors is None:
                return
            found = replace(found, tensors=tensors)
        elif not _is_part(p) and p != q:
            return
    if isinstance(pattern, D) and isinstance(e, D):
        for deeper in _match(pattern.wrt, e.wrt, unknowns, found):
            yield from _indices(pairs, unknowns, deeper)
        return
    yield from _indices(pairs, unknowns, found)


def _is_part(value: object) -> bool:
    return isinstance(value, Expr) or (isinstance(value, tuple) and bool(value) and isinstance(value[0], Expr | Binder))


def _tensors(pairs: Mapping[str, str], unknowns: Unknowns, found: Found) -> dict[str, str] | None:
    tensors = dict(found.tensors)
    for p, q in pairs.items():
        if (tensors.setdefault(p, q) if p in unknowns.tensors else p) != q:
            return None
    return tensors


def _indices(pairs: list[tuple[Index, Index]], unknowns: Unknowns, found: Found) -> Iterator[Found]:
    """Bare names first, then arguments that multiply an index, then those that stand alone."""
    pairs = [inner for p, q in pairs for inner in _inside(p, q)]
    for rule in (_bare, _moving, _slope, _offset):
        for p, q in pairs:
            found = rule(p, q, unknowns, found)
    renaming = {**found.indices, **{old: index(new) for old, new in found.alpha.items()}}
    if all(p.substitute(renaming) == q for p, q in pairs):
        yield found


def _inside(p: Index, q: Index) -> Iterator[tuple[Index, Index]]:
    """The pairs of dividends and divisors where both are one quotient of a kind."""
    match p.terms, q.terms:
        case ((((Composite() as a,), 1),), (((Composite() as b,), 1),)) if a.kind == b.kind:
            yield from _inside(a.dividend, b.dividend)
            yield from _inside(a.divisor, b.divisor)
        case _:
            yield p, q


def _bare(p: Index, q: Index, unknowns: Unknowns, found: Found) -> Found:
    name = p.name
    if name is None or name in found.alpha or name in found.indices:
        return found
    open_name = name in unknowns.names or name in unknowns.arguments
    return found.index(name, q) if open_name and not q.names() & set(found.alpha.values()) else found


def _moving(p: Index, q: Index, unknowns: Unknowns, found: Found) -> Found:
    """An open name in a*name + ..., a a number or an open argument: an index in force that moves q in the same way."""
    for monomial, c in p.terms:
        here = [a for a in monomial if isinstance(a, str) and a in unknowns.names and a not in found.indices]
        here = [a for a in here if a not in found.alpha]
        others = [a for a in monomial if a not in here]
        if len(here) != 1 or (len(p.terms) == 1 and not others) or any(o not in unknowns.arguments for o in others):
            continue
        for x in sorted(unknowns.inside - {i.name for i in found.indices.values()} - set(found.alpha.values())):
            parts = q.split(x)
            if parts is not None and parts[0].terms and (others or parts[0].constant == c):
                found = found.index(here[0], index(x))
                break
    return found


def _slope(p: Index, q: Index, unknowns: Unknowns, found: Found) -> Found:
    for monomial, c in p.terms:
        open_here = [a for a in monomial if a in unknowns.arguments and a not in found.indices]
        moving = [a for a in monomial if isinstance(a, str) and (a in found.alpha or a in found.indices)]
        if len(monomial) == 2 and len(open_here) == 1 and len(moving) == 1 and c == 1 and isinstance(open_here[0], str):
            actual = found.alpha.get(moving[0]) or found.indices[moving[0]].name
            parts = q.split(actual) if actual else None
            if parts is not None:
                found = found.index(open_here[0], parts[0])
    return found


def _offset(p: Index, q: Index, unknowns: Unknowns, found: Found) -> Found:
    """The one unknown left in p = c*unknown + rest, where q - rest is c times something."""
    left = [n for n in sorted(p.names()) if n in unknowns.names | unknowns.arguments and n not in found.indices]
    left = [n for n in left if n not in found.alpha]
    parts = p.split(left[0]) if len(left) == 1 else None
    if parts is None or not parts[0].terms:
        return found
    renaming = {**found.indices, **{old: index(new) for old, new in found.alpha.items()}}
    value = over(q - parts[1].substitute(renaming), parts[0].substitute(renaming))
    if value is None or value.names() & set(found.alpha.values()):
        return found
    return found.index(left[0], value)
