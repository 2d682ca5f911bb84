"""Where a term divides, or takes a logarithm or a root: outside its tensor an entry is 0, and 0 * 1/0 is not 0.

A plain entry that is 0 there makes nothing of it; what is read must be inside by ranges and guards alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from derive.expressions.expr import (
    GUARDS,
    Binder,
    Binding,
    Cases,
    Compare,
    Div,
    Entry,
    Expr,
    Fn,
    InRange,
    Mul,
    Num,
    Pow,
    Val,
)
from derive.expressions.index import index
from numeric.proof.templates import fill
from numeric.proof.terms import Factor, Term

NOT_AT_ZERO = ("log", "sqrt")
"""Functions without a value, or without a derivative, at 0."""

Axes = Callable[[str], tuple[Binder, ...]]
Needed = tuple[tuple[Expr, ...], Expr]
"""Guards, and what has to follow from them."""


def needed(t: Term, axes: Axes) -> Iterator[Needed]:
    """What must hold for every factor of a term to have a value at every tuple that its guards leave."""
    given = (*(InRange(index(b.name), b.extent) for b in t.binders), *t.guards)
    for f in t.factors:
        for wanted in _of_factor(f, given, axes):
            if wanted[1] not in wanted[0]:
                yield wanted


def _of_factor(f: Factor, given: tuple[Expr, ...], axes: Axes) -> Iterator[Needed]:
    if f.plain:
        return
    e = fill(f.template, f.holes)
    if f.inverse:
        yield from _not_zero(e, given, axes)
    yield from _inside(e, given, axes)


def _not_zero(e: Expr, given: tuple[Expr, ...], axes: Axes) -> Iterator[Needed]:
    """That an entry is read inside, and a condition true; other values are 0 for some numbers, not for their place."""
    for part in e.items if isinstance(e, Mul) else (e,):
        if isinstance(part, Entry):
            places = zip(part.indices, axes(part.tensor), strict=True)
            yield from ((given, InRange(i, axis.extent)) for i, axis in places)
        elif isinstance(part, GUARDS) and not _of_values(part):
            yield given, part


def _of_values(e: Expr) -> bool:
    """Whether a condition is about numbers, of which z3 is not asked."""
    return isinstance(e, Compare) and not all(isinstance(p, Val | Num) for p in e.parts)


def _inside(e: Expr, given: tuple[Expr, ...], axes: Axes) -> Iterator[Needed]:
    """The same of what is under a function, under the guards in force there."""
    match e:
        case Div(_, right):
            yield from _not_zero(right, given, axes)
        case Pow(base, Num(n)) if n < 0 or n.denominator != 1:
            yield from _not_zero(base, given, axes)
        case Fn(name, arg) if name in NOT_AT_ZERO:
            yield from _not_zero(arg, given, axes)
    for part, more in _parts(e):
        yield from _inside(part, (*given, *more), axes)


def _parts(e: Expr) -> Iterator[tuple[Expr, Sequence[Expr]]]:
    """The parts of an expression, each with the guards that are in force in it alone."""
    if isinstance(e, Binding):
        yield e.body, [InRange(index(b.name), b.extent) for b in e.binders]
    elif isinstance(e, Mul):
        guards = [g for g in e.items if isinstance(g, GUARDS) and not _of_values(g)]
        yield from ((p, guards) for p in e.items)
    elif isinstance(e, Cases) and isinstance(e.condition, GUARDS) and not _of_values(e.condition):
        yield e.then, [e.condition]
        yield e.other, []
    else:
        yield from ((p, ()) for p in e.parts)
