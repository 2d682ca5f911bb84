"""Whether wrong numbers are but a kernel's own rounding: they are measured against the derived formula's bounds."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from numeric.audit.kernel.subjects import OUTPUT
from numeric.audit.kernel.trials import Trial, formulas
from numeric.checks.bounds import Bounds, bounds_on, error_of
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision

HALF = 2.0**-11
COARSER = {FLOAT64.name: FLOAT32.roundoff, FLOAT32.name: HALF}
"""The unit roundoff of the next coarser format."""


def most(precision: Precision) -> float:
    """Up to how many times the derived bound is rounding: nearer to the format's own than to the next coarser one's."""
    return math.sqrt(COARSER[precision.name] / precision.roundoff)


def roundings(trial: Trial, key: str, got: NDArray, want: NDArray) -> float:
    """How far off a result is at most, in units of the largest rounding that the derived formula may have in it.

    Integers count here as numbers that are rounded: another formula for the same may divide first, or transform.
    """
    far = np.abs(got.astype(np.float64) - want)
    if not np.isfinite(far).all():
        return math.inf
    scale = largest_rounding(trial, key)
    return float(far.max()) / scale if scale else math.inf


def largest_rounding(trial: Trial, key: str) -> float:
    """The largest error that the derived formula may have in a result, where it is known."""
    spread = _bounds(trial, replace(trial.precision, integers=0)).balls[key].spread
    # where a function is flat by its data, what is subtracted from one another has the cotangent's size
    dying = np.abs(trial.sample.cotangent).max(initial=0) if trial.sample.kind == "saturated" else 0.0
    return max(float(spread[np.isfinite(spread)].max(initial=0)), trial.precision.roundoff * float(dying))


def bound_of_torch(trial: Trial, key: str) -> NDArray:
    """The rounding error of the order in which torch computes it, where that is another: a kernel may do as torch."""
    op = trial.sample.op
    tensor = op.output if key == OUTPUT else op.tensor(key)
    other = import_module("numeric.oracle").order_of_torch(op, tensor.name)
    if other is None:
        return np.zeros(1)
    ratio = trial.precision.roundoff / FLOAT64.roundoff
    return trial.sample.passed(tensor, error_of(op, trial.sample, tensor.name, other)) * ratio


def bound_in_single(trial: Trial, key: str) -> NDArray:
    """The rounding error of the derived formula in float32."""
    tensor = trial.sample.op.output if key == OUTPUT else trial.sample.op.tensor(key)
    return trial.sample.passed(tensor, _bounds(trial, FLOAT32).balls[key].spread)


def _bounds(trial: Trial, precision: Precision) -> Bounds:
    with np.errstate(all="ignore"):
        return bounds_on(trial.sample.op, formulas(trial.sample.op, trial.rule), trial.sample, precision)
