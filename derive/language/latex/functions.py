"""Functions of a number as the notation has them, and their slopes as SymPy knows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from derive.expressions.expr import (
    MINUS_ONE,
    ZERO,
    Compare,
    Contract,
    Div,
    Expr,
    Fn,
    Maximum,
    Minimum,
    Num,
    Val,
)
from derive.expressions.functions import FUNCTIONS, Z, derivative
from derive.expressions.index import index
from derive.expressions.substitution import fresh
from derive.language.latex.arrays import Indices, Misfit, added, multiplied, names_in, open_binder

TWO = Num(Fraction(2))


def negated(e: Expr) -> Expr:
    """-e."""
    return Num(-e.value) if isinstance(e, Num) else multiplied([MINUS_ONE, e])


def divided(a: Expr, b: Expr) -> Expr:
    """a/b, a number where both are."""
    return Num(a.value / b.value) if isinstance(a, Num) and isinstance(b, Num) and b.value else Div(a, b)


def extreme(kind: type[Maximum] | type[Minimum], parts: Sequence[Expr]) -> Expr:
    """The largest or the smallest of several values."""
    result = parts[0]
    for p in parts[1:]:
        result = kind(result, p)
    return result


def softmax(at: Callable[[Indices], Expr], i: Indices) -> Expr:
    """exp(z_c) over the sum of exp(z_d) for all d; c is the last index."""
    if not i:
        raise Misfit
    name = fresh(i[-1].name or "c", names_in(i))
    return Div(Fn("exp", at(i)), Contract((open_binder(name),), Fn("exp", at((*i[:-1], index(name))))))


def applied(name: str, x: Expr) -> Expr:
    """A function of a number, in the notation's own functions."""
    match name:
        case "relu":
            return Maximum(x, ZERO)
        case "abs":
            return Maximum(x, negated(x))
        case "sign":
            return added([Compare("<", ZERO, x), negated(Compare("<", x, ZERO))])
        case "cosh" | "sinh" | "sech":
            grown, shrunk = Fn("exp", x), Fn("exp", negated(x))
            both = added([grown, shrunk if name != "sinh" else negated(shrunk)])
            return Div(TWO, both) if name == "sech" else Div(both, TWO)
    return Fn(name, x)


def slope(name: str, x: Expr) -> Expr | None:
    """The derivative of a function at x; that of relu is 0 at 0, as torch has it; None where it is not known."""
    if name == "relu":
        return Compare("<", ZERO, x)
    return _at(derivative(name), x) if name in FUNCTIONS else None


def _at(e: Expr, x: Expr) -> Expr:
    if e == Val(index(Z)):
        return x
    return e.with_parts(tuple(_at(p, x) for p in e.parts)) if e.parts else e
