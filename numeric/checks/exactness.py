"""How large integers may be for floats to compute an operation without any rounding: decided from the formulas alone.

A bound on |values| runs through each formula once, at given sizes: a sum of n terms of at most L stays within n*L, a
product within the product. Where no such bound reaches the first integer that a float does not hold, every partial sum
of every order is exact, whatever the data are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from derive.expressions.expr import (
    Add,
    Cases,
    Compare,
    Contract,
    Div,
    Divides,
    Entry,
    Expr,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.expressions.traversal import free_names, reads, walk
from derive.meaning.denote import World
from derive.operation import Op
from numeric.backend import Formula, cotangent, forward_formulas
from numeric.checks.rounding import Precision
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import Dense

LARGEST = (100_000, 100, 9, 3, 1)
"""How large integers may be, in units of what is divided by: the first at which nothing rounds is taken."""


class Rounds(Exception):
    """A formula leaves the integers, or may."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Integers whose sums on the way stay within `largest`, all of them multiples of `multiple`."""

    largest: int
    multiple: int


@dataclass(frozen=True, slots=True)
class Magnitudes:
    """What each tensor may hold at some sizes: `fixed` are the integers of those that sizes alone determine."""

    names: Mapping[str, Any]
    tensors: dict[str, Whole]
    fixed: dict[str, frozenset[int]] = field(default_factory=dict)

    def of(self, e: Expr) -> Whole:
        """The bound of an expression. Raises: Rounds."""
        number = self.number(e)
        if number is not None:
            return _one_of({number})
        rule = _RULES.get(type(e))
        if rule is None:
            raise Rounds(type(e).__name__)
        return rule(self, e)

    def number(self, e: Expr) -> Fraction | None:
        """The number that an expression of sizes is."""
        if any(True for _ in reads(e)) or not free_names(e) <= self.names.keys():
            return None
        value = World(self.names, {}).value(e, {})
        return Fraction(value) if isinstance(value, int | Fraction) else None

    def divisors(self, e: Expr) -> frozenset[int]:
        """The integers that a divisor takes. Raises: Rounds where data decide them, or they are none."""
        if isinstance(e, Entry) and e.tensor in self.fixed:
            return self.fixed[e.tensor] - {0}
        number = self.number(e)
        if number is None or number.denominator != 1 or number == 0:
            raise Rounds("a divisor")
        return frozenset({abs(int(number))})


def largest_exact(
    op: Op, formulas: Iterable[Formula], names: Mapping[str, Any], precision: Precision
) -> tuple[int, int] | None:
    """(largest, multiple): data that are multiples of `multiple` up to `largest` times it make every formula exact.

    `formulas` are those of gradients, and of other ways to compute them, beside the law's own. None: there are no such
    data, or this analysis knows none.
    """
    every = [*forward_formulas(op), *formulas]
    try:
        multiple = math.lcm(*(n for f in every for n in _divided_by(Magnitudes(names, {}, _fixed(op, names)), f.body)))
        for largest in LARGEST:
            if _reach(op, every, names, largest, multiple) < precision.integers:
                return largest, multiple
    except Rounds:
        pass
    return None


def most_exact(
    op: Op, formulas: Iterable[Formula], names: Mapping[str, Any], precision: Precision
) -> tuple[int, int] | None:
    """The same with the largest integers there are, not with one of a few sizes of them."""
    every = list(formulas)
    found = largest_exact(op, every, names, precision)
    if found is None:
        return None
    low, multiple = found
    high = precision.integers // multiple
    while low < high:
        middle = (low + high + 1) // 2
        if _reach(op, [*forward_formulas(op), *every], names, middle, multiple) < precision.integers:
            low = middle
        else:
            high = middle - 1
    return low, multiple


def _divided_by(magnitudes: Magnitudes, e: Expr) -> Iterator[int]:
    for node in walk(e):
        if isinstance(node, Div):
            yield from magnitudes.divisors(node.right)


def _reach(op: Op, formulas: Iterable[Formula], names: Mapping[str, Any], largest: int, multiple: int) -> int:
    """The largest bound of any formula. Raises: Rounds."""
    data = Whole(largest * multiple, multiple)
    known = {t.name: data for t in op.inputs if not t.integer} | {cotangent(op): data}
    magnitudes = Magnitudes(names, known, _fixed(op, names))
    reach = data.largest
    for f in formulas:
        found = magnitudes.of(f.body)
        known.setdefault(f.target, found)
        reach = max(reach, found.largest)
    return reach


def _fixed(op: Op, names: Mapping[str, Any]) -> dict[str, frozenset[int]]:
    """The tensors that sizes alone determine, as the number of cells of each window."""
    found: dict[str, frozenset[int]] = {}
    for f in forward_formulas(op):
        if not any(True for _ in reads(f.body)):
            values = np.unique(Dense(Plain(), names).tensor(f.axes, f.body)[0])
            if (values == np.rint(values)).all():
                found[f.target] = frozenset(map(int, values))
    return found


# -- one rule a node ---------------------------------------------------------------------------------------------------


def _one_of(values: Iterable[Fraction | int]) -> Whole:
    numbers = [Fraction(v) for v in values]
    if any(n.denominator != 1 for n in numbers):
        raise Rounds("a fraction")
    return Whole(max((abs(int(n)) for n in numbers), default=0), math.gcd(*(int(n) for n in numbers)))


def _entry(m: Magnitudes, e: Entry) -> Whole:
    if e.tensor in m.fixed:
        return _one_of(m.fixed[e.tensor])
    if e.tensor not in m.tensors:
        raise Rounds(e.tensor)
    return m.tensors[e.tensor]


def _sum(m: Magnitudes, e: Add) -> Whole:
    terms = [m.of(t) for t in e.items]
    return Whole(sum(t.largest for t in terms), math.gcd(*(t.multiple for t in terms)))


def _product(m: Magnitudes, e: Mul) -> Whole:
    factors = [m.of(f) for f in e.items]
    # a kernel may divide any one of the factors: no more than one of them vouches for the product
    return Whole(math.prod(f.largest for f in factors), max((f.multiple for f in factors), default=1))


def _quotient(m: Magnitudes, e: Div) -> Whole:
    left, by = m.of(e.left), m.divisors(e.right)
    if any(left.multiple % n for n in by):
        raise Rounds("a quotient")
    return Whole(left.largest, left.multiple // math.lcm(*by))


def _power(m: Magnitudes, e: Pow) -> Whole:
    exponent, base = m.number(e.right), m.of(e.left)
    if exponent is None or exponent.denominator != 1 or not 1 <= exponent <= 9:
        raise Rounds("a power")
    return Whole(base.largest ** int(exponent), base.multiple)


def _guard(m: Magnitudes, e: Expr) -> Whole:
    for part in e.parts:
        if not isinstance(part, Val):  # an index, labels among them, is an integer
            m.of(part)  # what is compared must be exact, too
    return Whole(1, 1)


def _either(m: Magnitudes, parts: Iterable[Expr]) -> Whole:
    found = [m.of(p) for p in parts]
    return Whole(max(f.largest for f in found), math.gcd(*(f.multiple for f in found)))


def _cases(m: Magnitudes, e: Cases) -> Whole:
    _guard(m, e.condition)
    return _either(m, (e.then, e.other))


def _contract(m: Magnitudes, e: Contract) -> Whole:
    terms = m.of(e.body)
    extents = [m.number(Val(b.extent)) for b in e.binders]
    if any(n is None for n in extents):
        raise Rounds("an extent that varies")
    return Whole(terms.largest * math.prod(int(n or 0) for n in extents), terms.multiple)


def _winner(m: Magnitudes, e: Winner) -> Whole:
    m.of(e.body)
    return Whole(1, 1)


_RULES: dict[type, Callable[[Magnitudes, Any], Whole]] = {
    Entry: _entry,
    Add: _sum,
    Mul: _product,
    Div: _quotient,
    Pow: _power,
    Compare: _guard,
    InRange: lambda m, e: Whole(1, 1),
    Divides: lambda m, e: Whole(1, 1),
    Cases: _cases,
    Maximum: lambda m, e: _either(m, (e.left, e.right)),
    Minimum: lambda m, e: _either(m, (e.left, e.right)),
    Contract: _contract,
    Select: lambda m, e: m.of(e.body),
    Winner: _winner,
}
