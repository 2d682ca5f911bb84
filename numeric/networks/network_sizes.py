"""Numbers for the symbols of a graph, such as its batch size, from the arrays that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.errors import OperationError
from derive.language.show import show_index
from derive.networks.composition import Graph, Node
from derive.networks.fitting import evaluate as sized
from numeric.calling.binding import Shape, evaluate


def sizes_of(graph: Graph, shapes: Mapping[str, Shape]) -> dict[str, int]:
    """The number of every symbol in the shapes of inputs and parameters. Raises: OperationError where two disagree."""
    found: dict[str, int] = {}
    for name in (*graph.inputs, *graph.parameters):
        for extent, n in zip(graph.shapes[name], shapes[name], strict=True):
            wanted = found.setdefault(extent.name, n) if extent.name else evaluate(extent, found)
            if wanted != n:
                where = f"{graph.name}: {name}: got extent {n} for {show_index(extent)}"
                raise OperationError(f"{where}, expected {wanted}; pass tensors whose shapes agree")
    return found


def lying(node: Node) -> dict[str, Any]:
    """torch's arguments for how a node's tensors lie: as in the law, the class axis and what is normalised last."""
    layout = node.op.layout
    dim = {} if layout.dim is None else {"dim": -1}
    if not layout.shape:
        return dim
    extents = {b.name: sized(b.extent, dict(node.sizes)).constant for t in node.op.inputs for b in t.axes}
    return {**dim, layout.shape: (extents[layout.star],)}


def shape_at(graph: Graph, tensor: str, sizes: Mapping[str, int]) -> Shape:
    """The shape of a tensor of a graph in numbers."""
    return tuple(evaluate(n, sizes) for n in graph.shapes[tensor])
