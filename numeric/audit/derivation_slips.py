"""Slips of the pen, one rule a kind of node: a sign, a term, a factor, a sum, an exponent, an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import combinations

from derive.expressions.build import mul
from derive.expressions.expr import (
    GUARDS,
    MINUS_ONE,
    ONE,
    Add,
    Compare,
    Contract,
    Div,
    Entry,
    Expr,
    Mul,
    Num,
    Pow,
    Winner,
)
from derive.expressions.index import Index, index
from derive.expressions.traversal import put, walk
from derive.language.show import show

Wrong = Iterator[tuple[str, Expr]]
"""Wrong rewritings, each with its name."""


def everywhere(rule: Callable[[Expr], Wrong], e: Expr) -> Wrong:
    for path, node in positions(e):
        for sentence, wrong in rule(node):
            yield sentence, put(e, path, wrong)


def positions(e: Expr, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Expr]]:
    yield path, e
    for k, part in enumerate(e.parts):
        yield from positions(part, (*path, k))


def without(node: Expr, k: int) -> Expr:
    left = tuple(p for m, p in enumerate(node.parts) if m != k)
    return left[0] if len(left) == 1 else node.with_parts(left)


def shown(e: Expr) -> str:
    return show(e, bounds=False)


def _one_less(e: Expr) -> Expr:
    """1 - e."""
    return Add((ONE, mul((MINUS_ONE, e))))


_NOT_SIGMOID: tuple[tuple[str, Callable[[Expr], Expr]], ...] = (
    ("s*(1 + s)", lambda s: Mul((s, Add((ONE, s))))),
    ("s", lambda s: s),
    ("1 - s", _one_less),
    ("(1 - s)^2", lambda s: Mul((_one_less(s), _one_less(s)))),
    ("1 - s^2", lambda s: _one_less(Mul((s, s)))),
    ("s*(s - 1)", lambda s: Mul((MINUS_ONE, s, _one_less(s)))),
)
_NOT_TANH: tuple[tuple[str, Callable[[Expr], Expr]], ...] = (
    ("1 - t", _one_less),
    ("(1 - t)^2", lambda t: Mul((_one_less(t), _one_less(t)))),
    ("1 + t^2", lambda t: Add((ONE, Mul((t, t))))),
    ("t*(1 - t)", lambda t: Mul((t, _one_less(t)))),
)


def sigmoid_slope(e: Expr) -> Wrong:
    """s*(1 - s)."""
    for k, item in enumerate(e.items if isinstance(e, Mul) else ()):
        for m, s in enumerate(e.parts):
            if m != k and item == _one_less(s):
                rest = tuple(f for j, f in enumerate(e.parts) if j not in (k, m))
                yield f"the derivative of {shown(s)} was left out", Mul(rest)
                for text, wrong in _NOT_SIGMOID:
                    yield f"the derivative of the sigmoid is s*(1 - s), not {text}", Mul((*rest, wrong(s)))


def tanh_slope(e: Expr) -> Wrong:
    """1 - t^2."""
    for square in e.items if isinstance(e, Add) else ():
        inner = square.items[-1] if isinstance(square, Mul) else None
        if isinstance(inner, Pow) and e == _one_less(inner) and inner.right == Num(Fraction(2)):
            for text, wrong in _NOT_TANH:
                yield f"the derivative of tanh is 1 - t^2, not {text}", wrong(inner.left)


def sign(e: Expr) -> Wrong:
    """A term with the other sign."""
    for k, item in enumerate(e.parts if isinstance(e, Add) else ()):
        flipped = mul((MINUS_ONE, item))
        yield f"the sign of {shown(item)} is wrong", e.with_parts((*e.parts[:k], flipped, *e.parts[k + 1 :]))


def lost(e: Expr) -> Wrong:
    """A term, a factor or a divisor left out."""
    if isinstance(e, Add):
        for k, item in enumerate(e.items):
            yield f"the term {shown(item)} was lost", without(e, k)
    if isinstance(e, Mul) and len(e.items) > 1:
        for k, item in enumerate(e.items):
            yield _lost_factor(item), without(e, k)
    if isinstance(e, Div):
        yield f"the divisor {shown(e.right)} was lost", e.left
        yield f"it was multiplied by {shown(e.right)} where it is a divisor", Mul((e.left, e.right))
        yield f"it was divided by {shown(e.right)} once too often", Div(e, e.right)


def _lost_factor(item: Expr) -> str:
    if item == MINUS_ONE:
        return "a minus sign was lost"
    if isinstance(item, Winner):
        return "the gradient goes to the winner of a window only"
    if isinstance(item, GUARDS):
        return f"the condition {shown(item)} was lost"
    return f"the factor {shown(item)} was lost"


def sums(e: Expr) -> Wrong:
    """A sum left out, or some of its indices."""
    for k, b in enumerate(e.binders if isinstance(e, Contract) else ()):
        assert isinstance(e, Contract)
        left = (*e.binders[:k], *e.binders[k + 1 :])
        yield f"the sum over {b.name} was lost", Contract(left, e.body) if left else e.body


def conditions(e: Expr) -> Wrong:
    """A condition the other way round."""
    if isinstance(e, Compare):
        sentence = f"the condition {shown(e)} is the wrong way round"
        yield sentence, _one_less(e)
        yield sentence, Compare(e.op, e.right, e.left)


def powers(e: Expr) -> Wrong:
    """An exponent forgotten, or off by one."""
    if isinstance(e, Pow) and isinstance(e.right, Num):
        yield f"the exponent {shown(e.right)} was lost", e.left
        for more in (1, -1):
            yield f"the exponent of {shown(e.left)} is off by one", Pow(e.left, Num(e.right.value + more))


def indices(e: Expr) -> Wrong:
    """Indices of a read exchanged, mirrored, shifted, or taken for another."""
    if not isinstance(e, Entry):
        return
    for k, m in combinations(range(len(e.indices)), 2):
        swapped = list(e.indices)
        swapped[k], swapped[m] = swapped[m], swapped[k]
        yield _misread(e, swapped)
    for k, i in enumerate(e.indices):
        for other in _neighbours(i):
            yield _misread(e, [*e.indices[:k], other, *e.indices[k + 1 :]])
    if len(e.indices) > 1:
        for mirrored in _mirrored(e.indices):
            yield _misread(e, mirrored)


def names_of(e: Expr) -> list[str]:
    """The indices of a line, free and bound."""
    return sorted({i.name for n in walk(e) if isinstance(n, Entry) for i in n.indices if i.name})


def _misread(e: Entry, at: Iterable[Index]) -> tuple[str, Expr]:
    wrong = Entry(e.tensor, tuple(at))
    return f"{shown(wrong)} stands where {shown(e)} is due", wrong


def _neighbours(i: Index) -> Iterator[Index]:
    """An index with one of its terms of the other sign, or left out, and those next to it."""
    for k, (monomial, c) in enumerate(i.terms):
        yield Index((*i.terms[:k], (monomial, -c), *i.terms[k + 1 :]))
        if len(i.terms) > 1:
            yield Index((*i.terms[:k], *i.terms[k + 1 :]))
        if c not in (1, -1):
            yield Index((*i.terms[:k], (monomial, 1), *i.terms[k + 1 :]))
    yield i + 1
    yield i - 1


def _mirrored(at: tuple[Index, ...]) -> Iterator[list[Index]]:
    """All indices with their second terms mirrored at once, as of a filter that was not flipped; or without them."""
    if any(len(i.terms) > 1 for i in at):
        yield [Index((i.terms[0], *((m, -c) for m, c in i.terms[1:]))) if i.terms else i for i in at]
        yield [Index(i.terms[:1]) for i in at]


def renamed(line_names: Iterable[str]) -> Callable[[Expr], Wrong]:
    """One name of an index for another."""
    names = tuple(line_names)

    def rule(e: Expr) -> Wrong:
        for k, i in enumerate(e.indices if isinstance(e, Entry) else ()):
            for name in names:
                if i.name is not None and i.name != name:
                    assert isinstance(e, Entry)
                    yield _misread(e, [*e.indices[:k], index(name), *e.indices[k + 1 :]])

    return rule


SLOPES: tuple[Callable[[Expr], Wrong], ...] = (sigmoid_slope, tanh_slope)
SLIPS: tuple[Callable[[Expr], Wrong], ...] = (lost, sign, sums, conditions, powers, indices)
