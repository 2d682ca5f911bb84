"""A network as a picture: its operations, the shapes between them, and the cotangents that come back."""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.index import Index
from derive.language.show import show_index
from derive.networks.composition import Graph
from reports.figures import Edge, Node, computational_graph


def network_figure(graph: Graph, direction: str = "down") -> str:
    """The graph of a network as SVG with the cotangents of its reverse sweep; of parameters, the shared ones."""
    last = graph.nodes[-1]
    swept = {c.of for c in graph.backward()}
    nodes = [Node(name, name, shape_in_words(graph.shapes[name]), "input") for name in graph.inputs]
    shared = [p for p in graph.parameters if sum(p in n.sources for n in graph.nodes) > 1]
    nodes += [Node(name, name, shape_in_words(graph.shapes[name]), "parameter") for name in shared]
    edges = []
    for n in graph.nodes:
        nodes.append(Node(n.name, n.name, n.op.name, "loss" if n is last else "op"))
        for source in dict.fromkeys(n.sources):
            if source not in graph.parameters or source in shared:
                back = f"∂E/∂{source}" if source in swept else ""
                edges.append(Edge(source, n.name, shape_in_words(graph.shapes[source]), back))
    return computational_graph(nodes, edges, direction, f"The graph of {graph.name}")


def shape_in_words(shape: Sequence[Index]) -> str:
    """`N × 6 × 28 × 28`."""
    return " × ".join(map(show_index, shape)) or "a number"
