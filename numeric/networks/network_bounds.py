"""How far rounding can take a whole network's gradients: values with errors go through its laws, there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from derive.expressions.expr import Expr
from derive.networks.composition import Graph, Node, Use
from numeric.backend import Formula
from numeric.checks.bounds import ball_of
from numeric.checks.rounding import FLOAT64, Ball, Precision, Rounding
from numeric.evaluation.dense import Dense
from numeric.networks.sweeping import backward, forward

Order = Callable[[Node, str], Expr | None]
"""The gradient of a node by a letter in the order in which the other side computes it, where that is not the law's."""


def network_errors(
    graph: Graph, arrays: Mapping[str, NDArray], order: Order, precision: Precision = FLOAT64
) -> dict[str, Ball]:
    """dE/dw with its error in that precision for every parameter, flat; `arrays` holds inputs and parameters by name.

    The error holds for each of two sides that compute by the laws and in the orders of `order`: at every node the
    larger one goes on.
    """
    rounding = Rounding(precision)
    values = {name: rounding.data(np.asarray(x, np.float64)) for name, x in arrays.items()}
    shapes = {name: np.shape(x) for name, x in arrays.items()}
    labels = {name: np.asarray(arrays[name]) for name in graph.integers}

    def contribution(use: Use, world: Dense[Ball]) -> Ball:
        d = use.derivation
        own = ball_of(world, Formula(d.target.tensor, d.axes, d.formula))
        other = order(use.node, use.letter)
        if other is None:
            return own
        theirs = ball_of(world, Formula(d.target.tensor, d.axes, other))
        return Ball(own.value, np.maximum(own.spread, theirs.spread))

    worlds = forward(graph, rounding, values, shapes, labels)
    found = backward(graph, rounding, worlds, rounding.data(np.ones(())), contribution, flat)
    return {name: found[name] for name in graph.parameters}


def flat(b: Ball) -> Ball:
    """The entries in one axis."""
    return Ball(b.value.reshape(-1), None if b.error is None else b.error.reshape(-1), b.whole)
