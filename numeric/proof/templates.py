"""The shape of an expression apart from its indices: one for `exp(X[n,c])` and `exp(X[m,k])`, which differ in holes.

A hole stands for what an index is without the names bound inside: `X[s*i+d*p-P]` under `max[p]` is `X[#*p+#]` at
(d, s*i-P). Equal templates with equal holes have equal values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from derive.expressions.expr import Add, Apply, Binder, Binding, Entry, Expr, Mul, Val
from derive.expressions.index import Atom, Composite, Index, atom_index, divide, index
from derive.expressions.traversal import map_indices

HOLE, BOUND = "#", "@"
Holes = tuple[Index, ...]


def template(e: Expr, literal: Collection[str], unfold: Callable[[Apply], Expr]) -> tuple[Expr, Holes]:
    """The shape of an expression, and what fills its holes; numbers made of `literal` names (real ones) stay in it."""
    return _Shaping(frozenset(literal), unfold).shape(e, {})


def fill(shape: Expr, holes: Sequence[Index]) -> Expr:
    """An expression of that shape with these holes."""
    return _filled(shape, iter(holes))


def _filled(shape: Expr, holes: Iterator[Index]) -> Expr:
    made = map_indices(shape, lambda i: _filled_index(i, holes))
    return made.with_parts(tuple(_filled(p, holes) for p in made.parts)) if made.parts else made


def _filled_index(i: Index, holes: Iterator[Index]) -> Index:
    if HOLE not in i.names():
        return i
    total = index(0)
    for (_, *inner), c in i.terms:
        product = index(c) * next(holes)
        for atom in inner:
            product = product * _filled_atom(atom, holes)
        total = total + product
    return total


def _filled_atom(a: Atom, holes: Iterator[Index]) -> Index:
    if isinstance(a, str):
        return index(a)
    if isinstance(a, Composite):
        return divide(a.kind, _filled_index(a.dividend, holes), _filled_index(a.divisor, holes))
    return atom_index(Entry(a.tensor, tuple(_filled_index(i, holes) for i in a.indices)))


class _Shaping:
    """One way through an expression; `inner` says what the names bound inside are called in the shape."""

    def __init__(self, literal: frozenset[str], unfold: Callable[[Apply], Expr]) -> None:
        self.literal, self.unfold = literal, unfold

    def shape(self, e: Expr, inner: Mapping[str, str]) -> tuple[Expr, Holes]:
        if isinstance(e, Apply):
            return self.shape(self.unfold(e), inner)
        if isinstance(e, Val) and e.index.names() & self.literal:
            return e, ()
        found: list[Index] = []

        def own(i: Index) -> Index:
            shaped, holes = self.of_index(i, within)
            found.extend(holes)
            return shaped

        within = dict(inner)
        if isinstance(e, Binding):
            binders = tuple(Binder(f"{BOUND}{len(inner) + k}", own(b.extent)) for k, b in enumerate(e.binders))
            at = tuple(own(i) for i in getattr(e, "at", ()))
            within |= {b.name: new.name for b, new in zip(e.binders, binders, strict=True)}
            body, holes = self.shape(e.body, within)
            made = type(e)(binders, body, at) if at else type(e)(binders, body)  # type: ignore[call-arg]
            return made, (*found, *holes)
        shaped = map_indices(e, own)
        parts = [self.shape(p, inner) for p in e.parts]
        if isinstance(e, Add | Mul):
            parts.sort(key=lambda part: repr(part[0]))
        found.extend(h for _, holes in parts for h in holes)
        return (shaped.with_parts(tuple(p for p, _ in parts)) if parts else shaped), tuple(found)

    def of_index(self, i: Index, inner: Mapping[str, str]) -> tuple[Index, Holes]:
        """An index as a polynomial of the names bound inside, its coefficients holes."""
        coefficients: dict[tuple[Atom, ...], Index] = {}
        nested: dict[tuple[Atom, ...], Holes] = {}
        for monomial, c in i.terms:
            inside = [self.of_atom(a, inner) for a in monomial if _names(a) & inner.keys()]
            outside = Index(((tuple(a for a in monomial if not _names(a) & inner.keys()), c),))
            inside.sort(key=lambda pair: repr(pair[0]))
            key = tuple(a for a, _ in inside)
            coefficients[key] = coefficients.get(key, index(0)) + outside
            nested[key] = tuple(h for _, holes in inside for h in holes)
        coefficients.setdefault((), index(0))
        shaped, holes = index(0), []
        for key in sorted(coefficients, key=repr):
            shaped = shaped + Index((((HOLE, *key), 1),))
            holes += [coefficients[key], *nested.get(key, ())]
        return shaped, tuple(holes)

    def of_atom(self, a: Atom, inner: Mapping[str, str]) -> tuple[Atom, Holes]:
        if isinstance(a, str):
            return inner[a], ()
        if isinstance(a, Composite):
            dividend, above = self.of_index(a.dividend, inner)
            divisor, below = self.of_index(a.divisor, inner)
            return Composite(a.kind, dividend, divisor), (*above, *below)
        shaped = [self.of_index(i, inner) for i in a.indices]
        return Entry(a.tensor, tuple(s for s, _ in shaped)), tuple(h for _, holes in shaped for h in holes)


def _names(a: Atom) -> frozenset[str]:
    return Index((((a,), 1),)).names()
