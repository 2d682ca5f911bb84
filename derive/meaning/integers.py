"""What index expressions are worth: integers, extents, and the tuples that bound indices run over.

An index is read once, into a function of the point that holds its bound names; all other names are numbers by then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from operator import itemgetter

from derive.errors import MeaningError
from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Atom, Composite, Index
from derive.meaning.exact import Number, primal

Point = dict[str, int]
Value = Callable[[Point], Number]
Maybe = Callable[[Point], "Number | None"]
Whole = Callable[[Point], "int | None"]
Names = Collection[str]


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

    def entry(self, e: Entry, bound: Names) -> Value:
        """The value that a tensor has there, as a function of the bound names."""
        raise NotImplementedError

    def integer(self, i: Index, point: Point) -> int | None:
        """The integer that an index is, or None where it is not integral."""
        return self.whole(i, point)(point)

    def whole(self, i: Index, bound: Names) -> Whole:
        """The integer that an index is, as a function of the bound names; None where it is not integral."""
        constant, moving, others = self._terms(i, bound)
        return _polynomial(constant, moving, others, whole=True) if others else _linear(constant, moving)

    def number(self, i: Index, bound: Names) -> Maybe:
        """The same with real parameters allowed."""
        constant, moving, others = self._terms(i, bound)
        return _polynomial(constant, moving, others, whole=False) if others else _linear(constant, moving)

    def _terms(self, i: Index, bound: Names) -> tuple[int, list[tuple[int, str]], list[tuple[int, list[Maybe]]]]:
        """A polynomial as its constant, its multiples of one bound name, and the rest."""
        constant, moving, others = 0, [], []
        for monomial, c in i.terms:
            left: list[Atom] = []
            for atom in monomial:
                known = self.names.get(atom) if isinstance(atom, str) and atom not in bound else None
                if type(known) is int:
                    c *= known
                else:
                    left.append(atom)
            match left:
                case []:
                    constant += c
                case [str() as name] if name in bound:
                    moving.append((c, name))
                case _:
                    others.append((c, [self._atom(a, bound) for a in left]))
        return constant, moving, others

    def _atom(self, atom: Atom, bound: Names) -> Maybe:
        """The number one atom of an index is, or None where it is not integral."""
        if isinstance(atom, Composite):
            return _composite(atom.kind, self.whole(atom.dividend, bound), self.whole(atom.divisor, bound))
        if not isinstance(atom, str):
            value = self.entry(atom, bound)
            return lambda at: primal(value(at))
        if atom in bound:
            return itemgetter(atom)
        if atom in self.names:
            known = self.names[atom]
            return lambda at: known
        return refuse(f"{atom}: got no number, expected one; give the world a value for it")

    def size(self, extent: Index, point: Point) -> int:
        """An extent's value. Raises: MeaningError where it is not integral."""
        return self.extent(extent, point)(point)

    def extent(self, extent: Index, bound: Names) -> Callable[[Point], int]:
        """An extent as a function of the bound names, which raises MeaningError where it is not integral."""
        found = self.whole(extent, bound)

        def size(at: Point) -> int:
            n = found(at)
            if n is None:
                raise MeaningError("an extent: got a quotient that leaves a rest, expected an integer;"
                                   " choose other sizes")  # fmt: skip
            return n

        return size

    def tuples(self, binders: tuple[Binder, ...], point: Point) -> Iterator[Point]:
        """Every assignment of bound indices, row-major."""
        ranges = [range(self.size(b.extent, point)) for b in binders]
        names = [b.name for b in binders]
        for values in product(*ranges):
            yield {**point, **dict(zip(names, values, strict=True))}


def refuse(message: str) -> Callable[[Point], int]:
    """A value that there is none of: whoever asks for it is told why."""

    def missing(at: Point) -> int:
        raise MeaningError(message)

    return missing


def _linear(constant: int, moving: Sequence[tuple[int, str]]) -> Callable[[Point], int]:
    """constant + c*name + ..., the short ones without a loop."""
    match moving:
        case []:
            return lambda at: constant
        case [(1, name)] if constant == 0:
            return itemgetter(name)
        case [(a, name)]:
            return lambda at: a * at[name] + constant
        case [(a, name), (b, other)]:
            return lambda at: a * at[name] + b * at[other] + constant
    return lambda at: constant + sum(c * at[name] for c, name in moving)


def _polynomial(
    constant: int, moving: Sequence[tuple[int, str]], others: Sequence[tuple[int, list[Maybe]]], whole: bool
) -> Callable[[Point], int | None]:
    linear = _linear(constant, moving)

    def value(at: Point) -> Number | None:
        total: Number = linear(at)
        for c, atoms in others:
            term: Number = c
            for atom in atoms:
                factor = atom(at)
                if whole and type(factor) is not int:
                    factor = _whole(factor)
                if factor is None:
                    return None
                term = term * factor
            total = total + term
        return total

    return value  # type: ignore[return-value]  # integers, where only those are taken


def _composite(kind: str, dividend: Whole, divisor: Whole) -> Whole:
    def value(at: Point) -> int | None:
        a, b = dividend(at), divisor(at)
        if a is None or b is None or (b == 0 and kind != "min"):
            return None
        if kind == "min":
            return min(a, b)
        if kind == "exact":
            return a // b if a % b == 0 else None
        return a // b if kind == "floor" else a % b

    return value


def plain(x: Fraction) -> int | Fraction:
    """An integer where the fraction is one."""
    return x.numerator if x.denominator == 1 else x


def _whole(x: Number | None) -> int | None:
    if isinstance(x, int):
        return x
    if isinstance(x, float | Fraction) and x % 1 == 0:
        return int(x)
    return None
