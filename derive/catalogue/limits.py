"""What torch takes and the notation does not, as data: how torch is asked, why there is no law for it, what is said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.catalogue.recipe import Setting


@dataclass(frozen=True, slots=True)
class Limit:
    """A call that torch accepts and that is refused here: by `settings`, `shapes` or the `dtype` of its tensors.

    `reason` says what of it lies outside of the notation, `instead` what to do, `refusal` is part of the error.
    """

    operations: tuple[str, ...]
    reason: str
    instead: str
    refusal: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtype: str = ""

    @property
    def asked(self) -> str:
        """How torch is asked: `return_indices=True`, `float16 tensors`, `input (2, 3), weight (3,)`."""
        settings = [f"{name}={value}" for name, value in self.settings.items()]
        shapes = [f"{name} {shape}" for name, shape in self.shapes.items()]
        return ", ".join([*settings, *shapes, *([f"{self.dtype} tensors"] if self.dtype else [])])


_MANY = ("conv2d", "linear", "sigmoid")
_LOSSES = ("mse_loss", "cross_entropy")
_SOFTMAX = ("softmax", "log_softmax")
_DTYPES = "expected float32, float64, int64; convert it"

LIMITS = (
    Limit(
        ("max_pool1d", "max_pool2d", "max_pool3d"),
        "an equation's values are numbers, never places: integers are read and not made",
        "the gradient's formula has the winner's place, [(p,q)==argmax[...]]",
        "got argument 'return_indices'",
        settings={"return_indices": True},
    ),
    Limit(
        ("lp_pool1d", "lp_pool2d", "lp_pool3d"),
        "a power is a finite number",
        "pool the largest of the absolute values, max(X, -X)",
        "expected a finite number",
        settings={"norm_type": math.inf},
    ),
    Limit(
        ("avg_pool2d", "avg_pool3d"),
        "a divisor counts: it is at least 1",
        "pass its absolute value and change the sign of the output",
        "expected an integer of at least 1",
        settings={"divisor_override": -2},
    ),
    Limit(
        ("relu",),
        "an equation defines a new tensor and changes none",
        "assign the result",
        "got argument 'inplace'",
        settings={"inplace": True},
    ),
    Limit(
        _SOFTMAX,
        "a law is about numbers: dtypes belong to the tensors that are passed",
        "convert the input",
        "got argument 'dtype'",
        settings={"dtype": "float64"},
    ),
    Limit(
        _LOSSES,
        "torch itself has put reduction in its place",
        "set reduction",
        "got argument 'size_average'",
        settings={"size_average": False},
    ),
    Limit(
        _LOSSES,
        "torch itself has put reduction in its place",
        "set reduction='none'",
        "got argument 'reduce'",
        settings={"reduce": False},
    ),
    Limit(
        ("batch_norm", "layer_norm"),
        "a law divides by the spread, which eps keeps from being 0",
        "write the law without e, where no channel is constant",
        "eps: got 0, expected a number above 0",
        settings={"eps": 0},
    ),
    Limit(
        ("lp_pool1d", "lp_pool2d", "lp_pool3d"),
        "a norm's power is above 0",
        "write the law with the reciprocals",
        "norm_type: got -1, expected a number above 0",
        settings={"norm_type": -1},
    ),
    Limit(
        ("cross_entropy",),
        "proofs know that the ignored label is -100, torch's own, or above",
        "ignore a label of at least -100",
        "ignore_index: got -300, expected an integer of at least -100",
        settings={"ignore_index": -300},
    ),
    Limit(
        ("mse_loss",),
        "the mean squared difference has two tensors",
        "write the law: O = (sum[i] w[i]*(X[i] - Y[i])^2)/(sum[i] w[i])",
        "weight",
        shapes={"input": (2, 3), "target": (2, 3), "weight": (2, 3)},
    ),
    Limit(
        ("flatten",),
        "a law's tensors have a fixed number of axes: this one joins three axes of an image",
        "write the law: O[n,a] = X[n,a//W,a%W]; X[n<N,h<H,w<W]; size a = H*W",
        "got 3 axes in shape (2, 3, 4), expected 4",
        shapes={"input": (2, 3, 4)},
    ),
    Limit(
        ("add",),
        "the sum of two tensors has no coefficient",
        "write the law: O[...] = X[...] + a*Y[...]; scalar a",
        "got argument 'alpha'",
        settings={"alpha": 2},
    ),
    Limit(
        ("add",),
        "an index runs over one extent in all of its tensors: nothing is repeated without being written",
        "write the law: O[i,j] = X[i,j] + Y[j]",
        "expected (2, 3) as in input",
        shapes={"input": (2, 3), "other": (3,)},
    ),
    Limit(
        ("mse_loss",),
        "an index runs over one extent in all of its tensors; torch warns here",
        "write the law: O = sum[i,j] (X[i,j] - Y[j])^2",
        "expected (2, 3) as in input",
        shapes={"input": (2, 3), "target": (3,)},
    ),
    Limit(
        ("linear",),
        "a law's tensors have a fixed number of axes, but for leading ones",
        "write the law: O[...] = sum[c] X[...,c]*w[c]",
        "got 1 axes in shape (3,), expected 2",
        shapes={"input": (2, 3), "weight": (3,)},
    ),
    Limit(
        _SOFTMAX,
        "softmax runs over an axis, which a single number does not have",
        "the softmax of one number is 1",
        "got 0 axes in shape ()",
        settings={"dim": 0},
        shapes={"input": ()},
    ),
    Limit(
        ("relu",),
        "extents are at least 1 in every proof and every kernel",
        "leave out what has no entries",
        "got the empty shape (0, 3), expected at least one entry",
        shapes={"input": (0, 3)},
    ),
    Limit(
        ("conv2d",),
        "extents are at least 1 in every proof and every kernel",
        "leave out what has no entries",
        "got the empty shape (0, 2, 4, 4), expected at least one entry",
        shapes={"input": (0, 2, 4, 4), "weight": (3, 2, 2, 2)},
    ),
    Limit(
        ("avg_pool2d", "avg_pool3d"),
        "a divisor counts cells, so it is at least 1",
        "change the sign of the output",
        "divisor_override: got -3, expected an integer of at least 1",
        settings={"divisor_override": -3},
    ),
    Limit(
        _MANY,
        "the notation is about real numbers: conj and abs are no functions of it",
        "write real and imaginary parts as two tensors",
        f"got complex64, {_DTYPES}",
        dtype="complex64",
    ),
    Limit(
        _MANY,
        "kernels are checked to the rounding of float32 and float64; half precision is no dtype of NumPy's BLAS",
        "convert to float32",
        f"got bfloat16, {_DTYPES}",
        dtype="bfloat16",
    ),
    Limit(
        ("linear",),
        "integers are int64, so that sums do not wrap around unseen",
        "convert to int64",
        f"got int32, {_DTYPES}",
        dtype="int32",
    ),
    Limit(
        ("batch_norm",),
        "a law has one output: the running statistics that torch updates in place are another",
        "update them beside it: r + momentum*(M - r)",
        "got argument 'momentum'",
        settings={"momentum": 0.1},
    ),
    Limit(
        ("prelu",),
        "a slope for all channels is a tensor of one entry",
        "reshape it",
        "weight: got 0 axes in shape (), expected 1",
        shapes={"input": (2, 3), "weight": ()},
    ),
    Limit(
        ("flatten",),
        "a law names its axes: this one keeps samples apart and joins three axes of an image",
        "write the law: O[a] = X[a//W,a%W]; X[h<H,w<W]; size a = H*W",
        "got argument 'start_dim'",
        settings={"start_dim": 0},
    ),
)
