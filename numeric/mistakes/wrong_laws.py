"""Laws that are not the operation that people mean: mistakes made before anything is derived."""

from __future__ import annotations

from dataclasses import replace

from derive.expressions.expr import Expr
from derive.operation import Op
from numeric.mistakes.formulas import RULES
from numeric.mistakes.site import Site


def wrong_law(op: Op, number: int) -> Op:
    """The operation with a mistake in its law: what the mistake does to a gradient, done to every right-hand side."""

    def changed(target: str, body: Expr) -> Expr:
        site = Site(op, op.inputs[0], op.tensor(target).axes, body)
        return next(iter(RULES[number](site)), body)

    equations = tuple(replace(e, body=changed(e.target, e.body)) for e in op.equations)
    if equations == op.equations:
        raise ValueError(f"{op.name}: got mistake {number}, expected one that changes its law; choose another")
    return replace(op, equations=equations, stable=())
