"""Whether a step moved the parameters to where autograd in float64 moves them, but for rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from math import prod

import numpy as np
from numpy.typing import NDArray

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.bench.data import Numbers
from numeric.checks.balls import FLOAT32
from numeric.networks.network_bounds import network_errors
from numeric.networks.network_sizes import shape_at

MOST_TERMS = 2**23
"""Up to so many roundings of float32, n of them are at most twice n times as bad as one."""


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """The parameters after one step of a rate, and how far rounding in float32 may take anybody from them."""

    parameters: Mapping[str, NDArray]
    bounds: Mapping[str, NDArray]

    def used(self, found: Mapping[str, NDArray]) -> dict[str, float]:
        """The largest difference of each parameter over its bound: above 1, and for NaN, it is another gradient."""
        return {name: _used(np.abs(found[name] - want), self.bounds[name]) for name, want in self.parameters.items()}


def expected(graph: Graph, numbers: Numbers, rate: float) -> Expected:
    """What `w - rate*dE/dw` is for the batch.

    The mean over copies of a pool is the mean over the pool; its sums have that many times as many terms, and
    n*u/(1 - n*u) of their rounding grows at most twice as much. Raises: OperationError for a batch too large for that.
    """
    oracle = import_module("numeric.networks.network_oracle")
    _refuse_too_many(graph, numbers)
    arrays = {**numbers.parameters, **numbers.pool}
    wide = {name: x if name in graph.integers else x.astype(np.float64) for name, x in arrays.items()}
    with np.errstate(all="ignore"):
        errors = network_errors(graph, arrays, oracle.order, FLOAT32)
    gradients = oracle.gradients(graph, wide)
    moved, bounds = {}, {}
    for name in graph.parameters:
        longer = 2 * numbers.copies if numbers.copies > 1 else 1
        error = rate * longer * 2 * errors[name].spread.reshape(gradients[name].shape)
        moved[name] = wide[name] - rate * gradients[name]
        reach = np.abs(wide[name]) + 2 * rate * np.abs(gradients[name]) + error
        bounds[name] = error + 2 * FLOAT32.roundoff * reach  # the product with the rate, the difference
    return Expected(moved, bounds)


def _refuse_too_many(graph: Graph, numbers: Numbers) -> None:
    samples = numbers.copies * len(next(iter(numbers.pool.values())))
    symbols = {e.name: samples for i in graph.inputs for e in graph.shapes[i] if e.name is not None}
    most = max(prod(shape_at(graph, n.name, symbols)) for n in graph.nodes)
    if most > MOST_TERMS:
        raise OperationError(
            f"{graph.name}: got sums of up to {most:,} terms for a batch of {samples}, expected at most {MOST_TERMS:,},"
            " for which rounding is bounded; choose a smaller batch"
        )


def _used(difference: NDArray, bound: NDArray) -> float:
    with np.errstate(all="ignore"):
        share = np.where(difference == 0, 0.0, difference / bound)
    return float(np.where(np.isnan(share), np.inf, share).max(initial=0.0))
