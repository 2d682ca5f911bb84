"""The single operations of `numeric.bench.single` by PyTorch's own library, aten, in the layouts it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Tensors = Mapping[str, Any]
functional, aten = torch.nn.functional, torch.ops.aten
LAYOUTS = {"aten, NCHW": torch.contiguous_format, "aten, channels_last": torch.channels_last}
IMAGES = 4
"""Tensors with so many axes have both layouts."""


def _layer(x: Tensors) -> Any:
    return functional.max_pool2d(functional.relu(functional.conv2d(x["input"], x["weight"], x["bias"])), 2)


def _convolution(which: int, x: Tensors) -> Any:
    """One of the gradients of a convolution: of its input (0) or its weight (1)."""
    wanted = [k == which for k in range(3)]
    around = (None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1, wanted)
    return aten.convolution_backward(x["grad_output"], x["input"], x["weight"], *around)[which]


def _pool(x: Tensors) -> Any:
    """The gradient of pooling, the winners known from the forward pass."""
    return aten.max_pool2d_with_indices_backward(
        x["grad_output"], x["input"], (2, 2), (2, 2), (0, 0), (1, 1), False, x["winners"]
    )


def _cross_entropy(x: Tensors) -> Any:
    """The gradient of the mean loss by autograd, forward pass included: no smaller piece has it all."""
    scores = x["input"].detach().requires_grad_()
    return torch.autograd.grad(functional.cross_entropy(scores, x["target"]), scores)[0]


CALLS: dict[str, Callable[[Tensors], Any]] = {
    "conv2d, ReLU and max_pool2d": _layer,
    "dE/dF of conv2d": partial(_convolution, 1),
    "dE/dX of conv2d": partial(_convolution, 0),
    "linear": lambda x: functional.linear(x["input"], x["weight"], x["bias"]),
    "dE/dW of linear": lambda x: x["grad_output"].t().mm(x["input"]),
    "dE/dX of linear": lambda x: x["grad_output"].mm(x["weight"]),
    "dE/dX of max_pool2d": _pool,
    "dE/dX of cross_entropy": _cross_entropy,
}


def contestants(what: str, arrays: Mapping[str, NDArray], threads: int) -> dict[str, Callable[[], NDArray]]:
    """An operation in every layout that its tensors have; a call gives the result as it lies."""
    torch.set_num_threads(threads)
    images = any(x.ndim == IMAGES for x in arrays.values())
    found: dict[str, Callable[[], NDArray]] = {}
    for name, layout in LAYOUTS.items() if images else (("aten", torch.contiguous_format),):
        tensors = {n: _laid(torch.from_numpy(x), layout) for n, x in arrays.items()}
        if what == "dE/dX of max_pool2d":
            tensors["winners"] = functional.max_pool2d(tensors["input"], 2, return_indices=True)[1]
        found[name] = partial(_run, CALLS[what], tensors)
    return found


def exact(what: str, arrays: Mapping[str, NDArray]) -> NDArray:
    """The same in float64."""
    wide = {n: x.astype(np.float64) if x.dtype == np.float32 else x for n, x in arrays.items()}
    return next(iter(contestants(what, wide, 1).values()))()


def _run(call: Callable[[Tensors], Any], tensors: Tensors) -> NDArray:
    with torch.no_grad() if call is not _cross_entropy else torch.enable_grad():
        result: NDArray = call(tensors).numpy()
        return result


def _laid(x: Any, layout: Any) -> Any:
    return x.contiguous(memory_format=layout) if x.dim() == IMAGES else x
