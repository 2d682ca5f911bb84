"""A term as a relation between the indices of the result and the indices at which its factors are read.

Where what is read determines every bound index, a term is the set of tuples that it reads, each once: two terms are
equal when the relations are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, permutations, product
from math import factorial, prod

from derive.expressions.build import integral
from derive.expressions.expr import ZERO, Binder, Compare, Entry, Expr, InRange, Num, Val
from derive.expressions.index import Composite, Index, atom_index, divide, index, over
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, map_all_indices
from numeric.proof.terms import Factor, Term
from numeric.proof.verdict import Outside

MOST_ORDERS = 24
"""In how many orders a product of several entries of one tensor is looked at."""

Axes = Callable[[str], tuple[Binder, ...]]


@dataclass(frozen=True, slots=True)
class Relation:
    """`holds`, a conjunction of guards about the free indices and the names of what is read.

    `unique` are guards that follow from it where every bound index has one value, `defined` indices that then are
    integral: what is under a function is read there, and is 0 nowhere.
    """

    holds: tuple[Expr, ...]
    unique: tuple[Expr, ...]
    defined: tuple[Index, ...]


def names_of(kind: Sequence[Factor]) -> tuple[tuple[str, ...], ...]:
    """A name for every hole of every factor of a term."""
    return tuple(tuple(f"v{k}_{m}" for m in range(len(f.holes))) for k, f in enumerate(kind))


def in_order(term: Term) -> tuple[Factor, ...]:
    """The factors of a term in the order that all terms of its kind have."""
    return tuple(sorted(term.factors, key=lambda f: f.kind))


def orders(term: Term) -> list[tuple[Factor, ...]]:
    """The factors of a term in every order that has their kinds in order: X[i]*X[j] is X[j]*X[i].

    Raises: Outside where there are too many.
    """
    groups = [list(g) for _, g in groupby(in_order(term), key=lambda f: f.kind)]
    if prod(factorial(len(g)) for g in groups) > MOST_ORDERS:
        raise Outside("a product has too many factors of one kind")
    return [tuple(f for g in chosen for f in g) for chosen in product(*(permutations(g) for g in groups))]


def relation(term: Term, factors: Sequence[Factor], names: Sequence[Sequence[str]], axes: Axes) -> Relation:
    """The relation of a term whose factors, in this order, have holes called `names`. Raises: Outside."""
    holes = [(h, index(v)) for f, row in zip(factors, names, strict=True) for h, v in zip(f.holes, row, strict=True)]
    values, slopes, left = solve(term, holes)
    if left:
        raise Outside(f"what is read does not determine the index {min(left).partition(chr(39))[0]}")

    def put(e: Expr) -> Expr:
        return substitute(e, values)

    ranges = [InRange(values[b.name], b.extent.substitute(values)) for b in term.binders]
    guards = [put(g) for g in term.guards]
    read = [Compare("==", Val(h.substitute(values)), Val(v)) for h, v in holes if h.substitute(values) != v]
    inside = [
        InRange(index(v), axis.extent)
        for f, row in zip(factors, names, strict=True)
        if f.plain and isinstance(f.template, Entry)
        for v, axis in zip(row, axes(f.template.tensor), strict=True)
    ]
    unique = [Compare("!=", Val(s), ZERO) for s in slopes]
    under = [h for f in factors if not f.plain for h in f.holes]
    defined = [h.substitute(values) for h in under if not integral(h.substitute(values))]
    return Relation(tuple(dict.fromkeys((*ranges, *guards, *read, *inside))), tuple(unique), tuple(defined))


# -- the bound indices from what is read -------------------------------------------------------------------------------


def solve(term: Term, holes: Sequence[tuple[Index, Index]]) -> tuple[Mapping[str, Index], list[Index], frozenset[str]]:
    """Bound indices in terms of what is read, what was divided by, and the indices of which nothing is said."""
    equations = [h - v for h, v in holes] + [e for g in term.guards for e in _equation(g)]
    equations += [e for h in list(equations) for e in _cleared(h)]
    left = {b.name: b.extent for b in term.binders}
    values: dict[str, Index] = {}
    slopes: list[Index] = []
    while found := next(_solutions(equations, left), None):
        new, slope, more = found
        slopes += [slope] if slope.constant is None else []
        equations = [e.substitute(new) for e in equations] + more
        values = {n: v.substitute(new) for n, v in values.items()} | new
        left = {n: e.substitute(new) for n, e in left.items() if n not in new}
    return values, slopes, frozenset(left)


def _equation(g: Expr) -> Iterator[Index]:
    """The left side of `... == 0`, where a guard says that."""
    match g:
        case Compare("==", left, right):
            sides = [_side(left), _side(right)]
            if sides[0] is not None and sides[1] is not None:
                yield sides[0] - sides[1]


def _side(e: Expr) -> Index | None:
    if isinstance(e, Val):
        return e.index
    return index(int(e.value)) if isinstance(e, Num) and e.value.denominator == 1 else None


def _cleared(e: Index) -> Iterator[Index]:
    """a - s*rest == 0 from a/s + rest == 0: where the quotient is exact and s is not 0, they say the same."""
    for monomial, c in e.terms:
        match monomial:
            case (Composite("exact", dividend, divisor),):
                quotient = Index(((monomial, c),))
                yield c * dividend + divisor * (e - quotient)


Solution = tuple[dict[str, Index], Index, list[Index]]


def _solutions(equations: Sequence[Index], left: Mapping[str, Index]) -> Iterator[Solution]:
    """Ways to a value for one of the indices left, the simplest first: what it is, the divisor, what follows."""
    linear = [found for e in equations for found in _linear(e, left)]
    linear.sort(key=lambda found: found[1].constant is None)
    for name, slope, rest in linear:
        c = slope.constant
        if c in (1, -1):
            yield {name: -rest * int(c)}, slope, []
        elif c != 0:
            yield {name: divide("exact", -rest, slope)}, slope, []
    for e in equations:
        yield from _digits(e, left)


def _linear(e: Index, left: Mapping[str, Index]) -> Iterator[tuple[str, Index, Index]]:
    """name, slope, rest with e == slope*name + rest, and no other index left in it."""
    open_names = e.names() & left.keys()
    if len(open_names) == 1:
        (name,) = open_names
        parts = e.split(name)
        if parts is not None and parts[0].terms and integral(parts[0]):
            yield name, *parts


def _digits(e: Index, left: Mapping[str, Index]) -> Iterator[Solution]:
    """x = r mod N and y = r // N from N*y + x - r == 0, where 0 <= x < N."""
    open_names = sorted(e.names() & left.keys())
    for name in open_names:
        parts = e.split(name)
        if parts is None or parts[0].constant not in (1, -1):
            continue
        width, rest = left[name], parts[1] * int(parts[0].constant or 0)
        moving = Index(tuple((m, c) for m, c in rest.terms if set(open_names) & set(_strings(m))))
        higher = over(moving, width)
        if higher is None or not width.terms or width.names() & left.keys():
            continue
        value = moving - rest
        yield {name: divide("mod", value, width)}, width, [higher - divide("floor", value, width)]


def _strings(monomial: tuple[object, ...]) -> Iterator[str]:
    for a in monomial:
        if isinstance(a, str):
            yield a


# -- what a conjunction says of a name ---------------------------------------------------------------------------------


def known(given: Sequence[Expr], indices: Collection[str]) -> dict[str, Index]:
    """The first index that a conjunction says to be equal to something without it."""
    for g in given:
        match g:
            case Compare("==", Val(i), Val(j)):
                for a, b in ((i, j), (j, i)):
                    if a.name is not None and a.name in indices and a.name not in b.names():
                        return {a.name: b}
    return {}


def solved(given: Sequence[Expr], read: Collection[str]) -> tuple[Mapping[str, Index], frozenset[Expr]]:
    """What a conjunction says each name to be, and the rest of it with that put in."""
    values: dict[str, Index] = {}
    while new := known(given, read):
        given = [put_in(g, new) for g in given]
        values = {n: v.substitute(new) for n, v in values.items()} | new
    return values, frozenset(g for g in given if not (isinstance(g, Compare) and g.op == "==" and g.left == g.right))


def put_in(g: Expr, values: Mapping[str, Index]) -> Expr:
    """A guard with names replaced, and multiples of the divisor taken out of its quotients and rests."""
    return map_all_indices(substitute(g, values), _tidy) if free_names(g) & values.keys() else g


def _tidy(i: Index) -> Index:
    """(a*w + b)//w = a + b//w and (a*w + b)%w = b%w, which have no value where w is 0."""
    if not any(isinstance(a, Composite) for a in i.atoms()):
        return i
    total = index(0)
    for monomial, c in i.terms:
        product = index(c)
        for atom in monomial:
            product = product * (_tidy_atom(atom) if isinstance(atom, Composite) else Index((((atom,), 1),)))
        total = total + product
    return total


def _tidy_atom(atom: Composite) -> Index:
    dividend, divisor = _tidy(atom.dividend), _tidy(atom.divisor)
    if atom.kind not in ("floor", "mod"):
        return divide(atom.kind, dividend, divisor)
    several = [(Index((term,)), over(Index((term,)), divisor)) for term in dividend.terms]
    taken = sum((q for _, q in several if q is not None), index(0))
    rest = sum((t for t, q in several if q is None), index(0))
    inner = atom_index(Composite(atom.kind, rest, divisor)) if taken.terms else divide(atom.kind, rest, divisor)
    return taken + inner if atom.kind == "floor" else inner


# -- independent parts -------------------------------------------------------------------------------------------------


def parts_of(guards: Sequence[Expr], indices: frozenset[str]) -> list[frozenset[str]]:
    """The finest partition of the indices such that no guard is about two of its parts: the axes of a window."""
    parts: list[frozenset[str]] = []
    for g in guards:
        joined = free_names(g) & indices
        if joined:
            touching = [p for p in parts if p & joined]
            parts = [p for p in parts if not p & joined] + [frozenset(joined.union(*touching))]
    return parts
