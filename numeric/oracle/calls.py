"""What a catalogue operation is in torch: one of its functions, or what makes it of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from derive.operation import Op

Tensor = Any
Inputs = Mapping[str, Any]
functional = torch.nn.functional


def _convolved(function: Callable[..., Tensor], x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """A convolution; padding in pairs, which torch has no argument for, is put around the input first."""
    padding, image = s.get("padding"), x["input"]
    if isinstance(padding, tuple) and isinstance(padding[0], tuple):
        image = functional.pad(image, [n for pair in reversed(padding) for n in pair])
        s = {**s, "padding": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of a copy that padding='same' may cost
        return function(image, x["weight"], x["bias"], **s)


def _convolved_flipped(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """True convolution by torch, which has only the cross-correlation: with the filter flipped, its mode as padding."""
    axes = tuple(range(x["weight"].dim()))
    taps = x["weight"].shape
    ends = {"full": [(k - 1, k - 1) for k in taps], "valid": [(0, 0) for _ in taps]}
    ends["same"] = [(k - 1 - (k - 1) // 2, (k - 1) // 2) for k in taps]
    if s["mode"] not in ends:
        raise ValueError(f"mode: got {s['mode']!r}, expected one of {', '.join(ends)}; choose one")
    image = functional.pad(x["input"], [n for pair in reversed(ends[s["mode"]]) for n in pair])
    flipped = torch.flip(x["weight"], axes)
    correlate = getattr(functional, f"conv{len(axes)}d")
    return correlate(image[None, None], flipped[None, None])[0, 0]


def _pooled(function: Callable[..., Tensor], x: Inputs, s: Mapping[str, Any]) -> Tensor:
    return function(x["input"], **s)


def _normalised(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """torch's function; running statistics, which it gives no gradient, get theirs by its arithmetic."""
    if "running_mean" not in x:
        return functional.batch_norm(x["input"], None, None, x["weight"], x["bias"], **s)
    mean, variance, image = x["running_mean"], x["running_var"], x["input"].detach()
    own = functional.batch_norm(x["input"], mean.detach(), variance.detach(), x["weight"], x["bias"], **s)
    along = (1, -1, *(1,) * (image.dim() - 2))
    scale = 1 if x["weight"] is None else x["weight"].detach().reshape(along)
    return _with_slope_of(own, scale * (image - mean.reshape(along)) / torch.sqrt(variance.reshape(along) + s["eps"]))


def _with_slope_of(value: Tensor, other: Tensor) -> Tensor:
    """A value with the derivatives of another added to its own."""
    return value + (other - other.detach())


def _cross_entropy(x: Inputs, s: Mapping[str, Any]) -> Tensor:
    """torch.nn.functional.cross_entropy; class weights, which torch gives no gradient, get theirs by its definition."""
    weight = x.get("weight")
    if weight is None:
        return functional.cross_entropy(x["input"], x["target"], **s)
    own = functional.cross_entropy(x["input"], x["target"], weight.detach(), **s)
    return _with_slope_of(own, _by_shares(x["input"].detach(), x["target"].detach(), weight, **s))


def _by_shares(
    image: Tensor, target: Tensor, weight: Tensor, reduction: str, ignore_index: int = -100, label_smoothing: float = 0
) -> Tensor:
    """The definition in torch's documentation: every class has a share of each label."""
    axis = min(image.dim() - 1, 1)
    classes, along = image.shape[axis], [-1 if k == axis else 1 for k in range(image.dim())]
    logs, spread, labels = functional.log_softmax(image, axis), weight.reshape(along), not target.is_floating_point()
    share = target
    if labels:
        index = target.clamp(0, classes - 1).unsqueeze(axis)
        share = torch.zeros_like(image).scatter(axis, index, 1) * (target != ignore_index).unsqueeze(axis)
    counted = (share.sum(axis, keepdim=True) if labels else 1) * label_smoothing / classes
    losses = -(spread * ((1 - label_smoothing) * share + counted) * logs).sum(axis)
    if reduction != "mean":
        return losses if reduction == "none" else losses.sum()
    return losses.sum() / ((spread * share).sum() if labels else losses.numel())


_POOLS = tuple(f"{kind}_pool{n}d" for kind in ("max", "avg", "lp") for n in (1, 2, 3))

CALLS: dict[str, Callable[[Inputs, Mapping[str, Any]], Tensor]] = {
    **{f"conv{n}d": partial(_convolved, getattr(functional, f"conv{n}d")) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": partial(_convolved, getattr(functional, f"conv_transpose{n}d")) for n in (1, 2, 3)},
    **{f"convolve{n}d": _convolved_flipped for n in (1, 2)},
    **{f: partial(_pooled, getattr(functional, f)) for f in _POOLS},
    "linear": lambda x, s: functional.linear(x["input"], x["weight"], x["bias"]),
    "flatten": lambda x, s: torch.flatten(x["input"], start_dim=1),
    "add": lambda x, s: torch.add(x["input"], x["other"]),
    "relu": lambda x, s: functional.relu(x["input"]),
    "leaky_relu": lambda x, s: functional.leaky_relu(x["input"], **s),
    "prelu": lambda x, s: functional.prelu(x["input"], x["weight"]),
    "elu": lambda x, s: functional.elu(x["input"], **s),
    "sigmoid": lambda x, s: torch.sigmoid(x["input"]),
    "tanh": lambda x, s: torch.tanh(x["input"]),
    "batch_norm": _normalised,
    "layer_norm": lambda x, s: functional.layer_norm(x["input"], weight=x["weight"], bias=x["bias"], **s),
    "softmax": lambda x, s: functional.softmax(x["input"], **s),
    "log_softmax": lambda x, s: functional.log_softmax(x["input"], **s),
    "cross_entropy": _cross_entropy,
    "mse_loss": lambda x, s: functional.mse_loss(x["input"], x["target"], **s),
}
"""Catalogue name -> the function of torch that it is meant to be, or what makes it of torch's functions."""


def is_torch(op: Op) -> bool:
    """Whether the operation is a catalogue one, so that torch's functions say what it is."""
    return op.name in CALLS and bool(op.source)


def called(op: Op) -> str:
    """What an operation is compared with, in words."""
    if not is_torch(op):
        return "the law evaluated by torch"
    return f"torch.{op.name}" if op.source.startswith("torch.") else f"torch's functions for {op.source}"
