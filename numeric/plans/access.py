"""How a read moves through its tensor: which steps, how far outside, and when it is a view, a reshape or neither."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import prod

from derive.errors import OperationError
from derive.expressions.expr import Binder, Compare, Expr, Val
from derive.expressions.index import Atom, Composite, Index, divide, index
from derive.language.show import show_index
from numeric.plans.signs import at_least_zero, at_most, sign

Axes = tuple[Binder, ...]
Extents = Mapping[str, Index]


@dataclass(frozen=True, slots=True)
class Affine:
    """`sum of step * name + rest`, every step of plain sign."""

    steps: tuple[tuple[str, Index], ...]
    rest: Index

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(n for n, _ in self.steps)


def affine(i: Index, names: Collection[str]) -> Affine | None:
    """An index as a polynomial of degree one in `names`, or None."""
    steps: dict[str, Index] = {}
    rest = index(0)
    for monomial, c in i.terms:
        inside = [a for a in monomial if isinstance(a, str) and a in names]
        others = tuple(a for a in monomial if a not in inside)
        coefficient = Index(((others, c),))
        if len(inside) > 1 or not all(_fixed(a, names) for a in others):
            return None
        if inside:
            steps[inside[0]] = steps.get(inside[0], index(0)) + coefficient
        else:
            rest = rest + coefficient
    if any(sign(s) is None for s in steps.values()):
        return None
    return Affine(tuple((n, s) for n, s in steps.items() if s != index(0)), rest)


def _fixed(atom: Atom, names: Collection[str]) -> bool:
    """Whether an atom is a number that no index of the loop and no data changes."""
    if isinstance(atom, Composite):
        return all(_fixed(a, names) for part in (atom.dividend, atom.divisor) for a in part.atoms())
    return isinstance(atom, str) and atom not in names


@dataclass(frozen=True, slots=True)
class Span:
    """The smallest and the largest value of an index over a box."""

    low: Index
    high: Index


def span(a: Affine, extents: Extents) -> Span:
    """The values that an affine index takes, parameters being non-negative and extents at least 1."""
    low = high = a.rest
    for name, step in a.steps:
        reach = step * (extents[name] - 1)
        low, high = (low, high + reach) if sign(step) == 1 else (low + reach, high)
    return Span(low, high)


def boxed(binders: Axes, scope: Extents) -> tuple[Axes, tuple[Expr, ...]]:
    """Binders with extents that no index changes, and guards that say where each of them really ends.

    `sum[j<i+1]` runs over every j below the largest i+1, where [j<i+1].

    Raises: OperationError for an extent whose largest value is not plain.
    """
    found: list[Binder] = []
    guards: list[Expr] = []
    for b in binders:
        if b.extent.names() & scope.keys():
            solved = affine(_at_most_affine(b.extent, scope), scope)
            if solved is None:
                raise OperationError(
                    f"index {b.name}: got the extent {show_index(b.extent)}, expected one that is linear in the indices"
                    " around it; bound it by a size, with a guard"
                )
            guards.append(Compare("<", Val(index(b.name)), Val(b.extent)))
            b = Binder(b.name, span(solved, scope).high)
        found.append(b)
    return tuple(found), tuple(guards)


def _at_most_affine(i: Index, scope: Extents) -> Index:
    """An index at least as large, in which no quotient, rest or smaller one holds a name of the scope, if there is one.

    e//s is at most high//s where e is at most high, e%s at most s-1, min(a,b) at most a.
    """
    largest = index(0)
    for monomial, c in i.terms:
        match monomial:
            case (Composite() as only,) if c > 0 and not _fixed(only, scope):
                largest = largest + c * _largest(only, scope)
            case _:
                largest = largest + Index(((monomial, c),))
    return largest


def _largest(c: Composite, scope: Extents) -> Index:
    inside = affine(_at_most_affine(c.dividend, scope), scope)
    if c.kind == "mod" and not c.divisor.names() & scope.keys():
        return c.divisor - 1
    if inside is None or (c.kind != "min" and c.divisor.names() & scope.keys()):
        return Index((((c,), 1),))
    high = span(inside, scope).high
    return high if c.kind == "min" else divide("floor", high, c.divisor)


@dataclass(frozen=True, slots=True)
class Padding:
    """Cells to add before and after an axis, and where the smallest value of the index then is."""

    before: Index
    after: Index
    start: Index


def padding(s: Span, extent: Index, canonical: Canonical) -> Padding:
    """What an axis of `extent` cells needs so that every index of a span is in range."""
    low, beyond = canonical(s.low), canonical(s.high - extent + 1)
    before = index(0) if sign(low) == 1 else at_least_zero(-s.low)
    after = (
        index(0) if sign(at_most(beyond)) == -1 or at_most(beyond) == index(0) else at_least_zero(s.high - extent + 1)
    )
    # low + before, which is 0 where padding is certain
    return Padding(before, after, at_least_zero(s.low) if sign(low) != -1 else index(0))


@dataclass(frozen=True, slots=True)
class Canonical:
    """Replaces derived sizes by their formulas, so that equal extents are equal as polynomials."""

    sizes: Mapping[str, Index]

    def __call__(self, i: Index) -> Index:
        while found := i.names() & self.sizes.keys():
            i = i.substitute({n: self.sizes[n] for n in found})
        return i

    def same(self, a: Index, b: Index) -> bool:
        """Whether two extents are plainly equal."""
        return a == b or self(a) == self(b)


def merged_runs(
    indices: tuple[Index, ...], extents: tuple[Index, ...], scope: Extents, canonical: Canonical
) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]] | None:
    """Runs of axes that are the digits of one name each, and the names; None where the indices are not all such.

    `X[n, a//W//H, a//W%H, a%W]` with a < C*H*W reads axes 1, 2 and 3 as one.
    """
    runs: list[tuple[int, ...]] = []
    names: list[str] = []
    k = 0
    while k < len(indices):
        found = _run(indices, extents, k, scope, canonical)
        if found is None:
            return None
        name, stop = found
        runs.append(tuple(range(k, stop)))
        names.append(name)
        k = stop
    return (tuple(runs), tuple(names)) if len(set(names)) == len(names) else None


def _run(
    indices: tuple[Index, ...], extents: tuple[Index, ...], start: int, scope: Extents, canonical: Canonical
) -> tuple[str, int] | None:
    for stop in range(len(indices), start, -1):
        candidates = indices[stop - 1].names() & scope.keys()
        if len(candidates) != 1:
            continue
        (name,) = candidates
        total = prod(extents[start:stop], start=index(1))
        digits = _digits(index(name), extents[start:stop])
        if digits == indices[start:stop] and canonical.same(total, scope[name]):
            return name, stop
    return None


def _digits(rest: Index, extents: tuple[Index, ...]) -> tuple[Index, ...]:
    found: list[Index] = []
    for e in reversed(extents[1:]):
        found.insert(0, divide("mod", rest, e))
        rest = divide("floor", rest, e)
    return (rest, *found)
