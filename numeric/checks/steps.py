"""Directional derivatives from values of the law alone: the complex step, and central differences that are exact."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from derive.expressions.expr import (
    Add,
    Cases,
    Compare,
    Contract,
    Div,
    Entry,
    Expr,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
)
from derive.expressions.traversal import reads
from derive.operation import Op
from numeric.checks.samples import Sample
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import world_of

STEP = 2.0**-600
"""So small that h^2 underflows to 0: f(x + ihv) has no cancellation, and its real part stays where kinks are."""

COMPLEX_TRUNCATION = 2.0**-1074 / STEP * 2.0**100
"""What underflow may cost, the least number divided by h, with factors behind it of up to 2^100."""

COMPLEX_ROUNDINGS = 7
"""Rounded real operations behind the imaginary part of one complex product, quotient or function, at most."""


def complex_step(sample: Sample, wrt: str, direction: NDArray) -> NDArray:
    """J v = Im f(x + ihv)/h along one input, in the law's shape; branches are chosen by real parts."""
    with np.errstate(all="ignore"):
        found = _forward(sample, wrt, direction * (1j * STEP))
    return np.asarray(found.imag / STEP)


def central_difference(sample: Sample, wrt: str, direction: NDArray) -> NDArray:
    """J v = (f(x + v) - f(x - v))/2 along one input, in the law's shape: exact up to degree 2 of the law in it."""
    return (_forward(sample, wrt, direction) - _forward(sample, wrt, -direction)) / 2


def _forward(sample: Sample, wrt: str, step: NDArray) -> NDArray:
    op = sample.op
    tensor = op.tensor(wrt)
    array = sample.arrays[tensor.argument]
    assert array is not None
    moved = {tensor.name: sample.flat(tensor, array) + step}
    world = world_of(op, Plain(), sample.names, sample.lawful, moved)
    return np.asarray(world.tensors[op.output.name])


def degree(op: Op, name: str, pieces: bool = False) -> float:
    """The degree of an operation's output in one input: infinite where it is no polynomial.

    With `pieces` it is that of the pieces between which maxima choose.
    """
    known: dict[str, float] = {t.name: float(t.name == name) for t in op.inputs}
    for e in op.equations:
        known[e.target] = _degree(e.body, known, pieces)
    return known[op.output.name]


def _degree(e: Expr, known: Mapping[str, float], pieces: bool) -> float:
    parts = [_degree(p, known, pieces) for p in e.parts]
    if isinstance(e, Entry):
        return known[e.tensor]
    if not any(known[r.tensor] for r in reads(e)):
        return 0.0
    if isinstance(e, Add | Contract) or (pieces and isinstance(e, Maximum | Minimum | Select)):
        return max(parts)
    if isinstance(e, Mul):
        return sum(parts)
    if isinstance(e, Div) and parts[1] == 0:
        return parts[0]
    if isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value >= 0 and e.right.value.denominator == 1:
        return parts[0] * float(e.right.value)
    if isinstance(e, Cases) and isinstance(e.condition, Compare) and parts[0] == 0:
        return max(parts[1:])
    return math.inf
