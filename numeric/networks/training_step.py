"""A whole graph as one training step: forward through its kernels, then the derived reverse sweep; no autograd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.networks.composition import Graph, Node
from derive.operation import Op
from numeric.backend import Array, Saved
from numeric.kernels import Kernel, kernel
from numeric.networks.compiled.step import CompiledStep
from numeric.networks.given import given
from numeric.networks.network_sizes import lying

Values = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Sweep:
    """One node of the reverse sweep, and the letters of its inputs whose cotangents are wanted."""

    node: Node
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """The loss E of a graph and dE/dw of all its parameters; made by `numeric.compile`."""

    graph: Graph
    backend: str
    batch: int | None
    kernels: Mapping[str, Kernel]
    order: tuple[Sweep, ...]

    def __call__(self, parameters: Mapping[str, Array], *inputs: Array) -> tuple[Array, Values]:
        """(E, {name: dE/dname}) for the graph's inputs in their order, such as images and labels.

        Raises: OperationError for tensors that are missing or do not fit.
        """
        values, saved = self._forward(given(self.graph, self.batch, parameters, inputs), self.graph.nodes)
        last = self.graph.nodes[-1].name
        cotangents: Values = {last: 1.0}
        for sweep in self.order:
            node = sweep.node
            tensors = {letter: values[source] for letter, source in node.feeds}
            found = self.kernels[node.name].vjp(
                cotangents.pop(node.name), saved=saved[node.name], wrt=sweep.letters, **tensors
            )
            for letter, source in node.feeds:
                if letter in sweep.letters:
                    part = found[node.op.tensor(letter).argument]
                    cotangents[source] = cotangents[source] + part if source in cotangents else part
        return values[last], {p: cotangents[p] for p in self.graph.parameters}

    def scores(self, parameters: Mapping[str, Array], *inputs: Array) -> Array:
        """What predictions are read from, such as `Z[b, c]`; the loss is left out, and labels with it."""
        stop = [n.name for n in self.graph.nodes].index(self.graph.scores) + 1
        values, _ = self._forward(given(self.graph, self.batch, parameters, inputs), self.graph.nodes[:stop])
        return values[self.graph.scores]

    def _forward(self, values: Values, nodes: tuple[Node, ...]) -> tuple[Values, dict[str, Saved]]:
        values = dict(values)
        saved: dict[str, Saved] = {}
        for node in nodes:
            tensors = {letter: values[source] for letter, source in node.feeds}
            values[node.name], saved[node.name] = self.kernels[node.name].forward_saved(**tensors)
        return values, saved


def compile(
    graph: Graph, backend: str = "numpy", batch: int | None = None, threads: int = 1, autotune: bool = False
) -> TrainingStep | CompiledStep:
    """A training step of any graph of operations; kernels are made once for each law.

    The backend "cpp" makes one function of the whole step; for it alone are `threads`, how many chunks of a batch are
    worked on at a time, and `autotune`, which times the ways to write it on this machine first.

    Raises: OperationError for an unknown backend.
    """
    if backend == "cpp":
        return CompiledStep(graph, batch, threads, autotune)
    kernels = _kernels(graph, backend)
    wanted: dict[str, list[str]] = {}
    for cotangent in graph.backward():
        for use in cotangent.uses:
            wanted.setdefault(use.node.name, []).append(use.letter)
    order = tuple(Sweep(n, tuple(wanted[n.name])) for n in reversed(graph.nodes) if n.name in wanted)
    return TrainingStep(graph, backend, batch, kernels, order)


def _kernels(graph: Graph, backend: str) -> dict[str, Kernel]:
    """The kernels of every node by its name; nodes of one law whose tensors lie alike share theirs."""
    made: dict[tuple[Op, str], Kernel] = {}
    found = {}
    for n in graph.nodes:
        settings = lying(n)
        key = n.op, repr(settings)
        if key not in made:
            made[key] = kernel(n.op, backend=backend, **settings)
        found[n.name] = made[key]
    return found
