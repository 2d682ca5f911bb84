"""Computed bounds for calls with arrays of one's own: how far kernels and torch may be apart by rounding."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.expressions.expr import Expr
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from numeric.backend import Formula, cotangent, forward_formulas, gradient_formula
from numeric.checks.bounds import OUTPUT, ball_of
from numeric.checks.checking import compare_bounded
from numeric.checks.rounding import FLOAT64, Rounding
from numeric.evaluation.dense import Dense, world_of
from numeric.kernels import Kernel
from numeric.oracle import order_of_torch

Results = dict[str, NDArray]


def bounds_of_call(made: Kernel, dy: Any, *positional: Any, **named: Any) -> Results:
    """How far two evaluations in float64, by the law and in torch's order, may be apart: output and gradients."""
    users = made._users(positional, named)
    own, frame = made._frame(users)
    op = own.op
    tensors = frame.inward(users)
    given = {t.argument: np.asarray(tensors[t.name]) if t.name in tensors else None for t in op.inputs}
    like = next(iter(users.values()))
    with np.errstate(all="ignore"):
        world = world_of(op, Rounding(FLOAT64), frame.binding.names, given)
        arriving = np.asarray(frame.cotangent(dy, tensors[frame.like]))
        world.read(cotangent(op), world.arithmetic.data(arriving), world.shapes[op.output.name])
        last = forward_formulas(op)[-1]
        found = {OUTPUT: frame.outward(_apart(world, last, _order(op, op.output.name)), like)}
        for t in op.differentiable:
            if t.name in users:
                error = _apart(world, gradient_formula(op, t), _order(op, t.name))
                found[t.argument] = frame.outward(error, like, t.name)
    return {key: np.asarray(error) for key, error in found.items()}


def _order(op: Any, name: str) -> Expr | None:
    """torch's own order, with the numbers that settings are."""
    found = order_of_torch(op, name)
    numbers = {symbol: index(int(v)) for symbol, v in op.settings if v.lstrip("-").isdigit()}
    return None if found is None else substitute(found, numbers)


def _apart(world: Dense[Any], formula: Formula, other: Expr | None) -> NDArray:
    own = ball_of(world, formula).spread
    return own + (own if other is None else ball_of(world, Formula("", formula.axes, other)).spread)


def agree(got: Any, want: Any, bound: Any) -> None:
    """Both are the same within the bound, NaN and infinities included; where nothing is claimed, only shapes are."""
    left, right = np.asarray(got), np.asarray(want)
    check = compare_bounded(left, right, bound, "agree", 7)
    assert check or check.undecided, str(check)
    assert np.array_equal(np.isnan(left), np.isnan(right))
