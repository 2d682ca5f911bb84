"""Mistakes in derivatives of scalar functions and at their kinks: numbers 47 to 51, 53 and 97 to 100."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from derive.expressions.build import add, div, mul, negate, power
from derive.expressions.expr import ONE, ZERO, Add, Compare, Entry, Expr, Fn, Maximum, Minimum, Mul, Num, Val
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


def _one_plus_tanh(site: Site) -> Iterator[Expr]:
    yield everywhere(site.right, lambda e: add((ONE, power(s, 2))) if (s := _complement(e, 2)) else e)


def _other_function(site: Site) -> Iterator[Expr]:
    """1-s^2 for s(1-s), and the other way round."""

    def to_tanh(e: Expr) -> Expr:
        s = next((s for f in e.items if (s := _complement(f, 1)) in e.items), None) if isinstance(e, Mul) else None
        if s is None or not isinstance(e, Mul):
            return e
        own = (s, add((ONE, negate(s))))
        return mul((*(f for f in e.items if f not in own), add((ONE, negate(power(s, 2))))))

    yield everywhere(site.right, to_tanh)
    yield everywhere(site.right, lambda e: mul((s, add((ONE, negate(s))))) if (s := _complement(e, 2)) else e)


def _without_alpha(site: Site) -> Iterator[Expr]:
    """exp(X) for a*exp(X), and 1 for the slope."""
    reals = {p.name for p in site.op.parameters if p.real}

    def change(e: Expr) -> Expr:
        if not (isinstance(e, Mul) and any(isinstance(f, Fn) for f in e.items)):
            return e
        return mul(f for f in e.items if not (isinstance(f, Val) and f.index.name in reals))

    yield everywhere(site.right, change)


def _at_kinks(site: Site, change: Callable[[Compare], Expr]) -> Iterator[Expr]:
    """The gradient with every comparison at a kink changed; nothing where there is none."""
    if any(map(_is_kink, walk(site.right))):
        yield everywhere(site.right, lambda e: change(e) if isinstance(e, Compare) and _is_kink(e) else e)


def _wrong_side(site: Site) -> Iterator[Expr]:
    """[X<=0] or [X<0] for [0<X], and the other way round."""
    yield from _at_kinks(site, lambda e: Compare(_OTHER[e.op], e.right, e.left))
    yield from _at_kinks(site, lambda e: Compare(e.op, e.right, e.left))


def _value_for_mask(site: Site) -> Iterator[Expr]:
    """max(X, 0) or X for [0<X]."""
    yield from _at_kinks(site, lambda e: e.right if e.left == ZERO else e)
    yield from _at_kinks(site, lambda e: Maximum(e.right, ZERO) if e.left == ZERO else e)


def _mask_of_cotangent(site: Site) -> Iterator[Expr]:
    """[0<dE/dO] for [0<X]."""

    def read(e: Expr) -> Expr:
        own = isinstance(e, Entry) and site.op.tensor(e.tensor).axes == site.op.output.axes
        return Entry(site.cotangent, e.indices) if own and isinstance(e, Entry) else e

    yield from _at_kinks(site, lambda e: Compare(e.op, read(e.left), read(e.right)))


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
    97: _one_plus_tanh,
    98: _other_function,
    99: _value_for_mask,
    100: _mask_of_cotangent,
}
