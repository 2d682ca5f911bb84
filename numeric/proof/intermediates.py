"""Intermediates of a law put in by their equations, one after the other, as far as a comparison needs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice

from derive.expressions.build import mul, rebuild
from derive.expressions.expr import Apply, Binder, Entry, Expr, InRange
from derive.expressions.index import Index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import binders_of, reads
from derive.laws.definitions import unfolder
from derive.operation import Op

MOST_AT_ONCE = 64


def unfolded(op: Op, axes: Sequence[Binder], a: Expr, b: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The two formulas, then with one intermediate of the law put in, with two, and so on."""
    a, b = _named(op, a), _named(op, b)
    order = [e.target for e in reversed(op.equations)]
    several = (chosen for n in range(len(order) + 1) for chosen in combinations(order, n))
    scope = {b.name: b.extent for b in axes}
    seen = set()
    for chosen in islice(several, MOST_AT_ONCE):
        pair = a, b
        for tensor in chosen:
            pair = _put_in(op, pair[0], tensor, scope), _put_in(op, pair[1], tensor, scope)
        if pair not in seen:
            yield pair
        seen.add(pair)


def all_put_in(op: Op, axes: Sequence[Binder], e: Expr, along: str = "") -> Expr:
    """A formula in which every tensor with an equation is what that says; `along` a tensor, those that depend on it."""
    e = _named(op, e)
    moving = {along}
    for equation in op.equations:
        if not along or moving & {r.tensor for r in reads(equation.body)}:
            moving.add(equation.target)
    for equation in (q for q in reversed(op.equations) if q.target in moving):
        e = _put_in(op, e, equation.target, {b.name: b.extent for b in axes})
    return e


def _named(op: Op, e: Expr) -> Expr:
    """Without named results."""
    if isinstance(e, Apply):
        return _named(op, unfolder(op)(e))
    return e.with_parts(tuple(_named(op, p) for p in e.parts)) if e.parts else e


def _put_in(op: Op, e: Expr, tensor: str, scope: Mapping[str, Index]) -> Expr:
    """Every read of a tensor is what its equation says, 0 outside."""
    if isinstance(e, Entry) and e.tensor == tensor:
        equation = op.equation(tensor)
        assert equation is not None
        places = zip(e.indices, op.tensor(tensor).axes, strict=True)
        guards = (InRange(i, axis.extent) for i, axis in places if scope.get(i.name or "") != axis.extent)
        return mul((*guards, substitute(equation.body, dict(zip(equation.names, e.indices, strict=True)))))
    inner = {**scope, **{b.name: b.extent for b in binders_of(e)}}
    return rebuild(e, tuple(_put_in(op, p, tensor, inner) for p in e.parts)) if e.parts else e
