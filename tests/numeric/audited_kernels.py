"""Backward passes to be judged: what each broken example is, what is to be said of it, and right ones beside them."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numeric


@dataclass(frozen=True)
class Broken:
    """An example that is broken on purpose: where, for which operation, and words of the diagnosis that is due."""

    module: str
    name: str
    op: str
    diagnosis: str
    settings: dict[str, Any] = field(default_factory=dict)
    wrong: str = "input"

    @property
    def target(self) -> str:
        return f"reports.examples.{self.module}:{self.name}"

    @property
    def kernel(self) -> Any:
        return getattr(importlib.import_module(f"reports.examples.{self.module}"), self.name)


BROKEN = [
    Broken("broken_accumulation", "linear", "linear", "sums were accumulated in float32", wrong="weight"),
    Broken("broken_avg_pool", "avg_pool1d", "avg_pool1d", "padding was counted in the divisor",
           {"count_include_pad": False}),
    Broken("broken_batch_norm", "batch_norm", "batch_norm", "the path through the mean was left out",
           {"training": True}),
    Broken("broken_bias", "conv1d", "conv1d", "divided by the batch size", wrong="bias"),
    Broken("broken_contiguous", "linear", "linear", "right for contiguous arrays only", wrong="weight"),
    Broken("broken_conv", "conv2d", "conv2d", "the filter was not flipped"),
    Broken("broken_cross_entropy", "cross_entropy", "cross_entropy", "the softmax alone is left"),
    Broken("broken_groups", "conv1d", "conv1d", "the first group was taken for all groups"),
    Broken("broken_in_place", "relu", "relu", "an input is modified in place", wrong="grad_output"),
    Broken("broken_layer", "Linear", "linear", "not summed over all leading axes", wrong="bias"),
    Broken("broken_log_softmax", "log_softmax", "log_softmax", "the sum over the cotangent was left out"),
    Broken("broken_max_pool", "max_pool1d", "max_pool1d", "every one of several equal cells"),
    Broken("broken_memory", "linear", "linear", "depends on earlier calls", wrong="weight"),
    Broken("broken_overflow", "softmax", "softmax", "it overflows"),
    Broken("broken_padding", "conv1d", "conv1d", "the padding was left out"),
    Broken("broken_stride", "conv1d", "conv1d", "the stride was forgotten"),
    Broken("broken_tanh", "Tanh", "tanh", "written for 1-tanh^2"),
    Broken("broken_transposed", "linear", "linear", "got the shape [6, 3], expected [3, 6]", wrong="weight"),
    Broken("broken_view", "Sigmoid", "sigmoid", "right for contiguous arrays only", wrong="the call"),
]  # fmt: skip

ENDING = [
    Broken("broken_crash", "relu", "relu", "the process was ended by SIGSEGV", wrong="the call"),
    Broken("broken_loop", "max_pool1d", "max_pool1d", "did not return within 2 seconds", wrong="the call"),
]
"""Those that end or hold their process: they are judged in one of their own only."""


def right(op: str, settings: dict[str, Any]) -> Callable[..., Any]:
    """A right backward pass for an operation, from the kernels of this project."""

    def backward(grad_output: Any, **given: Any) -> Any:
        kernel_settings = {**settings, **{n: v for n, v in given.items() if not hasattr(v, "dtype") and v is not None}}
        tensors = {n: v for n, v in given.items() if hasattr(v, "dtype")}
        return numeric.kernel(op, **kernel_settings).vjp(grad_output, **tensors)

    return backward
