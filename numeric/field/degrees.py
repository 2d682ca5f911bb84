"""Degrees of the rational functions that are evaluated: what the probability of a wrong pass is computed from.

A value is a polynomial in what was drawn and in reciprocals 1/d. `top` is its degree in what was drawn, `poles` says of
each division how high its reciprocals are raised, and how many different ones an entry may depend on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """One division of an array: the degree of each divisor, and how many there are."""

    degree: int
    entries: int


Pole = tuple[int, int]
"""The exponent of the reciprocals of a division, and how many of them occur."""


@dataclass(frozen=True, slots=True)
class Degree:
    """An upper bound for every entry of an array."""

    top: int = 0
    poles: Mapping[Division, Pole] = field(default_factory=dict)

    @property
    def cleared(self) -> int:
        """The degree of the polynomial that is left when every reciprocal is multiplied away."""
        return self.top + self.below

    @property
    def below(self) -> int:
        """The degree of what the reciprocals are multiplied away with."""
        return sum(d.degree * n * count for d, (n, count) in self.poles.items())

    @property
    def constant(self) -> bool:
        """Whether it is a number, whatever was drawn."""
        return not self.top and not self.poles


CONSTANT, DRAWN = Degree(), Degree(1)


def of_sum(terms: Iterable[Degree]) -> Degree:
    """A sum: the highest exponents, and the reciprocals of all terms."""
    top, poles = 0, dict[Division, Pole]()
    for t in terms:
        top = max(top, t.top)
        for d, (n, count) in t.poles.items():
            m, others = poles.get(d, (0, 0))
            poles[d] = max(n, m), min(count + others, d.entries)
    return Degree(top, poles)


def of_total(term: Degree, count: int) -> Degree:
    """A sum of so many terms that are alike."""
    return Degree(term.top, {d: (n, min(c * count, d.entries)) for d, (n, c) in term.poles.items()})


def of_product(factors: Iterable[Degree]) -> Degree:
    """A product: degrees and exponents add."""
    top, poles = 0, dict[Division, Pole]()
    for f in factors:
        top += f.top
        for d, (n, count) in f.poles.items():
            m, others = poles.get(d, (0, 0))
            poles[d] = n + m, min(count + others, d.entries)
    return Degree(top, poles)


def of_power(base: Degree, n: int) -> Degree:
    """A power with an exponent of at least 0."""
    return Degree(base.top * n, {d: (k * n, count) for d, (k, count) in base.poles.items()} if n else {})


def reciprocal(divisor: Degree, entries: int) -> Degree:
    """1/d for an array of so many divisors, each of this degree."""
    return divisor if divisor.constant else Degree(divisor.below, {Division(divisor.cleared, entries): (1, 1)})
