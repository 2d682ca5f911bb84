"""Exact numbers for the denotation: integers, fractions, residues mod 2^61-1 with exponentials, and dual numbers.

exp(z) of an integer z is g^z for a fixed unit g, so exp(a+b) = exp(a)*exp(b) holds identically; of anything else it is
a unit that depends on z alone. A rational identity that holds at random points here holds as an identity, with an
error probability of at most degree/2^61 a point (Schwartz-Zippel).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import isqrt

from derive.errors import MeaningError
from derive.meaning import digits
from derive.meaning.digits import Digits

PRIME = 2**61 - 1
MAX_BITS = 50_000
UNIT = 0x1B3F5E7A9C2D4F61 % PRIME


@dataclass(frozen=True, slots=True)
class Residue:
    """An element of the field of 2^61-1 elements."""

    value: int

    def __add__(self, other: Number) -> Number:
        return NotImplemented if isinstance(other, Moving) else Residue((self.value + residue(other)) % PRIME)

    __radd__ = __add__

    def __mul__(self, other: Number) -> Number:
        return NotImplemented if isinstance(other, Moving) else Residue(self.value * residue(other) % PRIME)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rational | Residue) and self.value == residue(other)

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class Dual:
    """value + tangent*epsilon with epsilon^2 = 0: the derivative along one entry, or along each of a tensor."""

    value: Number
    tangent: Number | Slopes

    def __add__(self, other: Number) -> Number:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.tangent + other.tangent)
        return Dual(self.value + other, self.tangent)

    __radd__ = __add__

    def __mul__(self, other: Number) -> Number:
        if isinstance(other, Dual):
            return Dual(self.value * other.value, self.value * other.tangent + self.tangent * other.value)
        return Dual(self.value * other, self.tangent * other)

    __rmul__ = __mul__


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """The tangents along the entries of a tensor, those that are 0 left out."""

    places: Mapping[tuple[int, ...], Number]

    def at(self, place: tuple[int, ...]) -> Number:
        """The tangent along one entry."""
        return self.places.get(place, 0)

    def each(self, rule: Callable[[Number], Number]) -> Slopes:
        """A linear rule applied to every tangent."""
        return Slopes({place: rule(t) for place, t in self.places.items()})

    def __add__(self, other: Number | Slopes) -> Slopes:
        if not isinstance(other, Slopes):
            return self if other == 0 else NotImplemented
        total = dict(self.places)
        for place, t in other.places.items():
            total[place] = total[place] + t if place in total else t
        return Slopes(total)

    __radd__ = __add__

    def __mul__(self, factor: Number) -> Slopes:
        return self.each(lambda t: factor * t)

    __rmul__ = __mul__

    def __eq__(self, other: object) -> bool:
        return all(t == other for t in self.places.values())


Rational = int | Fraction
Number = int | Fraction | Residue | Digits | Dual | float
Moving = Dual | Slopes


def _split(x: Number) -> tuple[Number, Number | Slopes]:
    return (x.value, x.tangent) if isinstance(x, Dual) else (x, 0)


def primal(x: Number) -> Number:
    """The value without its tangent."""
    return primal(x.value) if isinstance(x, Dual) else x


def residue(x: Number) -> int:
    """An exact number as an element of the field."""
    if isinstance(x, Residue):
        return x.value
    if isinstance(x, Fraction):
        return x.numerator * pow(x.denominator, -1, PRIME) % PRIME
    if isinstance(x, int):
        return x % PRIME
    raise MeaningError(f"an exact value: got {x!r}, expected an integer, a fraction or a residue; use exact inputs")


def negate(x: Number) -> Number:
    """-x."""
    return -1 * x


def divide(a: Number, b: Number) -> Number:
    """a/b. Raises: MeaningError where b is 0."""
    if isinstance(a, Dual) or isinstance(b, Dual):
        (u, du), (v, dv) = _split(a), _split(b)
        q = divide(u, v)
        moved = du + -1 * (q * dv)
        return Dual(q, moved.each(lambda t: divide(t, v)) if isinstance(moved, Slopes) else divide(moved, v))
    if b == 0:
        raise MeaningError("a quotient: got the divisor 0, expected another number; add a guard or a hypothesis")
    if isinstance(a, Digits) or isinstance(b, Digits):
        return digits.quotient(a, b)
    if isinstance(a, Residue) or isinstance(b, Residue):
        return Residue(residue(a) * pow(residue(b), -1, PRIME) % PRIME)
    if isinstance(a, float) or isinstance(b, float):
        return float(a) / float(b)
    q = Fraction(a) / Fraction(b)
    return q.numerator if q.denominator == 1 else q


def power(a: Number, n: Number) -> Number:
    """a^n: by multiplication for an integer n, a unit that depends on a and n for another one.

    Raises: MeaningError where a is 0 and n negative, and where the result would be huge.
    """
    if isinstance(n, Fraction) and n.denominator == 1:
        n = n.numerator
    if isinstance(n, int) and n < 0:
        return divide(1, power(a, -n))
    if isinstance(a, Dual):
        return Dual(power(a.value, n), n * power(a.value, n + -1) * a.tangent) if n != 0 else 1
    if isinstance(a, Residue) and isinstance(n, int):
        return Residue(pow(a.value, n, PRIME))
    if isinstance(a, Digits):
        return digits.power(a, n)
    if isinstance(a, float) and isinstance(n, float | Rational):
        return real_function("power", a, float(n))
    if isinstance(a, Rational) and isinstance(n, int):
        if _bits(a) * n > MAX_BITS and a not in (0, 1, -1):
            raise MeaningError(f"a power: got the exponent {n}, expected a smaller one; use smaller numbers")
        return a**n
    if isinstance(a, Rational) and a < 0:
        raise MeaningError(f"a power: got the base {a} under a fraction, expected a positive one; add a guard")
    if a == 0 and isinstance(n, Rational) and n < 0:
        raise MeaningError(f"a power: got the base 0 with the exponent {n}, expected one that is not 0; add a guard")
    return a if a in (0, 1) else _unit("power", a, n)


def _bits(x: Number) -> int:
    if isinstance(x, Fraction):
        return x.numerator.bit_length() + x.denominator.bit_length()
    return x.bit_length() if isinstance(x, int) else 0


def bounded(x: Number) -> Number:
    """The number itself. Raises: MeaningError where it is too long to compute with."""
    value, tangent = _split(x)
    parts = (value, *tangent.places.values()) if isinstance(tangent, Slopes) else (value, tangent)
    if any(_bits(p) > MAX_BITS for p in parts):
        raise MeaningError(f"a number: got more than {MAX_BITS} bits, expected a shorter one; use smaller powers")
    return x


def _unit(name: str, *args: Number) -> Residue:
    """A non-zero residue that depends on the arguments' values alone."""
    text = name + "".join(f"|{residue(a)}" for a in args)
    return Residue(1 + int.from_bytes(sha256(text.encode()).digest()[:8], "big") % (PRIME - 1))


def exp(z: Number) -> Number:
    """exp: g^z of an integer, else a fresh unit."""
    if isinstance(z, Fraction) and z.denominator == 1:
        z = z.numerator
    return Residue(pow(UNIT, z, PRIME)) if isinstance(z, int) else _unit("exp", z)


def tanh(z: Number) -> Number:
    """(e^z - e^-z) / (e^z + e^-z)."""
    up, down = exp(z), divide(1, exp(z))
    return divide(up + negate(down), up + down)


def sigmoid(z: Number) -> Number:
    """e^z / (1 + e^z)."""
    return divide(exp(z), 1 + exp(z))


def sqrt(z: Number) -> Number:
    """The root of a square, else a unit. Raises: MeaningError for a negative number."""
    if isinstance(z, Rational):
        if z < 0:
            raise MeaningError(f"sqrt: got {z}, expected a number of at least 0; add a guard")
        x = Fraction(z)
        root = Fraction(isqrt(x.numerator), isqrt(x.denominator))
        if root * root == x:
            return root.numerator if root.denominator == 1 else root
    return _unit("sqrt", z)


def log(z: Number) -> Number:
    """log(1) = 0, else a unit. Raises: MeaningError for a number that is not positive."""
    if isinstance(z, Rational) and z <= 0:
        raise MeaningError(f"log: got {z}, expected a positive number; add a guard")
    return 0 if z == 1 else _unit("log", z)


EXACT: dict[str, Callable[[Number], Number]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "sin": lambda z: 0 if z == 0 else _unit("sin", z),
    "cos": lambda z: 1 if z == 0 else _unit("cos", z),
}

FLOAT: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z)),
    "power": math.pow,
}


def real_function(name: str, *z: float) -> float:
    """A function of floats. Raises: MeaningError outside its domain."""
    try:
        return FLOAT[name](*z)
    except (ValueError, OverflowError) as error:
        raise MeaningError(f"{name}: got {', '.join(map(str, z))}, expected numbers of its domain ({error})") from error
