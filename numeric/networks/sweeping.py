"""A whole network in an arithmetic of the caller's choice: every node's law forwards, the derived sweep backwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from numpy.typing import NDArray

from derive.networks.composition import Graph, Node, Use
from numeric.backend import cotangent
from numeric.calling.binding import Shape, bind
from numeric.evaluation.arithmetic import Arithmetic
from numeric.evaluation.dense import Dense, world_of
from numeric.networks.network_sizes import shape_at, sizes_of

V = TypeVar("V")
Contribution = Callable[[Use, Dense[V]], V]
"""What one use of a tensor adds to its cotangent, in the world of the node that uses it."""


def forward(
    graph: Graph,
    arithmetic: Arithmetic[V],
    given: Mapping[str, V],
    given_shapes: Mapping[str, Shape],
    labels: Mapping[str, NDArray],
    stable: bool = True,
) -> dict[str, Dense[V]]:
    """Every tensor of every node's law, from inputs and parameters by name; `labels` holds those of integers.

    Laws are taken in their overflow-safe form, or without `stable` as they are written.
    """
    values, shapes = dict(given), dict(given_shapes)
    sizes = sizes_of(graph, shapes)
    worlds: dict[str, Dense[V]] = {}
    for node in graph.nodes:
        world = worlds[node.name] = _world(node, arithmetic, values, shapes, labels, stable)
        values[node.name] = world.tensors[node.op.output.name]
        shapes[node.name] = shape_at(graph, node.name, sizes)
    return worlds


def _world(
    node: Node,
    arithmetic: Arithmetic[V],
    values: Mapping[str, V],
    shapes: Mapping[str, Shape],
    labels: Mapping[str, NDArray],
    stable: bool,
) -> Dense[V]:
    op = node.op if stable else replace(node.op, stable=())
    binding = bind(op, {letter: shapes[source] for letter, source in node.feeds}, {})
    names = {name: int(n) for name, n in binding.names.items()}
    fed = {letter: values[source] for letter, source in node.feeds if source not in labels}
    arrays: dict[str, NDArray | None] = dict.fromkeys(t.argument for t in op.inputs)
    arrays |= {op.tensor(letter).argument: labels.get(source) for letter, source in node.feeds}
    return world_of(op, arithmetic, names, arrays, fed)


def backward(
    graph: Graph,
    arithmetic: Arithmetic[V],
    worlds: Mapping[str, Dense[V]],
    one: V,
    contribution: Contribution[V],
    flat: Callable[[V], V],
) -> dict[str, V]:
    """dE/dS of every tensor on the way from a parameter to E, flat, by the derived sweep from dE/dE = `one`."""
    found = {graph.nodes[-1].name: one}
    for c in graph.backward():
        parts = []
        for use in c.uses:
            world = worlds[use.node.name]
            output = use.node.op.output.name
            world.read(cotangent(use.node.op), found[use.node.name], world.shapes[output])
            parts.append(flat(contribution(use, world)))
        found[c.of] = arithmetic.add(parts)
    return found
