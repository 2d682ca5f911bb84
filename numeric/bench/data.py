"""Numbers on which everybody's float32 step must give the same parameters, within a bound that is small.

Inputs and parameters are small integers, most weights zero: on the way to the scores every sum is exact and no
comparison is open, so that only the loss and what follows from it is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd, prod

import numpy as np
from numpy.typing import NDArray

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.networks.model import parameter_shapes
from numeric.networks.network_sizes import shape_at

POOL = 16
"""Different samples; a larger batch has each of them equally often, so that its mean gradient is theirs."""
NONZERO = 2
"""Weights other than 0 that feed one output, on average: so few that scores stay small, and no probability vanishes."""


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Parameters and inputs by name; the inputs are those of the pool, `copies` of which make the batch."""

    parameters: Mapping[str, NDArray]
    pool: Mapping[str, NDArray]
    copies: int

    @property
    def inputs(self) -> tuple[NDArray, ...]:
        """The inputs of the whole batch."""
        return tuple(np.concatenate([x] * self.copies) for x in self.pool.values())


def numbers(graph: Graph, batch: int, seed: int = 0) -> Numbers:
    """Integers in float32 for a graph whose inputs all have an axis of samples, the first.

    Raises: OperationError for a graph with an input that has none.
    """
    if not all(graph.shapes[i] and graph.shapes[i][0].name for i in graph.inputs):
        raise OperationError(f"{graph.name}: got an input without an axis of samples, expected one; choose another")
    rng = np.random.default_rng(seed)
    pool = gcd(batch, POOL)
    symbols = {e.name: pool for i in graph.inputs for e in graph.shapes[i] if e.name is not None}
    classes = graph.shapes[graph.scores][-1].constant or 1
    inputs = {}
    for name in graph.inputs:
        shape = shape_at(graph, name, symbols)
        whole = rng.integers(0, classes, shape) if name in graph.integers else rng.integers(-1, 2, shape)
        inputs[name] = whole if name in graph.integers else whole.astype(np.float32)
    parameters = {name: _weights(rng, shape) for name, shape in parameter_shapes(graph).items()}
    return Numbers(parameters, inputs, batch // pool)


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray:
    """1 and -1 where a coin of the fan-in's weight falls, else 0."""
    signs = 2 * rng.integers(0, 2, shape) - 1
    return np.where(rng.random(shape) * prod(shape[1:]) < NONZERO, signs, 0).astype(np.float32)
