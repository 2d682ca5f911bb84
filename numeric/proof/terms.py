"""A formula as a sum of terms: a number times powers of sizes times a guarded sum over indices of a product of factors.

A factor is what is read, up to the indices at which it is read: `X[#,#]` at (n, i+p), or `exp(X[#,#])` at (n, c). Two
formulas are compared factor by factor as a whole, and index by index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import count
from typing import Any, ClassVar

from derive.expressions.expr import (
    GUARDS,
    ZERO,
    Add,
    Apply,
    Binder,
    Cases,
    Compare,
    Contract,
    D,
    Div,
    Divides,
    Entry,
    Expr,
    InRange,
    Mul,
    Num,
    Pow,
    Val,
    Winner,
)
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names
from numeric.proof.reals import has_values, is_real, with_numbers_compared
from numeric.proof.templates import BOUND, HOLE, template
from numeric.proof.verdict import Outside

MOST_TERMS, MOST_POWER = 256, 4


@dataclass(frozen=True, slots=True)
class Factor:
    """A template read at `holes`, or its reciprocal."""

    template: Expr
    holes: tuple[Index, ...]
    inverse: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is one entry, whose product is 0 where it is read outside."""
        return isinstance(self.template, Entry) and not self.inverse

    @property
    def condition(self) -> bool:
        """Whether it is 1 or 0, so that it is its own square."""
        return isinstance(self.template, (*GUARDS, Winner))

    @property
    def kind(self) -> tuple[str, bool]:
        return repr(self.template), self.inverse


@dataclass(frozen=True, slots=True)
class Term:
    """number * sizes^powers * sum[binders] guards * factors."""

    number: Fraction = Fraction(1)
    powers: tuple[tuple[str, int], ...] = ()
    binders: tuple[Binder, ...] = ()
    guards: tuple[Expr, ...] = ()
    factors: tuple[Factor, ...] = ()

    def __mul__(self, other: Term) -> Term:
        powers = dict(self.powers)
        for name, n in other.powers:
            powers[name] = powers.get(name, 0) + n
        return Term(
            self.number * other.number,
            tuple(sorted((name, n) for name, n in powers.items() if n)),
            self.binders + other.binders,
            tuple(dict.fromkeys(self.guards + other.guards)),
            _cancelled(self.factors + other.factors),
        )

    @property
    def kind(self) -> tuple[tuple[str, bool], ...]:
        """What it is a product of; terms of one kind may be equal or add up."""
        return tuple(sorted(f.kind for f in self.factors))


def _cancelled(factors: tuple[Factor, ...]) -> tuple[Factor, ...]:
    """Without f * 1/f, and with a condition once, which does not cancel: where it is false a product is 0."""
    kept: list[Factor] = []
    for f in factors:
        opposite = replace(f, inverse=not f.inverse)
        if opposite in kept and not f.condition:
            kept.remove(opposite)
        elif not (f.condition and f in kept):
            kept.append(f)
    return tuple(kept)


@dataclass(slots=True)
class Expansion:
    """Expands expressions over some symbols (sizes and whole parameters); all other names in indices are indices.

    Those in `natural` are not negative; `reals` are real parameters, `labels` the tensors that hold integers.
    """

    symbols: Collection[str]
    natural: Collection[str]
    reals: Collection[str]
    unfold: Callable[[Apply], Expr]
    labels: Collection[str] = ()
    _fresh: Iterator[int] = field(default_factory=count, init=False)

    def __call__(self, e: Expr) -> list[Term]:
        """The terms of an expression. Raises: Outside."""
        rule: Callable[[Expansion, Any], list[Term]] = self._rules.get(type(e), Expansion._opaque)
        found = rule(self, e)
        if len(found) > MOST_TERMS:
            raise Outside(f"it multiplies out to more than {MOST_TERMS} products")
        return found

    # -- sums and products ---------------------------------------------------------------------------------------------

    def _sum(self, e: Expr) -> list[Term]:
        return [t for part in e.parts for t in self(part)]

    def _product(self, e: Expr) -> list[Term]:
        return self._times(self(p) for p in e.parts)

    @staticmethod
    def _times(several: Iterable[Sequence[Term]]) -> list[Term]:
        found = [Term()]
        for terms in several:
            found = [a * b for a in found for b in terms]
            if len(found) > MOST_TERMS:
                raise Outside(f"it multiplies out to more than {MOST_TERMS} products")
        return found

    def _quotient(self, e: Div) -> list[Term]:
        return self._times((self(e.left), self._inverse(e.right)))

    def _inverse(self, e: Expr) -> list[Term]:
        """1/e: of a product factor by factor, of a sum as a whole."""
        if isinstance(e, Mul):
            return self._times(self._inverse(p) for p in e.items)
        if isinstance(e, Div):
            return self._times((self._inverse(e.left), self(e.right)))
        if isinstance(e, Pow) and (n := _whole_power(e)):
            return self._times((self._inverse if n > 0 else self)(e.left) for _ in range(abs(n)))
        terms = self(e)
        if len(terms) != 1 or terms[0].binders or terms[0].guards or not terms[0].number:
            return [Term(factors=(replace(self._whole(e), inverse=True),))]
        (t,) = terms
        flipped = tuple(replace(f, inverse=not f.inverse) for f in t.factors)
        return [Term(1 / t.number, tuple((n, -k) for n, k in t.powers), factors=flipped)]

    def _power(self, e: Pow) -> list[Term]:
        n = _whole_power(e)
        if n is None:
            return self._opaque(e)
        return self._times((self if n > 0 else self._inverse)(e.left) for _ in range(abs(n)))

    def _contraction(self, e: Contract) -> list[Term]:
        names = {b.name: f"{b.name}'{next(self._fresh)}" for b in e.binders}
        body = substitute(e.body, {old: index(new) for old, new in names.items()})
        binders = tuple(Binder(names[b.name], b.extent) for b in e.binders)
        return [counted for t in self(body) for counted in self._counted(replace(t, binders=binders + t.binders))]

    def _counted(self, t: Term) -> list[Term]:
        """A sum over an index that nothing depends on is its extent times one summand, where that is never negative."""
        used = {n for g in t.guards for n in free_names(g)} | {n for f in t.factors for h in f.holes for n in h.names()}
        used |= {n for b in t.binders for n in b.extent.names()}
        for b in t.binders:
            natural = set(b.extent.atoms()) <= set(self.natural) and all(c > 0 for _, c in b.extent.terms)
            if b.name not in used and natural:
                rest = replace(t, binders=tuple(c for c in t.binders if c != b))
                return [term for size in self(Val(b.extent)) for term in self._counted(rest * size)]
        return [t]

    # -- leaves --------------------------------------------------------------------------------------------------------

    def _number(self, e: Num) -> list[Term]:
        return [Term(e.value)] if e.value else []

    def _value(self, e: Val) -> list[Term]:
        """A polynomial of sizes and real parameters term by term; one of indices as one factor."""
        names = set(self.symbols) | set(self.reals)
        if not all(isinstance(a, str) and a in names for a in e.index.atoms()):
            return self._opaque(e)
        found = []
        for monomial, c in e.index.terms:
            powers = {str(a): monomial.count(a) for a in monomial}
            found.append(Term(Fraction(c), tuple(sorted(powers.items()))))
        return found

    def _guard(self, e: Expr) -> list[Term]:
        """A condition on integers; one on real numbers is a factor by itself."""
        if isinstance(e, Compare) and not all(isinstance(p, Val | Num) for p in e.parts):
            return self._opaque(e)
        if is_real(e, self.reals, self.labels):
            return self._opaque(e)
        return [Term(guards=(e,))]

    def _cases(self, e: Cases) -> list[Term]:
        condition = self(e.condition)
        if condition == [Term(guards=(e.condition,))]:
            otherwise = [Term(guards=(Compare("==", e.condition, ZERO),))]
        elif isinstance(e.condition, Compare) and has_values(e.condition):
            otherwise = self(_otherwise(e.condition))
        else:
            return self._opaque(e)
        return self._times((condition, self(e.then))) + self._times((otherwise, self(e.other)))

    def _named(self, e: Apply) -> list[Term]:
        return self(self.unfold(e))

    def _unfinished(self, e: D) -> list[Term]:
        raise Outside("it still holds a derivative")

    def _opaque(self, e: Expr) -> list[Term]:
        return [Term(factors=(self._whole(e),))]

    def _whole(self, e: Expr) -> Factor:
        shape, holes = template(with_numbers_compared(e, self.reals, self.labels), self.reals, self.unfold)
        fixed = {*self.reals, *self.symbols}
        stray = {n for n in free_names(shape) - fixed if n[0] not in (HOLE, BOUND)}
        if stray:
            raise Outside(f"a real parameter stands beside {', '.join(sorted(stray))} in one number")
        return Factor(shape, holes)

    _rules: ClassVar[Mapping[type[Expr], Any]] = {
        Num: _number,
        Val: _value,
        Add: _sum,
        Mul: _product,
        Div: _quotient,
        Pow: _power,
        Contract: _contraction,
        Compare: _guard,
        InRange: _guard,
        Divides: _guard,
        Cases: _cases,
        Apply: _named,
        D: _unfinished,
    }


def _otherwise(e: Compare) -> Compare:
    """The comparison of numbers that holds where another does not."""
    op = {"==": "!=", "!=": "==", "<": "<=", "<=": "<"}[e.op]
    return Compare(op, e.right, e.left) if op in ("<", "<=") else Compare(op, e.left, e.right)


def _whole_power(e: Pow) -> int | None:
    """The exponent, where it is a small integer."""
    n = e.right.value if isinstance(e.right, Num) else None
    return None if n is None or n.denominator != 1 or abs(n) > MOST_POWER else int(n)
