"""Scalar functions by name. Their derivatives are SymPy's own (`fdiff`), translated once into our nodes."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from derive.expressions.expr import ONE, Add, Div, Expr, Fn, Mul, Num, Pow, Val
from derive.expressions.index import index
from derive.lazy import LazyModule

if TYPE_CHECKING:
    import sympy
else:
    sympy = LazyModule("sympy")

FUNCTIONS = {
    "exp": "exp(z)",
    "log": "log(z)",
    "tanh": "tanh(z)",
    "sqrt": "sqrt(z)",
    "sin": "sin(z)",
    "cos": "cos(z)",
    "sigmoid": "1/(1 + exp(-z))",
}
"""Name -> what it means in z; `sigmoid` is the one that is defined through another."""

Z = "z"


@cache
def derivative(name: str) -> Expr:
    """The derivative of a scalar function at z, as SymPy knows it, over our nodes with z as `Val(z)`.

    That of `sigmoid` is written in its value s, as s*(1 - s): with exponentials it would overflow where s is near 0.
    """
    z = sympy.Symbol(Z)
    if name != "sigmoid":
        return from_sympy(sympy.diff(getattr(sympy, name)(z), z))
    s = sympy.Function(name)(z)
    slope = sympy.diff(1 / (1 + sympy.exp(-z)), z).subs(sympy.exp(-z), 1 / s - 1)
    return Mul((from_sympy(s), from_sympy(sympy.cancel(slope / s))))


def from_sympy(e: sympy.Basic) -> Expr:
    """A SymPy scalar expression in z over our nodes. Raises TypeError on a node that is no scalar function."""
    if isinstance(e, sympy.Rational):
        return Num(Fraction(int(e.p), int(e.q)))
    if isinstance(e, sympy.Symbol):
        return Val(index(e.name))
    if isinstance(e, sympy.Add):
        return Add(tuple(from_sympy(a) for a in sorted(e.args, key=sympy.default_sort_key)))
    if isinstance(e, sympy.Mul):
        below = [a for a in e.args if isinstance(a, sympy.Pow) and a.exp.is_negative]
        above = [from_sympy(a) for a in e.args if a not in below]
        top = above[0] if len(above) == 1 else Mul(tuple(above))
        return Div(top, from_sympy(sympy.Mul(*(1 / a for a in below)))) if below else top
    if isinstance(e, sympy.Pow) and e.exp.is_negative:
        return Div(ONE, from_sympy(1 / e))
    if isinstance(e, sympy.Pow):
        base = from_sympy(e.base)
        return Fn("sqrt", base) if e.exp == sympy.Rational(1, 2) else Pow(base, from_sympy(e.exp))
    if isinstance(e, sympy.Function) and type(e).__name__ in FUNCTIONS:
        return Fn(type(e).__name__, from_sympy(e.args[0]))
    raise TypeError(f"no scalar function of ours: {e!r}")
