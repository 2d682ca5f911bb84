"""Arrays of exact numbers (dtype object): integers, fractions, residues, with a value for what is undefined.

A quotient by 0 has no value, yet a false guard in front of it makes the product 0; so what is undefined is carried
along and refused only where it reaches a result.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.meaning import exact
from numeric.evaluation.arithmetic import COMPARE, Integers, Mask, Plain, Truth, leading

Objects = NDArray[np.object_]


class Undefined:
    """A number that is none; whatever is computed from it is none either."""


UNDEFINED = Undefined()


def _lifted(rule: Callable[..., Any], arity: int) -> np.ufunc:
    def elementwise(*args: Any) -> Any:
        if any(isinstance(a, Undefined) for a in args):
            return UNDEFINED
        try:
            return rule(*args)
        except (MeaningError, ZeroDivisionError):
            return UNDEFINED

    return np.frompyfunc(elementwise, arity, 1)


_add, _multiply = _lifted(operator.add, 2), _lifted(operator.mul, 2)
_divide, _power = _lifted(exact.divide, 2), _lifted(exact.power, 2)


def _ordered(a: Any, b: Any) -> bool:
    if isinstance(a, exact.Residue) or isinstance(b, exact.Residue):
        raise MeaningError("a comparison: got values of the prime field, which have no order, expected numbers;"
                           " compare before exp or log")  # fmt: skip
    return not isinstance(a, Undefined) and not isinstance(b, Undefined)


def _comparison(op: str) -> np.ufunc:
    rule = COMPARE[op]
    if op in ("==", "!="):
        return np.frompyfunc(rule, 2, 1)
    return np.frompyfunc(lambda a, b: _ordered(a, b) and rule(a, b), 2, 1)


_COMPARE = {op: _comparison(op) for op in COMPARE}


class Exact(Plain):
    """Arithmetic on arrays of exact numbers."""

    def number(self, value: Fraction) -> Objects:
        return _boxed(value.numerator if value.denominator == 1 else value)

    def integer(self, values: Integers) -> Objects:
        return _objects(values)

    def take(self, tensor: Objects, flat: Integers, inside: Mask | None) -> Objects:
        found = _objects(tensor.reshape(-1)[flat])
        return found if inside is None else _objects(np.where(inside, found, 0))

    def add(self, terms: Sequence[Objects]) -> Objects:
        total = _boxed(0)
        for t in terms:
            total = _objects(_add(total, t))
        return total

    def multiply(self, factors: Sequence[Objects]) -> Objects:
        total = _boxed(1)
        for f in factors:
            total = _objects(_multiply(total, f))
        return total

    def divide(self, left: Objects, right: Objects) -> Objects:
        return _objects(_divide(left, right))

    def power(self, base: Objects, exponent: Objects) -> Objects:
        return _objects(_power(base, exponent))

    def function(self, name: str, z: Objects) -> Objects:
        return _objects(_lifted(exact.EXACT[name], 1)(z))

    def compare(self, op: str, left: Objects, right: Objects) -> Truth:
        return Truth(np.asarray(_COMPARE[op](left, right), bool))

    def choose(self, truth: Truth, then: Objects, other: Objects) -> Objects:
        return _objects(np.where(truth.holds, then, other))

    def total(self, terms: Objects, sizes: tuple[int, ...], depth: int) -> Objects:
        stacked = leading(terms, sizes, depth)
        return _objects(_add.reduce(stacked, axis=0)) if len(stacked) else self.number(Fraction(0))

    def best(self, candidates: Objects, inside: Mask, sizes: tuple[int, ...], depth: int) -> Objects:
        values, at = _first(candidates, inside, sizes, depth)
        return _objects(np.take_along_axis(values, at[None], axis=0)[0])

    def wins(self, candidates: Objects, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Objects:
        _, first = _first(candidates, inside, sizes, depth)
        return _objects(np.asarray(first == at, np.int64))


def _first(candidates: Objects, inside: Mask, sizes: tuple[int, ...], depth: int) -> tuple[Objects, Integers]:
    """The candidates along one leading axis, and the position of the first maximum of those inside."""
    values, real = np.broadcast_arrays(leading(candidates, sizes, depth), leading(inside, sizes, depth))
    best = np.zeros(values.shape[1:], np.int64)
    found = np.asarray(real[0]).copy() if len(real) else np.zeros(values.shape[1:], bool)
    for k in range(1, len(values)):
        current = np.take_along_axis(values, best[None], axis=0)[0]
        wins = np.zeros(found.shape, bool)
        both = found & real[k]
        wins[both] = np.asarray(_COMPARE["<"](current[both], values[k][both]), bool)
        better = (real[k] & ~found) | wins
        best = np.where(better, k, best)
        found = found | real[k]
    return values, best


def _objects(values: Any) -> Objects:
    """An array of Python's own numbers."""
    return np.asarray(values).astype(object) if not isinstance(values, np.ndarray) or values.dtype != object else values


def _boxed(value: Any) -> Objects:
    box = np.empty((), object)
    box[()] = value
    return box
