"""The directional derivative of a law, computed from the law itself: what the adjoint identity compares gradients with.

<g, J v> = <vjp(g), v> holds for every direction v; J v needs no derived formula, only values that carry a tangent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Protocol, TypeVar

import numpy as np

from derive.errors import MeaningError
from derive.expressions.functions import Z, derivative
from numeric.evaluation.arithmetic import Arithmetic, Integers, Mask, Truth
from numeric.evaluation.dense import Dense, Scope

V = TypeVar("V")


class Choosing(Arithmetic[V], Protocol):
    """An arithmetic that can read one array where another has its maxima."""

    def chosen(self, candidates: V, of: V, inside: Mask, sizes: tuple[int, ...], depth: int) -> V:
        """The entry of `of` at the first maximum, along the leading axes, of the candidates inside."""


@dataclass(frozen=True, slots=True)
class Dual(Generic[V]):
    """A value and its derivative along the direction (None: 0), both in one arithmetic."""

    value: V
    tangent: V | None = None


@dataclass(frozen=True, slots=True)
class Tangents(Generic[V]):
    """The arithmetic of values with tangents: linearity, the product rule, the chain rule, and nothing else.

    Where values meet, the conventions hold: the first winner's tangent, the right side of max, the left side of min.
    """

    inner: Choosing[V]

    def number(self, value: Fraction) -> Dual[V]:
        return Dual(self.inner.number(value))

    def integer(self, values: Integers) -> Dual[V]:
        return Dual(self.inner.integer(values))

    def data(self, values: np.ndarray) -> Dual[V]:
        return Dual(self.inner.data(values))

    def spread(self, value: Dual[V], shape: tuple[int, ...]) -> Dual[V]:
        tangent = None if value.tangent is None else self.inner.spread(value.tangent, shape)
        return Dual(self.inner.spread(value.value, shape), tangent)

    def take(self, tensor: Dual[V], flat: Integers, inside: Mask | None) -> Dual[V]:
        tangent = None if tensor.tangent is None else self.inner.take(tensor.tangent, flat, inside)
        return Dual(self.inner.take(tensor.value, flat, inside), tangent)

    def add(self, terms: Sequence[Dual[V]]) -> Dual[V]:
        moving = [t.tangent for t in terms if t.tangent is not None]
        return Dual(self.inner.add([t.value for t in terms]), self.inner.add(moving) if moving else None)

    def multiply(self, factors: Sequence[Dual[V]]) -> Dual[V]:
        values = [f.value for f in factors]
        terms = [
            self.inner.multiply([*values[:k], f.tangent, *values[k + 1 :]])
            for k, f in enumerate(factors)
            if f.tangent is not None
        ]
        return Dual(self.inner.multiply(values), self.inner.add(terms) if terms else None)

    def divide(self, left: Dual[V], right: Dual[V]) -> Dual[V]:
        quotient = self.inner.divide(left.value, right.value)
        terms = [] if left.tangent is None else [left.tangent]
        if right.tangent is not None:
            terms.append(self.inner.multiply([self.inner.number(Fraction(-1)), quotient, right.tangent]))
        return Dual(quotient, self.inner.divide(self.inner.add(terms), right.value) if terms else None)

    def power(self, base: Dual[V], exponent: Dual[V]) -> Dual[V]:
        if exponent.tangent is not None:
            raise MeaningError(
                "a power: got an exponent that is differentiated, expected a number; write exp(n*log(x))"
            )
        value = self.inner.power(base.value, exponent.value)
        if base.tangent is None:
            return Dual(value)
        less = self.inner.add([exponent.value, self.inner.number(Fraction(-1))])
        factors = [exponent.value, self.inner.power(base.value, less), base.tangent]
        return Dual(value, self.inner.multiply(factors))

    def function(self, name: str, z: Dual[V]) -> Dual[V]:
        value = self.inner.function(name, z.value)
        if z.tangent is None:
            return Dual(value)
        slope = Dense(self.inner, {}, reals={Z: z.value}).value(derivative(name), Scope())
        return Dual(value, self.inner.multiply([slope, z.tangent]))

    def compare(self, op: str, left: Dual[V], right: Dual[V]) -> Truth:
        return self.inner.compare(op, left.value, right.value)

    def choose(self, truth: Truth, then: Dual[V], other: Dual[V]) -> Dual[V]:
        value = self.inner.choose(truth, then.value, other.value)
        if then.tangent is None and other.tangent is None:
            return Dual(value)
        return Dual(value, self.inner.choose(truth, self._moved(then), self._moved(other)))

    def total(self, terms: Dual[V], sizes: tuple[int, ...], depth: int) -> Dual[V]:
        tangent = None if terms.tangent is None else self.inner.total(terms.tangent, sizes, depth)
        return Dual(self.inner.total(terms.value, sizes, depth), tangent)

    def best(self, candidates: Dual[V], inside: Mask, sizes: tuple[int, ...], depth: int) -> Dual[V]:
        value = self.inner.best(candidates.value, inside, sizes, depth)
        if candidates.tangent is None:
            return Dual(value)
        return Dual(value, self.inner.chosen(candidates.value, candidates.tangent, inside, sizes, depth))

    def wins(self, candidates: Dual[V], inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Dual[V]:
        return Dual(self.inner.wins(candidates.value, inside, sizes, depth, at))

    def _moved(self, x: Dual[V]) -> V:
        return self.inner.number(Fraction(0)) if x.tangent is None else x.tangent
