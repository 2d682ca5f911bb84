"""A network's derived gradients against torch's autograd before it is trained, within bounds computed for that network.

Both are computed in float64, for the parameters and digits that training starts with. Equal pixels make equal windows,
and of two equal cells rounding alone would choose the winner; so every pixel is first moved by less than half a grey
level, and every comparison on the way is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from derive.networks.composition import Graph
from numeric.backend import backend
from numeric.checks.checking import Check, compare_bounded, worst_of
from numeric.networks import training_step
from numeric.networks.network_bounds import network_errors
from numeric.training.seeding import Purpose, generator

CHUNK = 8
"""Digits whose gradient is compared at a time: the gradient of a batch is the mean of those of its parts."""

Arrays = Mapping[str, NDArray]


def gradient_check(
    graph: Graph,
    parameters: Arrays,
    images: NDArray,
    labels: NDArray,
    *,
    grey: float,
    backend_name: str = "numpy",
    device: str = "cpu",
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Check]:
    """One check a parameter tensor: dE/dw of the mean loss over the digits `X[b, 1, h, w]`, whose grey levels are
    `grey` apart, from the derived kernels of a backend and from autograd.

    Raises: OperationError for an unknown backend, or tensors that do not fit.
    """
    oracle = import_module("numeric.networks.network_oracle")
    wide = {name: np.asarray(w, np.float64) for name, w in parameters.items()}
    moved = images + generator(seed, Purpose.DITHER).uniform(-0.4999, 0.4999, images.shape) * grey
    own = _derived(graph, backend_name, device)
    found: list[Check] = []
    for first in range(0, len(labels), CHUNK):
        inputs = dict(zip(graph.inputs, (moved[first : first + CHUNK], labels[first : first + CHUNK]), strict=True))
        arrays = {**wide, **inputs}
        with np.errstate(all="ignore"):
            errors = network_errors(graph, arrays, oracle.order)
        want = oracle.gradients(graph, arrays)
        got = own(wide, inputs)
        done = min(first + CHUNK, len(labels))
        for name in graph.parameters:
            bound = 2 * errors[name].spread.reshape(want[name].shape)  # each of the two may be off by the error
            check = compare_bounded(got[name], want[name], bound, f"dE/d {name}: agrees with autograd", 8, seed)
            found.append(replace(check, cases=done - first))
        progress(done, len(labels))
    return worst_of(found)


def _derived(graph: Graph, backend_name: str, device: str) -> Callable[[Arrays, Arrays], dict[str, NDArray]]:
    """The derived gradients of a backend, from NumPy's arrays to NumPy's arrays."""
    arrays, step = backend(backend_name), training_step.compile(graph, backend=backend_name)

    def run(parameters: Arrays, inputs: Arrays) -> dict[str, NDArray]:
        placed = {name: arrays.place(w, device) for name, w in parameters.items()}
        _, found = step(placed, *(arrays.place(x, device) for x in inputs.values()))
        return {name: np.asarray(x.cpu() if hasattr(x, "cpu") else x) for name, x in found.items()}

    return run
