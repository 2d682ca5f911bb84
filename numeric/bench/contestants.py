"""Who takes part: the same step of one network, w - rate*dE/dw, by different means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from derive.networks.composition import Graph
from numeric.backend import backend
from numeric.bench.data import Numbers
from numeric.networks import training_step

EAGER = ("eager, NCHW", "eager, channels_last")
COMPILED = "torch.compile"


class Contestant(Protocol):
    """One step after another: a call moves the parameters by `rate`."""

    rate: float

    def __call__(self) -> None:
        """One training step."""

    def parameters(self) -> dict[str, NDArray]:
        """Where the parameters are now."""


Maker = Callable[[Graph, Numbers, int], Contestant]
"""A contestant for a network, its numbers, and so many threads. Raises: OperationError where it cannot take part."""


@dataclass(slots=True)
class Derived:
    """A step of the derived gradients; the update is one line of the arrays' own."""

    step: Callable[..., tuple[Any, Mapping[str, Any]]]
    weights: dict[str, Any]
    inputs: tuple[Any, ...]
    rate: float = field(default=0.0)

    def __call__(self) -> None:
        _, gradients = self.step(self.weights, *self.inputs)
        for name, w in self.weights.items():
            w -= self.rate * gradients[name]

    def parameters(self) -> dict[str, NDArray]:
        return {name: np.asarray(w).copy() for name, w in self.weights.items()}


def derived(backend_name: str, graph: Graph, numbers: Numbers, threads: int, autotune: bool = False) -> Contestant:
    """The step of `numeric.compile` by a backend. Raises: OperationError, where a compiler is missing as well."""
    place = backend(backend_name).place
    batch = len(numbers.inputs[0])
    step = training_step.compile(graph, backend=backend_name, batch=batch, threads=threads, autotune=autotune)
    return Derived(
        step,
        {name: place(w.copy(), "cpu") for name, w in numbers.parameters.items()},
        tuple(place(x, "cpu") for x in numbers.inputs),
    )


def _torch(how: str, graph: Graph, numbers: Numbers, threads: int) -> Contestant:
    from numeric.bench import torch_steps

    return torch_steps.contestant(how, graph, numbers, threads)


MAKERS: dict[str, dict[str, Maker]] = {
    "cpp": {"cpp": partial(derived, "cpp")},
    "tuned": {"cpp, tuned": partial(derived, "cpp", autotune=True)},
    "torch": {"torch, derived": partial(derived, "torch")},
    "numpy": {"numpy, derived": partial(derived, "numpy")},
    "eager": {EAGER[0]: partial(_torch, "plain"), EAGER[1]: partial(_torch, "channels_last")},
    "compile": {COMPILED: partial(_torch, "compiled")},
}
"""The contestants of each word of `--backends`."""
