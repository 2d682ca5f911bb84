"""Every coefficient of every derivative, compared exactly: polynomials as dictionaries {monomial: number}.

The law itself is multiplied out at given sizes, E = sum dE/dO[o]*O[o], and its derivative by an entry is read off the
dictionary; the derived formula is multiplied out apart from it. The two are equal as polynomials when the dictionaries
are: for all values of the tensors, at these sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from derive.derivation import Derivation
from derive.errors import MeaningError
from derive.expressions.expr import Binder, Compare, Divides, Entry, Expr, InRange, Num, Val
from derive.expressions.index import Index
from derive.laws.definitions import unfolder
from derive.laws.law import COTANGENT
from derive.meaning.denote import World
from derive.meaning.integers import plain
from derive.meaning.small_sizes import sizes_of
from derive.operation import Op
from numeric.evaluation.arithmetic import COMPARE, Integers, Mask
from numeric.evaluation.grid import Grid, Scope, both, holds
from numeric.proof.from_law import energy
from numeric.proof.intermediates import all_put_in
from numeric.proof.reals import labels_of
from numeric.proof.terms import Expansion, Factor, Term
from numeric.proof.verdict import Outside

MOST_POINTS = 20_000_000

Monomial = tuple[int, ...]
Polynomial = dict[Monomial, int | Fraction]
"""Coefficients of products of entries, each product its entries' numbers in ascending order."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How many coefficients of the derivatives by a tensor's entries there are, and the first that differs."""

    tensor: str
    entries: int
    coefficients: int
    difference: str = ""

    def __bool__(self) -> bool:
        return not self.difference


def compare(derivations: Sequence[Derivation], sizes: Mapping[str, int]) -> list[Compared]:
    """All coefficients of some gradients of one law at these sizes: what the law itself gives against the formulas.

    Raises: Outside where the law is no polynomial in its tensors, or too large to be multiplied out.
    """
    ring = Ring(derivations[0].op, sizes_of(derivations[0].op, sizes))
    energy = ring.energy()
    return [ring.compare(d, energy) for d in derivations]


class Ring(Grid):
    """Polynomials in the entries of an operation's tensors, at given sizes; an entry is a number."""

    def __init__(self, op: Op, sizes: Mapping[str, int]) -> None:
        if op.equations and any(p.real for p in op.parameters):
            raise Outside("a law with real parameters is not multiplied out")
        self.op, self.names = op, sizes
        self.labels: Mapping[str, Integers] = {}
        self._reads: list[Mask] | None = None
        world = World(sizes, {})
        self.shapes: dict[str, tuple[int, ...]] = {}
        for t in (*op.inputs, op.output):
            name = t.name if t.role == "input" else COTANGENT + t.name
            self.shapes[name] = tuple(world.size(b.extent, {}) for b in t.axes)
        starts = np.cumsum([0, *map(prod, self.shapes.values())]).tolist()
        self.starts = dict(zip(self.shapes, starts, strict=False))

    def count(self, tensor: str) -> int:
        """How many entries a tensor has."""
        return prod(self.shapes[tensor])

    def compare(self, d: Derivation, energy: Polynomial) -> Compared:
        """The derivatives of E by the entries of one tensor, against the derived formula."""
        want, got = self.derivative(energy, d.wrt.name), self.formula(d)
        difference = "" if want == got else self.first_difference(got, want)
        return Compared(d.wrt.name, self.count(d.wrt.name), len(want), difference)

    def refuse(self, undefined: Mask, message: str) -> None:
        if np.any(undefined):
            raise MeaningError(message)

    # -- three polynomials ---------------------------------------------------------------------------------------------

    def energy(self) -> Polynomial:
        """E = sum[o] dE/dO[o]*O[o], multiplied out."""
        return self.polynomial(energy(self.op), ())

    def derivative(self, e: Polynomial, tensor: str) -> Polynomial:
        """All first derivatives by a tensor's entries; a key is the entry, then what is left of the monomial."""
        start, end = self.starts[tensor], self.starts[tensor] + self.count(tensor)
        found: Polynomial = {}
        for monomial, c in e.items():
            for k, x in enumerate(monomial):
                if start <= x < end:
                    key = (x, *monomial[:k], *monomial[k + 1 :])
                    found[key] = found.get(key, 0) + c
        return found

    def formula(self, d: Derivation) -> Polynomial:
        """The derived formula, with the same keys."""
        return self.polynomial(d.formula, d.axes, d.target)

    def first_difference(self, got: Polynomial, want: Polynomial) -> str:
        """`dX[3]: 1*dE/dO[2]*F[1] got 0`: the first coefficient that differs."""
        key = min(k for k in got.keys() | want.keys() if got.get(k, 0) != want.get(k, 0))
        shown = "*".join(map(self.entry, key[1:])) or "1"
        return f"at {self.entry(key[0])} the coefficient of {shown} is {got.get(key, 0)} for {want.get(key, 0)}"

    def entry(self, number: int) -> str:
        """`F[0,2]`: the entry that a number stands for."""
        name = next(n for n, s in reversed(self.starts.items()) if s <= number)
        place = np.unravel_index(number - self.starts[name], self.shapes[name]) if self.shapes[name] else ()
        return f"{name}[{','.join(str(int(k)) for k in place)}]"

    # -- multiplying out -----------------------------------------------------------------------------------------------

    def polynomial(self, e: Expr, axes: Sequence[Binder], target: Entry | None = None) -> Polynomial:
        """An expression multiplied out at every point of its free indices; what the target is there leads each key."""
        expand = Expansion(self.names, self.names, (), unfolder(self.op), labels_of(self.op))
        found: Polynomial = {}
        for term in expand(all_put_in(self.op, axes, e)):
            weight = self._weight(term)
            for monomial, times in Counter(self._monomials(term, axes, target)).items():
                found[monomial] = found.get(monomial, 0) + weight * times
        return {m: c for m, c in found.items() if c}

    def _weight(self, term: Term) -> int | Fraction:
        found = term.number
        for name, n in term.powers:
            found *= Fraction(self.names[name]) ** n
        return plain(found)

    def _monomials(self, term: Term, axes: Sequence[Binder], target: Entry | None) -> Iterator[Monomial]:
        scope, sizes, counted = self._points((*axes, *term.binders))
        for g in term.guards:
            counted = both(counted, self._guard(g, scope))
        columns = []
        for f in term.factors:
            numbers, inside = self._read(f, scope)
            columns.append(numbers)
            counted = both(counted, inside)
        lead = [] if target is None else [self._number(target.indices, target.tensor.removeprefix("dE/d"), scope)[0]]
        kept = slice(None) if counted is None else np.broadcast_to(counted, sizes).reshape(-1)
        rows = [np.broadcast_to(c, sizes).reshape(-1)[kept] for c in (*lead, *columns)]
        if not rows:
            return iter([()] * int(np.broadcast_to(True if counted is None else counted, sizes).sum()))
        ordered = [*rows[: len(lead)], *np.sort(np.stack(rows[len(lead) :]), axis=0)] if columns else rows
        return zip(*(r.tolist() for r in ordered), strict=True)

    def _points(self, binders: Sequence[Binder]) -> tuple[Scope, tuple[int, ...], Mask | None]:
        """Every tuple of some indices; the extent of one may depend on those before it."""
        scope, sizes, counted = Scope(), tuple[int, ...](), None
        for b in binders:
            scope, own, ragged = self.bind((b,), scope)
            sizes, counted = (*own, *sizes), both(counted, ragged)
            if prod(sizes) > MOST_POINTS:
                raise Outside(f"it has more than {MOST_POINTS:,} summands at these sizes")
        return scope, sizes, counted

    def _read(self, f: Factor, scope: Scope) -> tuple[Integers, Mask | None]:
        if not f.plain or not isinstance(f.template, Entry) or f.template.tensor not in self.shapes:
            raise Outside("it is no polynomial in its tensors")
        return self._number(f.holes, f.template.tensor, scope)

    def _number(self, at: tuple[Index, ...], tensor: str, scope: Scope) -> tuple[Integers, Mask | None]:
        flat, inside = self.place(Entry(tensor, at), self.shapes[tensor], scope)
        return flat + self.starts[tensor], inside

    def _guard(self, g: Expr, scope: Scope) -> Mask:
        match g:
            case InRange(i, n):
                (k, whole), (extent, _) = self.integers(i, scope), self.integers(n, scope)
                return holds((k >= 0) & (k < extent), whole)
            case Divides(divisor, dividend):
                (k, whole), (by, _) = self.integers(dividend, scope), self.integers(divisor, scope)
                return holds((by != 0) & (k % np.where(by == 0, 1, by) == 0), whole)
            case Compare(op, left, right):
                (a, whole), (b, more) = self._side(left, scope), self._side(right, scope)
                return holds(COMPARE[op](a, b), both(whole, more))
        raise Outside("a condition is not one on indices")

    def _side(self, e: Expr, scope: Scope) -> tuple[Integers, Mask | None]:
        match e:
            case Val(i):
                return self.integers(i, scope)
            case Num(value) if value.denominator == 1:
                return np.asarray(int(value)), None
            case InRange() | Divides() | Compare():
                return self._guard(e, scope).astype(np.int64), None
        raise Outside("a condition is not one on indices")
