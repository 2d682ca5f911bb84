"""The law of means: what lets the gradient of a normalisation end in three terms."""

from __future__ import annotations

from math import prod

from derive.expressions.build import add, factors, mul
from derive.expressions.expr import ZERO, Add, Binder, Contract, Div, Entry, Expr, Mul, Num, val
from derive.expressions.index import index
from derive.expressions.match import Unknowns, match
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names
from derive.laws.law import Site, law


@law("deviations", "sum[n] a*(f(n) - m) = 0 where the operation says m = (sum[n<N] f(n))/N and a does not depend on n")
def deviations(node: Expr, site: Site) -> Expr | None:
    """Deviations from a mean add up to 0; the sum is gone, so this ends."""
    if not isinstance(node, Contract):
        return None
    parts = factors(node.body)
    for k, (f, n) in enumerate(parts):
        own = tuple(b for b in node.binders if b.name in free_names(f))
        names = {b.name for b in own}
        alone = not any(free_names(g) & names for m, (g, _) in enumerate(parts) if m != k)
        if n == 1 and isinstance(f, Add) and own and alone and any(_is_mean(t, f, own, site) for t in f.items):
            return ZERO
    return None


def _is_mean(term: Expr, f: Add, own: tuple[Binder, ...], site: Site) -> bool:
    """Whether a term of `f` is -m where m, by the operation's equations, is the mean of the other terms."""
    match mul((term,)):  # its number in front
        case Mul((Num(value), Entry(tensor, indices))) if value == -1:
            equation = site.op.equation(tensor)
        case _:
            return False
    if equation is None or any({b.name for b in own} & i.names() for i in indices):
        return False
    axes = site.op.tensor(tensor).axes
    if any(i.name is None or site.extent(i.name) != b.extent for i, b in zip(indices, axes, strict=True)):
        return False  # out of range it is 0 and the mean may not be
    total = Contract(own, add(t for t in f.items if t != term))
    counts = (val(prod((b.extent for b in own), start=index(1))), mul(val(b.extent) for b in own))
    body = substitute(equation.body, dict(zip(equation.names, indices, strict=True)))
    return any(match(body, Div(total, count), Unknowns(frozenset())) is not None for count in counts)


MEANS = (deviations,)
