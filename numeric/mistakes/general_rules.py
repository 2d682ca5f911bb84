"""Mistakes that are made in any gradient: a sign, a term, a factor, a sum; numbers 69 to 78 and from 109 on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from derive.expressions.build import add, mul, negate, put
from derive.expressions.expr import MINUS_ONE, ONE, Add, Binder, Contract, Div, Entry, Expr, Fn, Mul, Num, Pow
from derive.expressions.index import index
from numeric.mistakes.site import Rule, Site

Path = tuple[int, ...]


def _positions(e: Expr, path: Path = ()) -> Iterator[tuple[Path, Expr]]:
    yield path, e
    for k, part in enumerate(e.parts):
        yield from _positions(part, (*path, k))


def _one_by_one(site: Site, changes: Callable[[Expr], Iterator[Expr]]) -> Iterator[Expr]:
    """The gradient with one node changed, for every node and every change of it."""
    for path, node in _positions(site.right):
        for new in changes(node):
            yield put(site.right, path, new)


def _sign(site: Site) -> Iterator[Expr]:
    yield negate(site.right)


def _divisor_dropped(site: Site) -> Iterator[Expr]:
    yield from _one_by_one(site, lambda e: iter((e.left,) if isinstance(e, Div) else ()))


def _times_divisor(site: Site) -> Iterator[Expr]:
    yield from _one_by_one(site, lambda e: iter((mul((e.left, e.right)),) if isinstance(e, Div) else ()))


def _cotangent_missing(site: Site) -> Iterator[Expr]:
    yield site.in_reads(lambda e: ONE if site.is_cotangent(e) else e)


def _output_for_cotangent(site: Site) -> Iterator[Expr]:
    if site.op.output.axes:  # of a loss, the gradient is often left out: it is 1
        yield site.in_reads(lambda e: replace(e, tensor=site.op.output.name) if site.is_cotangent(e) else e)


def _sign_inside(site: Site) -> Iterator[Expr]:
    """exp(x) for exp(-x)."""
    yield from _one_by_one(site, lambda e: iter((Fn(e.name, negate(e.arg)),) if isinstance(e, Fn) else ()))


def _input_for_output(site: Site) -> Iterator[Expr]:
    """X for O where the two have the same axes."""
    for t in site.op.tensors:
        if t.role == "output" and t.axes and t.axes == site.wrt.axes:
            yield site.reading(t.name, lambda e: replace(e, tensor=site.wrt.name))


def _term_dropped(site: Site) -> Iterator[Expr]:
    def changes(e: Expr) -> Iterator[Expr]:
        if isinstance(e, Add):
            for k in range(len(e.items)):
                yield add((*e.items[:k], *e.items[k + 1 :]))

    yield from _one_by_one(site, changes)


def _factor_dropped(site: Site) -> Iterator[Expr]:
    """One factor of a product left out, the cotangent and signs aside; or a power."""

    def changes(e: Expr) -> Iterator[Expr]:
        if isinstance(e, Mul):
            for k, f in enumerate(e.items):
                if not site.is_cotangent(f) and f != MINUS_ONE:
                    yield mul((*e.items[:k], *e.items[k + 1 :]))
        if isinstance(e, Pow):
            yield e.left

    yield from _one_by_one(site, changes)


def _binders(change: Callable[[Binder], Binder]) -> Rule:
    """One sum over another range."""

    def changes(e: Expr) -> Iterator[Expr]:
        if isinstance(e, Contract):
            for k, b in enumerate(e.binders):
                yield replace(e, binders=(*e.binders[:k], change(b), *e.binders[k + 1 :]))

    return lambda site: _one_by_one(site, changes)


def _term_sign(site: Site) -> Iterator[Expr]:
    def changes(e: Expr) -> Iterator[Expr]:
        if isinstance(e, Add):
            for k, term in enumerate(e.items):
                yield add((*e.items[:k], negate(term), *e.items[k + 1 :]))

    yield from _one_by_one(site, changes)


def _bias_missing(site: Site) -> Iterator[Expr]:
    """O = sum X*F for sum X*F + b."""
    biases = {t.name for t in site.op.inputs if t.argument == "bias"}
    e = site.right
    if isinstance(e, Add):
        yield add(t for t in e.items if not isinstance(t, Entry) or t.tensor not in biases)


def _factor(factor: Fraction) -> Rule:
    """The gradient times a number."""

    def rule(site: Site) -> Iterator[Expr]:
        yield mul((Num(factor), site.right))

    return rule


RULES: dict[int, Rule] = {
    69: _sign,
    70: _divisor_dropped,
    71: _cotangent_missing,
    72: _input_for_output,
    73: _term_dropped,
    74: _factor_dropped,
    75: _binders(lambda b: Binder(b.name, index(1))),
    76: _binders(lambda b: Binder(b.name, b.extent - 1)),
    77: _term_sign,
    78: _factor(Fraction(2)),
    109: _factor(Fraction(1, 2)),
    110: _bias_missing,
    111: _times_divisor,
    113: _output_for_cotangent,
    114: _sign_inside,
}
