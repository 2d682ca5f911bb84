"""A derivative dO[i]/dX[j] in terms of outputs, as the gradient is: o[i]*([i==j] - o[j]), not by its exponentials.

The derivative is the gradient dE/dX[j] where the cotangent is 1 at i and 0 elsewhere, so the gradient's last line, in
which named results were found, gives that of the derivative.
"""

from __future__ import annotations

from derive.expressions.build import mul, rebuild
from derive.expressions.expr import Binder, Compare, Entry, Expr, val
from derive.expressions.substitution import substitute
from derive.laws.law import COTANGENT
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, gradient


def by_gradient(op: Op, left: Entry, wrt: Entry, axes: tuple[Binder, ...]) -> Expr | None:
    """d`left`/d`wrt` over the free indices `axes`; None where `left` is no entry of the output.

    Raises: NotDerived.
    """
    if left.tensor != op.output.name or op.tensor(wrt.tensor).role != "input":
        return None
    found = gradient(op, wrt.tensor)
    at = {b.name: i for b, i in zip(found.axes, wrt.indices, strict=True)}
    start = _with_delta(COTANGENT + left.tensor, left, substitute(found.formula, at))
    steps = list(run(start, STAGES, op, axes))
    return steps[-1].after if steps else start


def _with_delta(cotangent: str, left: Entry, e: Expr) -> Expr:
    """The expression with [i==i0] for every index of an entry of the cotangent."""
    if isinstance(e, Entry) and e.tensor == cotangent:
        return mul(
            Compare("==", val(i), val(place)) for i, place in zip(left.indices, e.indices, strict=True) if i != place
        )
    return rebuild(e, tuple(_with_delta(cotangent, left, p) for p in e.parts)) if e.parts else e
