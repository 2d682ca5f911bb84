"""Single operations of LeNet's layers as graphs of their own: a layer forwards, and one gradient of a law at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from derive.catalogue import op
from derive.networks.composition import Builder, Graph, graph
from derive.operation import Op
from derive.second import operation_of
from derive.sweep import gradient
from numeric.native.machine import machine
from numeric.networks.compiled.assemble import reading
from numeric.networks.compiled.program import Program, laid_out

RESULT = "result"
Shapes = Mapping[str, tuple[int | str, ...]]

IMAGE: Shapes = {"input": ("N", 6, 14, 14), "weight": (16, 6, 5, 5)}
ROWS: Shapes = {"input": ("N", 400), "weight": (120, 400)}
MADE: Shapes = {"grad_output": ("N", 16, 10, 10)}
UNITS: Shapes = {"grad_output": ("N", 120)}


def layer() -> Graph:
    """LeNet's second convolution with what follows it: bias, ReLU, the maximum of 2 x 2."""
    b = _inputs("convolution, ReLU and pool", {**IMAGE, "bias": (16,)})
    feeds = {name: name for name in b.inputs}
    b.add("made", op("conv2d"), feeds)
    b.add("act", op("relu"), "made")
    b.add(RESULT, op("max_pool2d", kernel_size=2), "act")
    return _reading(b)


def linear() -> Graph:
    """LeNet's first fully connected layer."""
    b = _inputs("linear", {**ROWS, "bias": (120,)})
    b.add(RESULT, op("linear"), {name: name for name in b.inputs})
    return _reading(b)


def backward(law: Op, letter: str, shapes: Shapes) -> Graph:
    """One derived gradient of a law, as an operation; inputs without a shape are left out."""
    made = operation_of(gradient(law, letter))
    b = _inputs(made.name, shapes)
    b.add(RESULT, made, {t.argument: t.argument if t.argument in shapes else None for t in made.inputs})
    return _reading(b)


SINGLE: dict[str, Callable[[], Graph]] = {
    "conv2d, ReLU and max_pool2d": layer,
    "dE/dF of conv2d": partial(backward, op("conv2d"), "F", {**IMAGE, **MADE}),
    "dE/dX of conv2d": partial(backward, op("conv2d"), "X", {**IMAGE, **MADE}),
    "linear": linear,
    "dE/dW of linear": partial(backward, op("linear"), "W", {**ROWS, **UNITS}),
    "dE/dX of linear": partial(backward, op("linear"), "X", {**ROWS, **UNITS}),
    "dE/dX of max_pool2d": partial(
        backward, op("max_pool2d", kernel_size=2), "X", {"input": ("N", 16, 10, 10), "grad_output": ("N", 16, 5, 5)}
    ),
    "dE/dX of cross_entropy": partial(
        backward, op("cross_entropy"), "X", {"input": ("N", 10), "target": ("N",), "grad_output": ()}
    ),
}
"""What is measured, by the words that name it."""


@dataclass(slots=True)
class Compiled:
    """A graph's result by one compiled function, for arrays as they lie: it moves them into lanes and back."""

    program: Program
    arrays: Mapping[str, NDArray]

    def __call__(self) -> NDArray:
        return self.program(self.arrays)[RESULT]


def compiled(g: Graph, arrays: Mapping[str, NDArray], batch: int, threads: int) -> Compiled:
    """The function of a graph, made. Raises: NoCompiler."""
    own = machine()
    layout = laid_out(partial(reading, g, {"N": batch}), batch, own.width("float32"))
    return Compiled(Program(layout, "float32", own, threads), arrays)


def integers(g: Graph, batch: int) -> dict[str, NDArray]:
    """Small integers for every input: sums of their products are exact in float32."""
    rng = np.random.default_rng(0)
    found = {}
    for name in g.inputs:
        shape = tuple(batch if n.constant is None else n.constant for n in g.shapes[name])
        whole = rng.integers(0, 10, shape) if name in g.integers else rng.integers(-1, 2, shape)
        found[name] = whole if name in g.integers else np.asarray(whole, np.float32)
    if "grad_output" in found and not found["grad_output"].shape:
        found["grad_output"] = np.ones((), np.float32)
    return found


def _inputs(name: str, shapes: Shapes) -> Builder:
    b = graph(name)
    for tensor, shape in shapes.items():
        b.input(tensor, *shape)
    return b


def _reading(b: Builder) -> Graph:
    """The graph of a result that is no loss."""
    return Graph(b.name, tuple(b.inputs), (), tuple(b.nodes), dict(b.shapes), RESULT, frozenset(b.integers))
