"""Mistakes in derivatives of scalar functions and at their kinks: numbers 47 to 51 and 53."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from derive.expressions.build import add, div, mul, negate, power
from derive.expressions.expr import ONE, Add, Compare, Entry, Expr, Fn, Maximum, Minimum, Mul, Num, Val
from derive.expressions.traversal import walk
from numeric.mistakes.site import Rule, Site, everywhere

_OTHER = {"<": "<=", "<=": "<"}


def _is_kink(e: Expr) -> bool:
    """[0 < X[...]] and its like: a comparison of data with a number or with data."""
    return isinstance(e, Compare) and e.op in _OTHER and any(isinstance(s, Entry) for s in (e.left, e.right))


def _other_side(e: Expr) -> Expr:
    return Compare(_OTHER[e.op], e.left, e.right) if isinstance(e, Compare) and _is_kink(e) else e


def _kink(site: Site) -> Iterator[Expr]:
    """The derivative of the other side at the kink, or the mean of both."""
    if not any(map(_is_kink, walk(site.right))):
        return
    yield everywhere(site.right, _other_side)
    yield div(add((site.right, everywhere(site.right, _other_side))), Num(Fraction(2)))


def _complement(e: Expr, degree: int) -> Entry | None:
    """s where `e` is 1 - s^degree."""
    if not (isinstance(e, Add) and len(e.items) == 2 and e.items[0] == ONE):
        return None
    for n in walk(e.items[1]):
        if isinstance(n, Entry) and e == add((ONE, negate(power(n, degree)))):
            return n
    return None


def _s_one_plus_s(site: Site) -> Iterator[Expr]:
    def change(e: Expr) -> Expr:
        s = _complement(e, 1)
        return e if s is None else add((ONE, s))

    yield everywhere(site.right, change)


def _one_minus_tanh(site: Site) -> Iterator[Expr]:
    for degree in (1, 2):

        def change(e: Expr, degree: int = degree) -> Expr:
            s = _complement(e, 2)
            return e if s is None else power(add((ONE, negate(s))), degree)

        yield everywhere(site.right, change)
    yield everywhere(site.right, lambda e: add((ONE, power(s, 2))) if (s := _complement(e, 2)) else e)


def _without_alpha(site: Site) -> Iterator[Expr]:
    """exp(X) for a*exp(X), and 1 for the slope."""
    reals = {p.name for p in site.op.parameters if p.real}

    def change(e: Expr) -> Expr:
        if not (isinstance(e, Mul) and any(isinstance(f, Fn) for f in e.items)):
            return e
        return mul(f for f in e.items if not (isinstance(f, Val) and f.index.name in reals))

    yield everywhere(site.right, change)


def _turned(e: Expr) -> Expr:
    return Compare(_OTHER[e.op], e.right, e.left) if isinstance(e, Compare) and _is_kink(e) else e


def _wrong_side(site: Site) -> Iterator[Expr]:
    """[X<=0] for [0<X], and the other way round."""
    if sum(_is_kink(e) for e in walk(site.right)) > 0:
        yield everywhere(site.right, _turned)


def _from_positive(site: Site) -> Iterator[Expr]:
    """max(X, 0) for min(X, 0)."""
    yield site.instead(Minimum, lambda e: Maximum(e.left, e.right))


RULES: dict[int, Rule] = {
    47: _kink,
    48: _s_one_plus_s,
    49: _one_minus_tanh,
    50: _without_alpha,
    51: _wrong_side,
    53: _from_positive,
}
