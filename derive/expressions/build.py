"""Constructors that leave out what is trivial: nested sums, zero terms, unit factors, guards that are plainly true.

They apply the ring axioms and nothing else, so a checker that compares lines as polynomials accepts what they do.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from derive.expressions.expr import (
    GUARDS,
    ONE,
    ZERO,
    Add,
    Binder,
    Compare,
    Contract,
    Div,
    Divides,
    Expr,
    Fn,
    InRange,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.expressions.index import Composite, Index
from derive.language.tokens import MAX_EXPONENT

Factor = tuple[Expr, int]


def add(terms: Iterable[Expr]) -> Expr:
    """The sum of terms: flat, without zeros, with one constant."""
    flat: list[Expr] = []
    constant, place = Fraction(0), 0
    for t in terms:
        for item in t.items if isinstance(t, Add) else (t,):
            if isinstance(item, Num):
                place = place if constant else len(flat)
                constant += item.value
            else:
                flat.append(item)
    if constant:
        flat.insert(0 if constant > 0 and flat and all(map(negative, flat)) else place, Num(constant))
    return flat[0] if len(flat) == 1 else Add(tuple(flat)) if flat else ZERO


def negative(e: Expr) -> bool:
    """Whether an expression is a negative number or has one among its factors, wherever its author put it."""
    numbers = [n for n in (e.items if isinstance(e, Mul) else (e,)) if isinstance(n, Num)]
    return sum(n.value < 0 for n in numbers) % 2 == 1


def mul(factors: Iterable[Expr]) -> Expr:
    """The product of factors: flat, one constant in front, 0 where a factor is 0."""
    flat: list[Expr] = []
    constant = Fraction(1)
    for f in factors:
        for item in f.items if isinstance(f, Mul) else (f,):
            if isinstance(item, Num):
                constant *= item.value
            elif not _plainly_true(item):
                flat.append(item)
    if constant == 0:
        return ZERO
    if constant != 1:
        flat.insert(0, Num(constant))
    return flat[0] if len(flat) == 1 else Mul(tuple(flat)) if flat else ONE


def div(a: Expr, b: Expr) -> Expr:
    """a/b, without a unit divisor or a zero dividend; signs and numbers move in front."""
    if a == ZERO or b == ONE:
        return a
    if isinstance(b, Num) and b.value != 0:
        return mul((Num(1 / b.value), a))
    if isinstance(a, Mul) and isinstance(a.items[0], Num) and a.items[0].value < 0:
        return mul((Num(Fraction(-1)), div(mul((Num(-a.items[0].value), *a.items[1:])), b)))
    if isinstance(a, Num) and a.value < 0:
        return mul((Num(Fraction(-1)), div(Num(-a.value), b)))
    return Div(a, b)


def power(base: Expr, n: int) -> Expr:
    """base^n for an integer n."""
    if n == 0:
        return ONE
    if n < 0:
        return div(ONE, power(base, -n))
    return base if n == 1 else Pow(base, Num(Fraction(n)))


def negate(e: Expr) -> Expr:
    """-e."""
    return mul((Num(Fraction(-1)), e))


def rebuild(e: Expr, parts: tuple[Expr, ...]) -> Expr:
    """The node over new parts, through the constructors above."""
    if isinstance(e, Add):
        return add(parts)
    if isinstance(e, Mul):
        return mul(parts)
    if isinstance(e, Div):
        return div(*parts)
    if isinstance(e, Contract):
        return contract(e.binders, parts[0])
    return e.with_parts(parts)


def contract(binders: tuple[Binder, ...], body: Expr) -> Expr:
    """The sum over binders; none leaves the body, a zero body leaves 0."""
    if not binders or body == ZERO:
        return body
    return Contract(binders, body)


def put(e: Expr, path: tuple[int, ...], new: Expr) -> Expr:
    """`e` with the sub-expression at a position replaced, rebuilt by the constructors above."""
    if not path:
        return new
    parts = list(e.parts)
    parts[path[0]] = put(parts[path[0]], path[1:], new)
    return rebuild(e, tuple(parts))


def _plainly_true(e: Expr) -> bool:
    if not isinstance(e, GUARDS):
        return False
    if isinstance(e, Divides):
        return e.divisor.constant == 1 and integral(e.dividend)
    if isinstance(e, Compare):
        same = e.left == e.right and all(integral(s.index) for s in (e.left, e.right) if isinstance(s, Val))
        numbers = isinstance(e.left, Val | Num) and isinstance(e.right, Val | Num)
        return e.op in ("==", "<=") and same and numbers
    assert isinstance(e, InRange)
    at, extent = e.index.constant, e.extent.constant
    return at is not None and extent is not None and 0 <= at < extent


def integral(i: Index) -> bool:
    """Whether an index is an integer whatever its names are: it has no exact quotient."""
    for atom in i.atoms():
        if isinstance(atom, Composite):
            if atom.kind == "exact" or not (integral(atom.dividend) and integral(atom.divisor)):
                return False
        elif not isinstance(atom, str) and not all(integral(k) for k in atom.indices):
            return False
    return True


# -- products as lists of factors --------------------------------------------------------------------------------------


def factors(e: Expr) -> list[Factor]:
    """The factors of a product with integer exponents, divisors negative; the constant is a factor like others."""
    if isinstance(e, Mul):
        return [f for item in e.items for f in factors(item)]
    if isinstance(e, Div):
        return factors(e.left) + [(b, -n) for b, n in factors(e.right)]
    if isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value.denominator == 1:
        return [(b, n * int(e.right.value)) for b, n in factors(e.left)]
    return [(e, 1)]


def above_and_below(e: Expr) -> tuple[list[Expr], list[Expr]]:
    """The factors of a product and its divisors, as they stand: a power stays one factor, 1 is none."""
    if isinstance(e, Mul):
        pairs = [above_and_below(item) for item in e.items]
        return [f for above, _ in pairs for f in above], [f for _, below in pairs for f in below]
    if isinstance(e, Div):
        (above, over), (below, under) = above_and_below(e.left), above_and_below(e.right)
        return above + under, over + below
    return ([] if e == ONE else [e]), []


def product(items: Iterable[Factor]) -> Expr:
    """The product of factors with exponents: one quotient, equal factors gathered in the order of first appearance.

    A guard is its own square, and it does not cancel: where it is false, the product is 0 and its quotient undefined.
    """
    total: dict[Expr, int] = {}
    shown: dict[Expr, Expr] = {}
    constant = Fraction(1)
    divisors: list[Expr] = []
    for base, n in items:
        if isinstance(base, Num) and (base.value or n > 0) and abs(n) <= MAX_EXPONENT:
            constant *= base.value**n
            continue
        base = shown.setdefault(in_order(base), base)
        if not isinstance(base, GUARDS):
            total[base] = total.get(base, 0) + n
        elif n > 0:
            total[base] = 1
        elif base not in divisors:
            divisors.append(base)
    above = [power(b, n) for b, n in total.items() if n > 0]
    below = [power(b, -n) for b, n in total.items() if n < 0] + divisors
    if not below:
        return mul((Num(constant), *above))
    top, bottom = Num(Fraction(constant.numerator)), Num(Fraction(constant.denominator))
    return div(mul((top, *above)), mul((bottom, *below)))


def in_order(e: Expr) -> Expr:
    """The expression with all terms and factors in one order: the same for expressions that differ in nothing else."""
    several = isinstance(e, Add | Mul) or any(p.parts for p in e.parts)
    return _ordered(e) if several else e


@lru_cache(maxsize=1 << 14)
def _ordered(e: Expr) -> Expr:
    parts = [in_order(p) for p in e.parts]
    return e.with_parts(tuple(sorted(parts, key=repr) if isinstance(e, Add | Mul) else parts))


def total(e: Expr) -> bool:
    """Whether an expression has a value whatever its reads are: no divisor, logarithm or maximum over an index."""
    if isinstance(e, Val) and not integral(e.index):
        return False  # an index as a number, which a rest leaves without a value
    if isinstance(e, Contract) and not all(integral(b.extent) for b in e.binders):
        return False
    if isinstance(e, Div | Select | Winner) or (isinstance(e, Fn) and e.name in ("log", "sqrt")):
        return False
    if isinstance(e, Pow) and not (isinstance(e.right, Num) and e.right.value >= 0 and e.right.value.denominator == 1):
        return False
    return all(total(p) for p in e.parts)
