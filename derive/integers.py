"""What index expressions are worth: integers, extents, and the tuples that bound indices run over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from derive.errors import MeaningError
from derive.exact import Number, primal
from derive.expr import Binder, Entry, Expr, Num, Val
from derive.index import Atom, Composite, Index

Point = dict[str, int]


@dataclass(frozen=True, slots=True)
class Array:
    """Values of a tensor, row-major."""

    shape: tuple[int, ...]
    values: tuple[Number, ...]

    def __getitem__(self, at: tuple[int, ...]) -> Number:
        flat = 0
        for k, n in zip(at, self.shape, strict=True):
            flat = flat * n + k
        return self.values[flat]


@dataclass(frozen=True, slots=True)
class Formula:
    """A tensor given by its defining equation: `target[names] = body` over `extents`."""

    names: tuple[str, ...]
    extents: tuple[Index, ...]
    body: Expr


@dataclass(slots=True)
class Integers:
    """Numbers for names, and arrays for tensors, so that indices have values."""

    names: Mapping[str, Number]
    arrays: Mapping[str, Array]

    def entry(self, e: Entry, point: Point) -> Number:
        """The value that a tensor has there."""
        raise NotImplementedError

    def integer(self, i: Index, point: Point) -> int | None:
        """The integer that an index is, or None where it is not integral."""
        total = 0
        for monomial, c in i.terms:
            for atom in monomial:
                # the next line is for speed alone: a derivation's check looks names up a million times
                factor = point[atom] if type(atom) is str and atom in point else self.atom(atom, point)
                whole = factor if type(factor) is int else None if factor is None else _whole(factor)
                if whole is None:
                    return None
                c *= whole
            total += c
        return total

    def _composite(self, c: Composite, point: Point) -> int | None:
        a, b = self.integer(c.dividend, point), self.integer(c.divisor, point)
        if a is None or b is None or (b == 0 and c.kind != "min"):
            return None
        if c.kind == "min":
            return min(a, b)
        if c.kind == "exact":
            return a // b if a % b == 0 else None
        return a // b if c.kind == "floor" else a % b

    def size(self, extent: Index, point: Point) -> int:
        """An extent's value. Raises: MeaningError where it is not integral."""
        found = self.integer(extent, point)
        if found is None:
            raise MeaningError("an extent: got a quotient that leaves a rest, expected an integer; choose other sizes")
        return found

    def tuples(self, binders: tuple[Binder, ...], point: Point) -> Iterator[Point]:
        """Every assignment of bound indices, row-major."""
        ranges = [range(self.size(b.extent, point)) for b in binders]
        names = [b.name for b in binders]
        for values in product(*ranges):
            yield {**point, **dict(zip(names, values, strict=True))}

    def number(self, e: Num | Val, point: Point) -> Number | None:
        """The number an index expression is, real parameters allowed; None where it is not integral."""
        if isinstance(e, Num):
            return plain(e.value)
        total: Number = 0
        for monomial, c in e.index.terms:
            term: Number = c
            for atom in monomial:
                factor = self.atom(atom, point)
                if factor is None:
                    return None
                term = term * factor
            total = total + term
        return total

    def atom(self, atom: Atom, point: Point) -> Number | None:
        """The number one atom of an index is, or None where it is not integral."""
        if isinstance(atom, str):
            found = point.get(atom, self.names.get(atom))
            if found is None:
                raise MeaningError(f"{atom}: got no number, expected one; give the world a value for it")
            return found
        if isinstance(atom, Composite):
            return self._composite(atom, point)
        return primal(self.entry(atom, point))


def plain(x: Fraction) -> int | Fraction:
    """An integer where the fraction is one."""
    return x.numerator if x.denominator == 1 else x


def _whole(x: Number) -> int | None:
    if isinstance(x, int):
        return x
    if isinstance(x, float | Fraction) and x % 1 == 0:
        return int(x)
    return None
