"""Equality of rational functions: of entries, sums, exponentials, logarithms and roots, by SymPy's normal form.

exp(a + b) = exp(a)*exp(b), a^(n/q) = (a^(1/q))^n, log(a*b) = log(a) + log(b) where a > 0, sigmoid and tanh in
exponentials; sums are linear; what max, min and choices compare is taken case by case. What is equal so is equal for
all sizes and values at which both sides are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from derive.cases import TooManyCases, every_case
from derive.expressions.build import contract, mul
from derive.expressions.expr import (
    GUARDS,
    Add,
    Binder,
    Cases,
    Compare,
    Contract,
    Div,
    Entry,
    Expr,
    Fn,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Val,
    Winner,
)
from derive.expressions.index import Index, atom_index, index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names, free_names, walk
from derive.lazy import LazyModule

if TYPE_CHECKING:
    import sympy
else:
    sympy = LazyModule("sympy")

MOST_TERMS = 36
"""Sums over so many numbers are written out."""
MOST_ROOT = 4
"""The n-th root up to so large an n."""
LARGEST_PRIME = 1000
"""A number under a logarithm is taken apart into primes up to this one."""
MOST_NODES = 400
"""Larger expressions are not tried: cancelling is not linear."""

Key = Callable[[Expr], Expr]


def _never(e: Expr) -> bool:
    return False


def rationally_equal(
    a: Expr, b: Expr, key: Key, extents: Mapping[str, Index] | None = None, is_one: Callable[[Expr], bool] = _never
) -> bool:
    """Whether a - b is 0 as a rational function, in every case; `extents` are those of the free indices.

    `key` is one form for expressions that differ in bound names only; `is_one` says which sums are assumed to be 1.
    """
    try:
        if _equal(a, b, key, is_one):
            return True
        return all(_equal(c, d, key, is_one) for c, d in every_case((a, b), extents or {}))
    except TooManyCases:
        return False


def _small(a: Expr, b: Expr) -> bool:
    return sum(1 for e in (a, b) for _ in walk(e)) <= MOST_NODES


def _equal(a: Expr, b: Expr, key: Key, is_one: Callable[[Expr], bool]) -> bool:
    if not _small(a, b):
        return False
    reader = _Reader(key, is_one)
    try:
        top = sympy.fraction(sympy.together(reader.read(a) - reader.read(b)))[0]
        return bool(reader.reduced(sympy.expand(top)) == 0)
    except _NotRational:
        return False


class _NotRational(Exception):
    """An expression that is no rational function of anything."""


@dataclass(slots=True)
class _Reader:
    """Expressions as SymPy's, with a symbol for everything that is not arithmetic."""

    key: Key
    is_one: Callable[[Expr], bool]
    symbols: dict[Any, Any] = field(default_factory=dict)
    meant: dict[Any, Expr] = field(default_factory=dict)
    roots: dict[Any, tuple[Any, int]] = field(default_factory=dict)
    exponents: dict[Any, Any] = field(default_factory=dict)
    logarithms: dict[Any, Any] = field(default_factory=dict)

    def read(self, e: Expr) -> Any:
        match e:
            case Num(value):
                return sympy.Rational(value.numerator, value.denominator)
            case Val(i):
                return self.index(i)
            case Add(items):
                return sympy.Add(*map(self.read, items))
            case Mul(items):
                return sympy.Mul(*map(self.read, items))
            case Div(above, below):
                return self.read(above) / self._divisor(self.read(below))
            case Pow(base, exponent):
                return self.power(self.read(base), self.read(exponent), base)
            case Fn(name, arg) if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, self.read(arg), arg)
            case Contract(binders, body):
                moving, written = _written_out(binders, body)
                return sympy.Add(*(self.sum(moving, self.read(e)) for e in written))
            case Cases(condition, then, other):
                holds = self.read(condition)
                return holds * self.read(then) + (1 - holds) * self.read(other)
            case Compare(op, left, right) if op in _OPPOSITE:
                return 1 - self.read(_OPPOSITE[op](left, right))
            case Maximum(left, right) | Minimum(left, right):
                return self.symbol((type(e), frozenset((self.read(left), self.read(right)))), e)
        return self.symbol(self.key(e), e)

    def _divisor(self, found: Any) -> Any:
        """What is divided by: not 0, nor where a condition is false, for that would make the whole product 0."""
        conditions = [s for s in found.free_symbols if isinstance(self.meant[s], (*GUARDS, Winner))]
        if any(sympy.cancel(found.subs(s, 0)) == 0 for s in conditions) or found == 0:
            raise _NotRational
        return found

    def symbol(self, key: Any, e: Expr, positive: bool = False) -> Any:
        """The variable that stands for an expression, the same for what has the same key."""
        if key not in self.symbols:
            assumptions = {"positive": True} if positive else {}
            self.symbols[key] = sympy.Symbol(f"v{len(self.symbols)}", **assumptions)
            self.meant[self.symbols[key]] = e
        return self.symbols[key]

    def index(self, i: Index) -> Any:
        total: sympy.Expr = sympy.Integer(0)
        for monomial, c in i.terms:
            atoms = (index(a) if isinstance(a, str) else a if isinstance(a, Entry) else atom_index(a) for a in monomial)
            whole = [a if isinstance(a, Entry) else Val(a) for a in atoms]
            total += c * sympy.Mul(*(self.symbol(self.key(a), a) for a in whole))
        return total

    # -- functions -----------------------------------------------------------------------------------------------------

    def exp(self, z: Any) -> Any:
        """A product of powers of one variable for each term of the exponent."""
        product: sympy.Expr = sympy.Integer(1)
        for term in sympy.Add.make_args(sympy.expand(z)):
            number, rest = term.as_coeff_Mul()
            if not number.is_Integer:
                number, rest = sympy.Integer(1), term
            if rest in self.logarithms:
                product *= self.logarithms[rest] ** number
            elif term != 0:
                power = self.symbol(("exp", rest), Fn("exp", self.expression(rest)), positive=True)
                self.exponents[power] = rest
                product *= power**number
        return product

    def log(self, z: Any) -> Any:
        """A sum of one variable for each positive factor, and one for all others."""
        total: sympy.Expr = sympy.Integer(0)
        others: sympy.Expr = sympy.Integer(1)
        for part, sign in zip(sympy.fraction(sympy.cancel(z)), (1, -1), strict=True):
            number, found = sympy.factor_list(part)
            others *= sympy.sign(number)
            primes = ((sympy.Integer(p), n) for p, n in sympy.factorint(abs(int(number)), limit=LARGEST_PRIME).items())
            for factor, n in (*primes, *found):
                if factor.is_positive:
                    total += sign * n * self._one_log(factor)
                else:
                    others *= factor ** (sign * n)
        return total if others == 1 else total + self._one_log(others)

    def _one_log(self, factor: Any) -> Any:
        """Of an exponential its exponent, of anything else a variable."""
        if factor in self.exponents:
            return self.exponents[factor]
        found = self.symbol(("log", factor), Fn("log", self.expression(factor)))
        self.logarithms[found] = factor
        return found

    def root(self, z: Any, n: int, e: Expr) -> Any:
        """The variable whose n-th power is z; z itself where n is 1."""
        if n == 1:
            return z
        power = Fn("sqrt", e) if n == 2 else Pow(e, Num(Fraction(1, n)))
        root = self.symbol(("root", n, sympy.cancel(z)), power)
        self.roots[root] = z, n
        return root

    def power(self, z: Any, exponent: Any, e: Expr) -> Any:
        """z^(n/q + m*k) = (z^(1/q))^n * (z^k)^m, a variable for each root and each z^k."""
        product: sympy.Expr = sympy.Integer(1)
        for term in sympy.Add.make_args(sympy.expand(exponent)):
            number, rest = term.as_coeff_Mul()
            if isinstance(term, sympy.Rational) and term.q <= MOST_ROOT:
                root = self.root(z, int(term.q), e)
                product *= (root if term.p >= 0 else self._divisor(root)) ** int(term.p)
                continue
            if not number.is_Integer:
                number, rest = sympy.Integer(1), term
            power = self.symbol(("power", sympy.cancel(z), rest), Pow(e, self.expression(rest)))
            product *= power**number
        return product

    def reduced(self, top: Any) -> Any:
        """A polynomial with the power of every root put in."""
        for root, (z, n) in self.roots.items():
            above, below = sympy.fraction(sympy.together(z))
            top = sympy.expand(sympy.rem(top, below * root**n - above, root))
            top = sympy.expand(sympy.fraction(sympy.together(top))[0])
        return top

    # -- sums ----------------------------------------------------------------------------------------------------------

    def sum(self, binders: tuple[Binder, ...], body: Any) -> Any:
        """Linear: a sum for every term, with what does not depend on its indices before it."""
        if not binders:
            return body
        names = {b.name for b in binders}
        above, below = sympy.fraction(sympy.cancel(body))
        moving: sympy.Expr = sympy.Integer(1)
        steady: sympy.Expr = sympy.Integer(1)
        for factor in sympy.Mul.make_args(sympy.factor(below)):
            if self._names(factor) & names:
                moving *= factor
            else:
                steady *= factor
        total: sympy.Expr = sympy.Integer(0)
        for term in sympy.Add.make_args(sympy.expand(above)):
            free, bound = self._parted(term, names)
            total += free * self._one_sum(binders, bound / moving)
        return total / steady

    def _parted(self, term: Any, names: set[str]) -> tuple[Any, Any]:
        factors = sympy.Mul.make_args(term)
        bound = [f for f in factors if self._names(f) & names]
        return sympy.Mul(*(f for f in factors if f not in bound)), sympy.Mul(*bound)

    def _one_sum(self, binders: tuple[Binder, ...], body: Any) -> Any:
        """The sum of a product that depends on every factor; an index that it does not have counts its extent."""
        used = self._names(body).union(*(b.extent.names() for b in binders))
        counts = [b for b in binders if b.name not in used and _is_natural(b.extent)]
        count = sympy.Mul(*(self.index(b.extent) for b in counts))
        kept = tuple(b for b in binders if b not in counts)
        if not kept:
            return count * body
        e = _flat(Contract(kept, self.expression(body)))
        for b in e.binders:
            own, others = _parts_with(b, e)
            if self.is_one(Contract((b,), mul(own))):
                return count * self.read(contract(tuple(c for c in e.binders if c != b), mul(others)))
        return count * self.symbol(self.key(e), e, positive=bool(body.is_positive))

    def _names(self, found: Any) -> set[str]:
        return set().union(*(free_names(self.meant[s]) for s in found.free_symbols)) if found.free_symbols else set()

    def expression(self, found: Any) -> Expr:
        """Our expression for one of SymPy's, to be the body of a sum."""
        if found.is_Symbol:
            return self.meant[found]
        if found.is_Rational:
            return Num(Fraction(int(found.p), int(found.q)))
        parts = tuple(self.expression(a) for a in sorted(found.args, key=lambda a: repr(self.key(self.expression(a)))))
        if found.is_Pow:
            return Pow(self.expression(found.args[0]), self.expression(found.args[1]))
        return Add(parts) if found.is_Add else Mul(parts)


def _is_natural(i: Index) -> bool:
    """Whether an extent is plainly not negative: a sum over fewer than no cells is 0."""
    return all(c > 0 for _, c in i.terms) and all(isinstance(a, str) for a in i.atoms())


def _flat(e: Contract) -> Contract:
    """A sum of products with a sum among the factors as one sum."""
    factors = e.body.items if isinstance(e.body, Mul) else (e.body,)
    outer = {b.name for b in e.binders}
    for k, f in enumerate(factors):
        if isinstance(f, Contract) and not any(b.extent.names() & outer for b in f.binders):
            others = factors[:k] + factors[k + 1 :]
            taken = outer.union(*map(all_names, others))
            inner = rename_bound(f, [b.name for b in f.binders if b.name in taken], taken | all_names(f))
            return _flat(Contract(e.binders + inner.binders, mul((*others, inner.body))))
    return e


def _parts_with(b: Binder, e: Contract) -> tuple[list[Expr], list[Expr]]:
    """The factors of a sum's body that depend on one of its indices, and the others."""
    factors = e.body.items if isinstance(e.body, Mul) else (e.body,)
    own = [f for f in factors if b.name in free_names(f)]
    return own, [f for f in factors if f not in own]


def _written_out(binders: tuple[Binder, ...], body: Expr) -> tuple[tuple[Binder, ...], list[Expr]]:
    """A sum over a few numbers as its terms: the indices that still run, and what is summed over them."""
    few = {b.name: b.extent.constant for b in binders if b.extent.constant is not None}
    if prod(few.values()) > MOST_TERMS:
        return binders, [body]
    places = product(*map(range, few.values()))
    terms = [substitute(body, {n: index(k) for n, k in zip(few, at, strict=True)}) for at in places]
    return tuple(b for b in binders if b.name not in few), terms


_OPPOSITE: dict[str, Callable[[Expr, Expr], Expr]] = {
    "<=": lambda a, b: Compare("<", b, a),
    "!=": lambda a, b: Compare("==", a, b),
}


def _sigmoid(reader: _Reader, z: Any, _: Expr) -> Any:
    return 1 / (1 + reader.exp(-z))


def _tanh(reader: _Reader, z: Any, _: Expr) -> Any:
    twice = reader.exp(-2 * z)
    return (1 - twice) / (1 + twice)


_FUNCTIONS: dict[str, Callable[[_Reader, Any, Expr], Any]] = {
    "exp": lambda reader, z, _: reader.exp(z),
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "log": lambda reader, z, _: reader.log(z),
    "sqrt": lambda reader, z, e: reader.root(z, 2, e),
}
