"""How far rounding can take a whole network's gradients: values with errors go through its laws, there and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from derive.expressions.expr import Expr
from derive.networks.composition import Graph, Node, Use
from numeric.backend import Formula, cotangent
from numeric.calling.binding import bind
from numeric.checks.bounds import ball_of
from numeric.checks.rounding import FLOAT64, Ball, Rounding
from numeric.evaluation.dense import Dense, world_of
from numeric.networks.network_sizes import shape_at, sizes_of

Order = Callable[[Node, str], Expr | None]
"""The gradient of a node by a letter in the order in which the other side computes it, where that is not the law's."""


def network_errors(graph: Graph, arrays: Mapping[str, NDArray], order: Order) -> dict[str, Ball]:
    """dE/dw with its error in float64 for every parameter, flat; `arrays` holds inputs and parameters by name.

    The error holds for each of two sides that compute by the laws and in the orders of `order`: at every node the
    larger one goes on.
    """
    rounding = Rounding(FLOAT64)
    worlds: dict[str, Dense[Ball]] = {}
    values = {name: _flat(rounding.data(np.asarray(x, np.float64))) for name, x in arrays.items()}
    shapes = {name: np.shape(x) for name, x in arrays.items()}
    sizes = sizes_of(graph, shapes)
    for node in graph.nodes:
        world = worlds[node.name] = _forward(node, values, shapes, arrays, rounding)
        values[node.name] = _flat(world.tensors[node.op.output.name])
        shapes[node.name] = shape_at(graph, node.name, sizes)
    last = graph.nodes[-1].name
    found = {last: _flat(rounding.data(np.ones(())))}
    for c in graph.backward():
        parts = [_backward(use, worlds[use.node.name], found[use.node.name], order) for use in c.uses]
        found[c.of] = rounding.add(parts)
    return {name: found[name] for name in graph.parameters}


def _forward(
    node: Node,
    values: Mapping[str, Ball],
    shapes: Mapping[str, tuple[int, ...]],
    arrays: Mapping[str, NDArray],
    rounding: Rounding,
) -> Dense[Ball]:
    """Every tensor of a node's law, from the values that feed it."""
    op = node.op
    binding = bind(op, {letter: shapes[source] for letter, source in node.feeds}, {})
    names = {name: int(n) for name, n in binding.names.items()}
    fed = {letter: values[source] for letter, source in node.feeds}
    labels: dict[str, NDArray | None] = dict.fromkeys(t.argument for t in op.inputs)
    labels |= {op.tensor(letter).argument: arrays.get(source) for letter, source in node.feeds}
    return world_of(op, rounding, names, labels, fed)


def _backward(use: Use, world: Dense[Ball], dy: Ball, order: Order) -> Ball:
    """What one use of a tensor adds to its cotangent."""
    op, d = use.node.op, use.derivation
    world.read(cotangent(op), dy, world.shapes[op.output.name])
    own = ball_of(world, Formula(d.target.tensor, d.axes, d.formula))
    other = order(use.node, use.letter)
    if other is None:
        return _flat(own)
    theirs = ball_of(world, Formula(d.target.tensor, d.axes, other))
    return _flat(Ball(own.value, np.maximum(own.spread, theirs.spread)))


def _flat(b: Ball) -> Ball:
    return Ball(b.value.reshape(-1), None if b.error is None else b.error.reshape(-1), b.whole)
