"""Expressions over the prime field of 2^61-1 elements, exact, with a bound of their degree.

What no polynomial computes is a free variable: exp(z) is a unit drawn when z is first seen, the same one for the same
z, with exp(-z) = 1/exp(z); so are log(z) and roots. tanh, sigmoid, sin and cos are rational functions of one free
variable. A field has no order, so which of two values is larger is drawn too, by nothing but the values: an identity of
every piece of a maximum is an identity for every pattern of winners. 1/0 is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.meaning.exact import PRIME, residue
from numeric.evaluation import residues
from numeric.evaluation.arithmetic import COMPARE, Floats, Integers, Mask, Truth, first_best, leading
from numeric.evaluation.residues import HALF, Residues
from numeric.field import degrees
from numeric.field.degrees import CONSTANT, DRAWN, Degree

MOST_EXPONENT, MOST_ROOT = 1 << 10, 64
"""Exponents and roots that a law may have."""


@dataclass(frozen=True, slots=True)
class Value:
    """Entries of the field, and the degree of what they are values of."""

    entries: Residues
    degree: Degree = CONSTANT

    def reshape(self, *shape: int) -> Value:
        """The same entries in another shape."""
        return Value(self.entries.reshape(*shape), self.degree)


@dataclass(slots=True)
class Field:
    """The arithmetic at one random point; `collisions` bounds how many chances of a coincidence there were.

    Two arguments of a free variable that differ as functions have the same value with probability degree/p.
    """

    generator: np.random.Generator
    collisions: int = 0
    _free: dict[str, dict[int, int]] = field(default_factory=dict)
    _key: int = field(init=False)

    def __post_init__(self) -> None:
        self._key = int(self.generator.integers(1 << 63))

    def drawn(self, shape: tuple[int, ...]) -> Value:
        """Entries of a random point."""
        return Value(residues.random(self.generator, shape), DRAWN)

    # -- values --------------------------------------------------------------------------------------------------------

    def number(self, value: Fraction) -> Value:
        return Value(np.asarray(residue(value), np.uint64))

    def integer(self, values: Integers) -> Value:
        return Value(residues.residues(values))

    def data(self, values: Floats) -> Value:
        return self.integer(values.astype(np.int64))

    def spread(self, value: Value, shape: tuple[int, ...]) -> Value:
        return Value(np.broadcast_to(value.entries, shape), value.degree)

    def take(self, tensor: Value, flat: Integers, inside: Mask | None) -> Value:
        found = tensor.entries.reshape(-1)[flat]
        return Value(found if inside is None else np.where(inside, found, np.uint64(0)), tensor.degree)

    # -- the field -----------------------------------------------------------------------------------------------------

    def add(self, terms: Sequence[Value]) -> Value:
        found: Residues = np.asarray(0, np.uint64)
        for t in terms:
            found = residues.add(found, t.entries)
        return Value(found, degrees.of_sum(t.degree for t in terms))

    def multiply(self, factors: Sequence[Value]) -> Value:
        found: Residues = np.asarray(1, np.uint64)
        for k, f in enumerate(factors):
            found = residues.multiply(found, f.entries) if k else f.entries
        return Value(found, degrees.of_product(f.degree for f in factors))

    def divide(self, left: Value, right: Value) -> Value:
        degree = degrees.reciprocal(right.degree, right.entries.size)
        return self.multiply([left, Value(residues.inverse(right.entries), degree)])

    def power(self, base: Value, exponent: Value) -> Value:
        n = _exponent(exponent)
        whole = math.floor(n)
        found = Value(residues.power(base.entries, abs(whole)), degrees.of_power(base.degree, abs(whole)))
        if whole < 0:
            found = self.divide(self.number(Fraction(1)), found)
        return found if n == whole else self.multiply([found, self._variable(f"power {n - whole}", base)])

    def total(self, terms: Value, sizes: tuple[int, ...], depth: int) -> Value:
        stacked = leading(terms.entries, sizes, depth)
        return Value(residues.total(stacked), degrees.of_total(terms.degree, len(stacked)))

    # -- free variables ------------------------------------------------------------------------------------------------

    def function(self, name: str, z: Value) -> Value:
        return _FUNCTIONS[name](self, z)

    def _variable(self, name: str, z: Value) -> Value:
        """A unit for every argument: drawn when it is first seen."""
        known = self._free.setdefault(name, {})
        arguments, places = np.unique(z.entries, return_inverse=True)
        fresh = self.generator.integers(1, PRIME, arguments.size).tolist()
        found = [known.setdefault(a, unit) for a, unit in zip(arguments.tolist(), fresh, strict=True)]
        # of two arguments the difference, or the sum where a sign is left out
        self.collisions += 2 * degrees.of_sum((z.degree, z.degree)).cleared * len(known) * arguments.size
        return Value(np.array(found, np.uint64)[places].reshape(z.entries.shape), DRAWN)

    def _exp(self, z: Value) -> Value:
        unit = self._variable("exp", Value(np.minimum(z.entries, residues.negate(z.entries)), z.degree))
        entries = np.where(z.entries > HALF, residues.inverse(unit.entries), unit.entries)
        entries = np.where(z.entries == 0, np.uint64(1), entries)
        return Value(entries, degrees.of_sum((DRAWN, degrees.reciprocal(DRAWN, entries.size))))

    def _tanh(self, z: Value) -> Value:
        square = self.power(self._exp(z), self.number(Fraction(2)))
        one = self.number(Fraction(1))
        return self.divide(self.add([square, self.number(Fraction(-1))]), self.add([square, one]))

    def _sigmoid(self, z: Value) -> Value:
        e = self._exp(z)
        return self.divide(e, self.add([e, self.number(Fraction(1))]))

    def _half_angle(self, z: Value) -> tuple[Value, Value]:
        """t = tan(z/2), odd in z, and 1 + t^2."""
        t = self._variable("tan", Value(np.minimum(z.entries, residues.negate(z.entries)), z.degree))
        t = Value(np.where(z.entries > HALF, residues.negate(t.entries), t.entries), t.degree)
        t = Value(np.where(z.entries == 0, np.uint64(0), t.entries), t.degree)
        return t, self.add([self.number(Fraction(1)), self.multiply([t, t])])

    def _sin(self, z: Value) -> Value:
        t, bottom = self._half_angle(z)
        return self.divide(self.add([t, t]), bottom)

    def _cos(self, z: Value) -> Value:
        _, bottom = self._half_angle(z)
        return self.add([self.divide(self.number(Fraction(2)), bottom), self.number(Fraction(-1))])

    # -- pieces --------------------------------------------------------------------------------------------------------

    def _ranks(self, x: Residues) -> NDArray[np.int64]:
        """A place in an order that is drawn: that of -x is opposite, 0 is in the middle."""
        mixed = residues.mixed(np.minimum(x, residues.negate(x)), self._key)
        rank = (mixed >> np.uint64(2)).astype(np.int64) + 1
        rank = np.where((mixed & np.uint64(1) == 0) ^ (x > HALF), rank, -rank)
        return np.where(x == 0, 0, rank)

    def compare(self, op: str, left: Value, right: Value) -> Truth:
        if op in ("==", "!="):
            return Truth(np.asarray(COMPARE[op](left.entries, right.entries)))
        return Truth(np.asarray(COMPARE[op](self._ranks(left.entries), self._ranks(right.entries))))

    def choose(self, truth: Truth, then: Value, other: Value) -> Value:
        return Value(np.where(truth.holds, then.entries, other.entries), degrees.of_sum((then.degree, other.degree)))

    def _first(self, candidates: Value, inside: Mask, sizes: tuple[int, ...], depth: int) -> Integers:
        ranks = self._ranks(leading(candidates.entries, sizes, depth))
        return first_best(ranks, leading(inside, sizes, depth))

    def best(self, candidates: Value, inside: Mask, sizes: tuple[int, ...], depth: int) -> Value:
        return self.chosen(candidates, candidates, inside, sizes, depth)

    def chosen(self, candidates: Value, of: Value, inside: Mask, sizes: tuple[int, ...], depth: int) -> Value:
        first = self._first(candidates, inside, sizes, depth)
        picked = np.take_along_axis(leading(of.entries, sizes, depth), first[None], axis=0)[0]
        return Value(picked, of.degree)

    def wins(self, candidates: Value, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Value:
        return self.integer(np.asarray(self._first(candidates, inside, sizes, depth) == at, np.int64))


_FUNCTIONS: dict[str, Callable[[Field, Value], Value]] = {
    "exp": Field._exp,
    "log": lambda f, z: f._variable("log", z),
    "sqrt": lambda f, z: f._variable("sqrt", z),
    "tanh": Field._tanh,
    "sigmoid": Field._sigmoid,
    "sin": Field._sin,
    "cos": Field._cos,
}


def _exponent(n: Value) -> Fraction:
    """The one small fraction that all entries of an exponent are. Raises: MeaningError where they are none."""
    found = np.unique(n.entries)
    if found.size == 1:
        for below in range(1, MOST_ROOT + 1):
            above = int(residues.centred(residues.multiply(found, np.asarray([below], np.uint64)))[0])
            if abs(above) <= MOST_EXPONENT:
                return Fraction(above, below)
    raise MeaningError("a power over the prime field: got exponents that are not one small fraction, expected one;"
                       " write exp(n*log(x))")  # fmt: skip
