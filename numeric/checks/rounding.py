"""What rounding can do to a value, computed from the very sums that are evaluated: no tolerance is ever guessed.

A value carries an error: with exact inputs, the exact value and the result of every float evaluation (sums and products
in any order) are together no further from each other than that. The rules are those of running error analysis:

    sum of n terms       sum of errors + gamma(n-1) * sum of |terms|
    product, quotient    |partials| times errors + one unit roundoff of the result
    function             |derivative| times error + the documented error of the libraries

Integers whose sums stay below 2^24 (float32) or 2^53 (float64) are added, multiplied and divided without any error;
then the bound is 0 and the comparison is bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from derive.expressions.functions import Z, derivative
from numeric.checks.balls import FLOAT32, FLOAT64, OWN, SURE, Ball, Precision, integral, sure, unit
from numeric.evaluation.arithmetic import COMPARE, FUNCTIONS, Floats, Integers, Mask, Plain, Truth, first_best, leading
from numeric.evaluation.dense import Dense, Scope

ULPS = {"exp": 4, "log": 4, "tanh": 4, "sin": 4, "cos": 4, "sqrt": 1, "sigmoid": 8}
"""Units in the last place by which a library's function may be off: NumPy documents at most 4 for its vectorised ones,
torch (SLEEF) 1, CUDA 2; sqrt is rounded correctly; sigmoid is an exponential, a sum and a quotient."""

POWER_ULPS = 4
BELOW = {"log": 0.0, "sqrt": 0.0}
"""Functions that have no value below a number."""


@dataclass(slots=True)
class Rounding:
    """The arithmetic of values with errors in one precision.

    `divisors` gathers the integers that integers were divided by; `decided` says that no comparison was left open and
    nothing could overflow.
    """

    precision: Precision
    divisors: set[int] = field(default_factory=set)
    decided: bool = True

    @property
    def unit(self) -> float:
        """What one operation may be off by, relative to its result, there and here together."""
        return self.precision.roundoff + OWN

    def number(self, value: Fraction) -> Ball:
        near = np.asarray(float(value))
        if value.denominator == 1 and self._small(np.abs(near)):
            return Ball(near, whole=True)
        exact = Fraction(float(near)) == value and float(np.float32(near)) == float(near)
        return Ball(near, None if exact else self.unit * np.abs(near))

    def integer(self, values: Integers) -> Ball:
        return self.data(values.astype(np.float64))

    def data(self, values: Floats) -> Ball:
        return Ball(values, whole=integral(values) and self._small(np.abs(values)))

    def spread(self, value: Ball, shape: tuple[int, ...]) -> Ball:
        error = None if value.error is None else np.broadcast_to(value.error, shape)
        return Ball(np.broadcast_to(value.value, shape), error, value.whole)

    def take(self, tensor: Ball, flat: Integers, inside: Mask | None) -> Ball:
        error = None if tensor.error is None else PLAIN.take(tensor.error, flat, inside)
        return Ball(PLAIN.take(tensor.value, flat, inside), error, tensor.whole)

    def add(self, terms: Sequence[Ball]) -> Ball:
        if len(terms) == 1:
            return terms[0]
        value, size = PLAIN.add([t.value for t in terms]), PLAIN.add([t.reach for t in terms])
        if all(t.whole for t in terms) and self._small(size):
            return Ball(value, whole=True)
        error = PLAIN.add([t.spread for t in terms])
        # two terms are rounded once, to the result; of more, any partial sum may come first
        rounded = np.abs(value) + error if len(terms) == 2 else size
        claimed = PLAIN.add([np.abs(t.value) for t in terms])
        return self._summed(value, error + self._gamma(len(terms) - 1) * rounded, claimed)

    def multiply(self, factors: Sequence[Ball]) -> Ball:
        found = factors[0] if factors else self.number(Fraction(1))
        for f in factors[1:]:
            found = self._product(found, f)
        return found

    def _product(self, x: Ball, y: Ball) -> Ball:
        value = x.value * y.value
        if x.whole and y.whole and self._small(np.abs(value)):
            return Ball(value, whole=True)
        exact = x.error is None and y.error is None
        if exact and (unit(x) or unit(y)):
            return Ball(value)
        error = np.abs(x.value) * y.spread + np.abs(y.value) * x.spread + x.spread * y.spread
        if not (unit(x) or unit(y)):
            error = error + self._rounded(np.abs(value) + error)
        # a factor that may overflow keeps its claim only next to one whose sign and size are sure
        return self._settled(np.where(np.isfinite(error) | (sure(x) & sure(y)), value, np.nan), error)

    def divide(self, left: Ball, right: Ball) -> Ball:
        value = left.value / right.value
        if left.whole and right.whole:
            self.divisors.update(int(n) for n in np.unique(np.abs(right.value)) if n > 1)
            if integral(value):
                return Ball(value, whole=True)
        below = np.abs(right.value) - right.spread
        error = (left.spread + np.abs(value) * right.spread) / below
        error = error + self._rounded(left.reach / below)
        error = np.where(below > 0, error, np.nan)
        # a divisor that may overflow: anything from 0 to, but for roundings, the quotient
        over = np.isinf(right.spread) & np.isfinite(right.value)
        vanishing = 2 * left.reach / np.abs(right.value) + self.precision.least
        return self._settled(value, np.where(over, vanishing, error))

    def power(self, base: Ball, exponent: Ball) -> Ball:
        powers = np.unique(exponent.value)
        if powers.size != 1:
            shape = np.broadcast_shapes(base.value.shape, exponent.value.shape)
            return Ball(np.full(shape, np.nan), np.full(shape, np.inf))
        found = self._raised(base, float(powers[0]))
        return found if exponent.error is None else self._moved(found, base, float(exponent.error.max()))

    def _moved(self, found: Ball, base: Ball, error: float) -> Ball:
        """A power whose exponent is only known up to an error: x^(n+e) = x^n*exp(e*log(x)), for a positive x."""
        low = np.where(base.value > base.spread, base.value - base.spread, np.nan)
        away = np.maximum(np.abs(np.log(low)), np.abs(np.log(base.reach)))
        return self._settled(found.value, found.spread + found.reach * np.expm1(error * away))

    def _raised(self, base: Ball, n: float) -> Ball:
        if n < 0:
            return self.divide(self.number(Fraction(1)), self._raised(base, -n))
        value = base.value**n
        if n == int(n):
            if base.whole and self._small(np.abs(value)):
                return Ball(value, whole=True)
            steepest = n * base.reach ** (n - 1) if n else np.zeros(value.shape)
            steps = max(n - 1, 0) if n <= 3 else max(n - 1, POWER_ULPS)
        else:
            low = np.where(base.value > base.spread, base.value - base.spread, np.nan)
            steepest, steps = n * np.maximum(low ** (n - 1), base.reach ** (n - 1)), POWER_ULPS
        error = steepest * base.spread
        return self._settled(value, error + steps * self._rounded(np.abs(value) + error))

    def function(self, name: str, z: Ball) -> Ball:
        value = FUNCTIONS[name](z.value)
        error = np.zeros(value.shape)
        if z.error is not None:
            steepest = np.maximum.reduce([np.abs(slope(name, z.value + e)) for e in (-z.error, z.error * 0, z.error)])
            limit = FUNCTIONS[name](np.sign(z.value) * np.inf)
            over = np.isinf(z.error) & np.isfinite(z.value)
            away = np.maximum(np.abs(limit - value), np.abs(FUNCTIONS[name](z.value / 2) - value))
            error = np.where(over, away, np.where(z.error == 0, 0.0, steepest * z.error))
        if name in BELOW:
            error = np.where(z.value - z.spread > BELOW[name], error, np.nan)
        return self._settled(value, error + ULPS[name] * self._rounded(np.abs(value) + error))

    def compare(self, op: str, left: Ball, right: Ball) -> Truth:
        holds = np.asarray(COMPARE[op](left.value, right.value))
        if left.error is None and right.error is None:
            return Truth(holds)
        doubt = ~(np.abs(left.value - right.value) > left.spread + right.spread)
        self.decided = self.decided and not doubt.any()
        return Truth(holds, doubt if doubt.any() else None)

    def choose(self, truth: Truth, then: Ball, other: Ball) -> Ball:
        value = np.where(truth.holds, then.value, other.value)
        if then.error is None and other.error is None and truth.doubt is None:
            return Ball(value, whole=then.whole and other.whole)
        error = np.where(truth.holds, then.spread, other.spread)
        if truth.doubt is not None:
            apart = np.abs(then.value - other.value) + np.maximum(then.spread, other.spread)
            error = np.where(truth.doubt, apart, error)
        return Ball(value, np.where(np.isnan(error), np.inf, error))

    def total(self, terms: Ball, sizes: tuple[int, ...], depth: int) -> Ball:
        values, reach = leading(terms.value, sizes, depth), leading(terms.reach, sizes, depth)
        value, size = values.sum(axis=0), reach.sum(axis=0)
        if terms.whole and self._small(size):
            return Ball(value, whole=True)
        # adding a zero rounds nothing, whether a kernel skips it or not
        steps = np.maximum(np.count_nonzero(reach, axis=0) - 1, 0)
        if terms.error is None:
            return Ball(value, None if not steps.any() else self._gamma(steps) * size)
        error = leading(terms.error, sizes, depth).sum(axis=0)
        return self._summed(value, error + self._gamma(steps) * size, np.abs(values).sum(axis=0))

    def best(self, candidates: Ball, inside: Mask, sizes: tuple[int, ...], depth: int) -> Ball:
        value = PLAIN.best(candidates.value, inside, sizes, depth)
        if candidates.error is None:
            return Ball(value, whole=candidates.whole)
        error = np.where(leading(inside, sizes, depth), leading(candidates.error, sizes, depth), 0).max(axis=0)
        return Ball(np.where(np.isinf(error), np.nan, value), error)

    def chosen(self, candidates: Ball, of: Ball, inside: Mask, sizes: tuple[int, ...], depth: int) -> Ball:
        """The entries of another array where the maxima are; where candidates have errors nothing is claimed."""
        first = first_best(leading(candidates.value, sizes, depth), leading(inside, sizes, depth))
        picked, error = (
            np.take_along_axis(leading(a, sizes, depth), first[None], axis=0)[0] for a in (of.value, of.spread)
        )
        if candidates.error is not None:  # which one wins is open
            error = np.full(picked.shape, np.inf)
        return Ball(picked, error if error.any() else None, of.whole and not error.any())

    def wins(self, candidates: Ball, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Ball:
        won = PLAIN.wins(candidates.value, inside, sizes, depth, at)
        if candidates.error is None:
            return Ball(won, whole=True)
        values, errors = leading(candidates.value, sizes, depth), leading(candidates.error, sizes, depth)
        real = leading(inside, sizes, depth)
        surely = np.where(real, values - errors, -np.inf).max(axis=0)
        several = np.count_nonzero(np.where(real, values + errors, -np.inf) >= surely, axis=0) > 1
        self.decided = self.decided and not several.any()
        return Ball(won, np.broadcast_to(several.astype(np.float64), won.shape))

    # -- the arithmetic of errors --------------------------------------------------------------------------------------

    def _small(self, sizes: Floats) -> bool:
        """Whether integers of these sizes are all exact; what is undefined has no size."""
        return not bool((sizes >= self.precision.integers).any())

    def _gamma(self, steps: Floats | int) -> Floats:
        """n u / (1 - n u): the relative error of n roundings."""
        return np.asarray(steps * self.unit / (1 - steps * self.unit))

    def _rounded(self, reach: Floats) -> Floats:
        """One rounding of a result, an underflow to 0 included; an exact 0 is never rounded."""
        return np.where(reach == 0, 0.0, self.unit * reach + self.precision.least)

    def _summed(self, value: Floats, error: Floats, size: Floats) -> Ball:
        """A sum; one that may overflow keeps its claim where no terms cancel."""
        lost = np.isinf(error) & (np.abs(value) < size / 2)
        return self._settled(np.where(lost, np.nan, value), error)

    def _settled(self, value: Floats, error: Floats) -> Ball:
        """The ball, marked where floats may overflow (infinite error) and where nothing is known (NaN)."""
        value, error = np.broadcast_arrays(value, error)
        if (np.abs(value) + error <= self.precision.largest).all():
            return Ball(value, error)
        self.decided = False
        over = ~(np.abs(value) + error <= self.precision.largest)
        lost = np.isnan(value) | np.isnan(error) | (over & np.isfinite(error) & (error > SURE * np.abs(value)))
        value = np.where(lost, np.nan, np.clip(value, -FLOAT64.largest, FLOAT64.largest))
        return Ball(value, np.where(over | lost, np.inf, error))


PLAIN = Plain()


def slope(name: str, z: Floats) -> Floats:
    """The derivative of a scalar function, SymPy's own."""
    return Dense(PLAIN, {}, reals={Z: z}).value(derivative(name), Scope())


__all__ = ["FLOAT32", "FLOAT64", "ULPS", "Ball", "Precision", "Rounding", "slope"]
