"""A training step of a graph as one compiled function: what `numeric.compile(graph, backend="cpp")` gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.backend import Array
from numeric.native.machine import machine
from numeric.networks.compiled.assemble import batch_of, cotangent_of, reading, training
from numeric.networks.compiled.program import Program, laid_out
from numeric.networks.compiled.tuning import tune
from numeric.networks.given import given
from numeric.networks.network_sizes import shape_at, sizes_of

Values = dict[str, Array]
DTYPES = ("float32", "float64")


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """The loss E of a graph and dE/dw of all its parameters, by one C++ function for each batch and dtype.

    A function is made when its batch and dtype first come; with `autotune`, the few best ways to write each nest are
    timed before. Its memory is its own: calls wait for each other.
    """

    graph: Graph
    batch: int | None = None
    threads: int = 1
    autotune: bool = False
    backend: str = "cpp"
    _programs: dict[tuple[str, str], dict[int, Program]] = field(default_factory=dict, repr=False)
    _known: dict[object, Program] = field(default_factory=dict, repr=False)

    def __call__(self, parameters: Mapping[str, Array], *inputs: Array) -> tuple[Array, Values]:
        """(E, {name: dE/dname}) for the graph's inputs in their order, such as images and labels.

        Raises: OperationError for tensors that are missing or do not fit.
        """
        tensors = {n: np.asarray(x) for n, x in given(self.graph, self.batch, parameters, inputs).items()}
        key = tuple([(n, x.shape, x.dtype) for n, x in tensors.items()])
        program = self._known.get(key)
        if program is None:
            tensors = self._taken(parameters, inputs)
            program = self._known[key] = self._program("step", tensors)
        found = program(tensors)
        loss = found[self.graph.nodes[-1].name]
        return loss[()], {p: found[cotangent_of(p)] for p in self.graph.parameters}

    def scores(self, parameters: Mapping[str, Array], *inputs: Array) -> Array:
        """What predictions are read from, such as `Z[b, c]`; the loss is left out, and labels with it."""
        tensors = self._taken(parameters, inputs)
        n = self._samples(tensors)
        made = self._programs.get(("scores", _dtype(self.graph, tensors)), {})
        larger = min((b for b in made if b >= n), default=n)
        if larger > n:
            own = [i for i in self.graph.inputs if i in tensors and self._along_batch(i)]
            tensors |= {i: np.concatenate([tensors[i], *[tensors[i][-1:]] * (larger - n)]) for i in own}
        return self._program("scores", tensors)(tensors)[self.graph.scores][:n]

    def source(self, parameters: Mapping[str, Array], *inputs: Array) -> str:
        """The C++ text of the step for such tensors."""
        return self._program("step", self._taken(parameters, inputs)).source

    # -- programs ------------------------------------------------------------------------------------------------------

    def _program(self, what: str, tensors: Mapping[str, NDArray]) -> Program:
        dtype, n = _dtype(self.graph, tensors), self._samples(tensors)
        made = self._programs.setdefault((what, dtype), {})
        if n not in made:
            shapes = {t: x.shape for t, x in tensors.items()}
            sizes = sizes_of(self.graph, {**_declared(self.graph, shapes), **shapes})
            assemble = partial(training if what == "step" else reading, self.graph, sizes)
            whole = 1 if (symbol := batch_of(self.graph)) is None or symbol.name is None else n
            own = machine().narrowed(n, dtype)
            layout = laid_out(assemble, whole, own.width(dtype))
            if self.autotune:
                tune(layout, dtype, own)
            made[n] = Program(layout, dtype, own, self.threads)
        return made[n]

    def _samples(self, tensors: Mapping[str, NDArray]) -> int:
        """The number of samples; 1 where the graph has no such axis."""
        return next((len(tensors[i]) for i in self.graph.inputs if i in tensors and self._along_batch(i)), 1)

    def _along_batch(self, tensor: str) -> bool:
        first = batch_of(self.graph)
        return first is not None and self.graph.shapes[tensor][:1] == (first,)

    def _taken(self, parameters: Mapping[str, Array], inputs: tuple[Array, ...]) -> dict[str, NDArray]:
        """The tensors as NumPy's, of the shapes that the function reads. Raises: OperationError."""
        tensors = {name: np.asarray(x) for name, x in given(self.graph, self.batch, parameters, inputs).items()}
        known = {n: x.shape for n, x in tensors.items() if n in self.graph.shapes}
        for name, shape in known.items():
            if len(shape) != len(self.graph.shapes[name]):
                raise OperationError(f"{self.graph.name}: {name}: got {len(shape)} axes in shape {shape}, expected"
                                     f" {len(self.graph.shapes[name])}; reshape it")  # fmt: skip
        sizes = sizes_of(self.graph, {**_declared(self.graph, known), **known})
        for name, shape in known.items():
            if (wanted := shape_at(self.graph, name, sizes)) != shape or 0 in shape:
                raise OperationError(f"{self.graph.name}: {name}: got shape {shape}, expected {wanted}; reshape it")
        return {n: tensors[n] for n in known}


def _declared(graph: Graph, known: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Shapes of inputs that a call leaves out, such as labels where only scores are wanted."""
    symbols = {
        e.name: n
        for t, shape in known.items()
        for e, n in zip(graph.shapes[t], shape, strict=True)
        if e.name is not None
    }
    return {i: shape_at(graph, i, symbols) for i in graph.inputs if i not in known}


def _dtype(graph: Graph, tensors: Mapping[str, NDArray]) -> str:
    """The dtype of all tensors but labels. Raises: OperationError."""
    found = {n: str(x.dtype) for n, x in tensors.items() if n not in graph.integers}
    for name, dtype in found.items():
        if dtype not in DTYPES:
            raise OperationError(f"{graph.name}: {name}: got {dtype}, expected {' or '.join(DTYPES)}; convert it")
    if len(set(found.values())) > 1:
        shown = ", ".join(f"{n} {d}" for n, d in found.items())
        raise OperationError(f"{graph.name}: got {shown}, expected one dtype; convert them")
    return next(iter(found.values()), DTYPES[0])
