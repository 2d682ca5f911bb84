"""What a number is when an expression is evaluated: the operations that `numeric.evaluation.dense` asks of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Floats = NDArray[Any]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Truth:
    """Where a condition holds, and where rounding leaves it open (None: nowhere)."""

    holds: Mask
    doubt: Mask | None = None


class Arithmetic(Protocol[V]):
    """The operations on values; `sizes` are the leading axes that a binding added, `depth` the axes below them."""

    def number(self, value: Fraction) -> V:
        """A rational constant."""

    def integer(self, values: Integers) -> V:
        """Integers as numbers."""

    def data(self, values: Floats) -> V:
        """Given values, without an error of their own."""

    def spread(self, value: V, shape: tuple[int, ...]) -> V:
        """The value with every axis present."""

    def take(self, tensor: V, flat: Integers, inside: Mask | None) -> V:
        """Entries at row-major positions; 0 where not inside."""

    def add(self, terms: Sequence[V]) -> V:
        """A sum; empty is 0."""

    def multiply(self, factors: Sequence[V]) -> V:
        """A product; empty is 1."""

    def divide(self, left: V, right: V) -> V:
        """A quotient."""

    def power(self, base: V, exponent: V) -> V:
        """A power."""

    def function(self, name: str, z: V) -> V:
        """A scalar function by name."""

    def compare(self, op: str, left: V, right: V) -> Truth:
        """Where a comparison holds."""

    def choose(self, truth: Truth, then: V, other: V) -> V:
        """One value where a condition holds, another where not."""

    def total(self, terms: V, sizes: tuple[int, ...], depth: int) -> V:
        """The sum over the leading axes."""

    def best(self, candidates: V, inside: Mask, sizes: tuple[int, ...], depth: int) -> V:
        """The maximum over the leading axes, of the candidates inside."""

    def wins(self, candidates: V, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> V:
        """1 where position `at` (row-major over the leading axes) holds the first maximum, else 0."""


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def _sigmoid(z: Floats) -> Floats:
    # exp of what is not positive never overflows; |z| would not be analytic for the complex step
    small = np.exp(np.where(z.real >= 0, -z, z))
    return np.where(z.real >= 0, 1 / (1 + small), small / (1 + small))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "sigmoid": _sigmoid,
}


def leading(values: NDArray, sizes: tuple[int, ...], depth: int) -> NDArray:
    """The values with the axes of a binding, all present, merged into one leading axis."""
    count = len(sizes)
    padded = values.reshape((1,) * (depth + count - values.ndim) + values.shape)
    full = np.broadcast_to(padded, sizes + padded.shape[count:])
    return full.reshape((math.prod(sizes), *padded.shape[count:]))


def first_best(values: NDArray, inside: Mask) -> Integers:
    """The position of the first maximum along the leading axis, of the values inside."""
    lowest = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    masked = np.where(inside, values, lowest)
    # a masked cell in front of an infinite or smallest value inside would win by coming first
    attained = inside & (masked == masked.max(axis=0))
    return np.where(attained.any(axis=0), attained.argmax(axis=0), masked.argmax(axis=0))


class Plain:
    """Arrays of float64: the meaning of the notation, exact on integers whose sums stay below 2^53."""

    def number(self, value: Fraction) -> Floats:
        return np.asarray(float(value))

    def integer(self, values: Integers) -> Floats:
        return values.astype(np.float64)

    def data(self, values: Floats) -> Floats:
        return values

    def spread(self, value: Floats, shape: tuple[int, ...]) -> Floats:
        return np.broadcast_to(value, shape)

    def take(self, tensor: Floats, flat: Integers, inside: Mask | None) -> Floats:
        found = tensor.reshape(-1)[flat]
        return found if inside is None else np.where(inside, found, 0)

    def add(self, terms: Sequence[Floats]) -> Floats:
        return sum(terms, np.asarray(0.0))

    def multiply(self, factors: Sequence[Floats]) -> Floats:
        return math.prod(factors, start=np.asarray(1.0))

    def divide(self, left: Floats, right: Floats) -> Floats:
        return left / right

    def power(self, base: Floats, exponent: Floats) -> Floats:
        return base**exponent

    def function(self, name: str, z: Floats) -> Floats:
        return FUNCTIONS[name](z)

    def compare(self, op: str, left: Floats, right: Floats) -> Truth:
        return Truth(np.asarray(COMPARE[op](left.real, right.real)))

    def choose(self, truth: Truth, then: Floats, other: Floats) -> Floats:
        return np.where(truth.holds, then, other)

    def total(self, terms: Floats, sizes: tuple[int, ...], depth: int) -> Floats:
        return leading(terms, sizes, depth).sum(axis=0)

    def best(self, candidates: Floats, inside: Mask, sizes: tuple[int, ...], depth: int) -> Floats:
        values, inside = leading(candidates, sizes, depth), leading(inside, sizes, depth)
        return np.take_along_axis(values, first_best(values.real, inside)[None], axis=0)[0]

    def wins(self, candidates: Floats, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Floats:
        first = first_best(leading(candidates, sizes, depth).real, leading(inside, sizes, depth))
        return (first == at).astype(np.float64)
