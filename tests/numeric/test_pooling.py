"""Poolings at the edges of torch's conventions: ties, infinities, overhang, sums without a root, empty windows."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import derive
import numeric
from derive.catalogue import with_defaults
from derive.errors import OperationError
from derive.language.show import show
from tests.numeric.backends import PRINTED
from tests.numeric.computed import agree, bounds_of_call

functional = torch.nn.functional
INF = np.inf
SIGNAL = [3.0, 3.0, -1.0, 5.0, 5.0, 2.0, -7.0]


def ours(name: str, backend: str, x: NDArray, **settings: object) -> tuple[NDArray, NDArray]:
    """The output, and the gradient of its sum."""
    made = numeric.kernel(derive.op(name, **settings), backend)
    output = made.forward(input=x)
    return output, made.vjp(np.ones_like(output), input=x)["input"]


def torchs(name: str, x: NDArray, **settings: object) -> tuple[NDArray, NDArray]:
    given = torch.from_numpy(x).requires_grad_()
    output = getattr(functional, name)(given, **settings)
    output.sum().backward()
    assert given.grad is not None
    return output.detach().numpy(), given.grad.numpy()


def agree_with_torch(name: str, backend: str, x: NDArray, **settings: object) -> None:
    """Output and gradient are torch's within the rounding of both."""
    got, want = ours(name, backend, x, **settings), torchs(name, x, **settings)
    bounds = bounds_of_call(numeric.kernel(derive.op(name, **settings)), np.ones_like(got[0]), input=x)
    for ours_is, theirs_is, bound in zip(got, want, bounds.values(), strict=True):
        agree(ours_is, theirs_is, bound)


def batch(*values: float) -> NDArray:
    return np.array(values).reshape(1, 1, -1)


CASES = {
    "of equal cells the first one wins": ("max_pool1d", SIGNAL, {"kernel_size": 3, "stride": 1}),
    "padding never wins against negative cells": ("max_pool1d", [-3.0, -1.0, -2.0], {"kernel_size": 2, "padding": 1}),
    "minus infinity may win": ("max_pool1d", [-INF, -INF, 1.0, -INF], {"kernel_size": 2}),
    "a window that overhangs holds fewer cells": ("max_pool1d", SIGNAL, {"kernel_size": 2, "ceil_mode": True}),
    "no window begins in the upper padding": (
        "max_pool1d",
        SIGNAL[:4],
        {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
    ),
    "overhang does not count": (
        "avg_pool1d",
        SIGNAL,
        {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
    ),
    "neither overhang nor padding counts": (
        "avg_pool1d",
        SIGNAL,
        {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True, "count_include_pad": False},
    ),
    "a window larger than the input overhangs": (
        "avg_pool1d",
        SIGNAL[:3],
        {"kernel_size": 5, "stride": 3, "ceil_mode": True},
    ),
    "a window of zeros has the gradient 0": ("lp_pool1d", [0.0, 0.0, 3.0, 4.0], {"norm_type": 2, "kernel_size": 2}),
    "a negative sum has no cube root": ("lp_pool1d", [-2.0, 1.0, 2.0, 1.0], {"norm_type": 3, "kernel_size": 2}),
    "a power between 1 and 2": ("lp_pool1d", [1.0, 2.0, 3.0, 4.0], {"norm_type": 1.5, "kernel_size": 2}),
    "overhang is made up for": ("lp_pool1d", SIGNAL, {"norm_type": 2, "kernel_size": 3, "ceil_mode": True}),
}


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("case", CASES)
def test_it_is_as_in_torch(case: str, backend: str) -> None:
    name, values, settings = CASES[case]
    x = batch(*values)
    with np.errstate(all="ignore"):
        agree_with_torch(name, backend, x, **settings)


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("n", [2, 3])
def test_a_divisor_takes_the_place_of_the_count(n: int, backend: str) -> None:
    x = np.arange(4.0**n).reshape(1, 1, *(4,) * n)
    settings = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "divisor_override": 5}
    agree_with_torch(f"avg_pool{n}d", backend, x, **settings)


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d", "lp_pool2d"])
def test_windows_side_by_side_are_verified(name: str) -> None:
    power = {"norm_type": 2} if name == "lp_pool2d" else {}
    side_by_side = with_defaults(derive.op(name, kernel_size=(2, 3), **power))
    assert "//" in show(derive.gradient(side_by_side, "input").formula)
    assert all(c or c.undecided for c in numeric.verify(side_by_side, configurations=6))


@pytest.mark.parametrize("backend", [*PRINTED, "reference"])
def test_a_window_without_a_real_cell_is_refused_before_torch_sees_it(backend: str) -> None:
    made = numeric.kernel(derive.op("max_pool2d"), backend, kernel_size=2, padding=1, dilation=3)
    with pytest.raises(OperationError, match=r"got a window without a single real cell .*; use less padding"):
        made.forward(input=np.zeros((1, 1, 2, 2)))


@pytest.mark.parametrize("settings", [{}, {"padding": 1}, {"ceil_mode": True, "stride": 2}])
def test_a_volume_smaller_than_the_window_is_refused_as_torch_does(settings: dict[str, object]) -> None:
    x = np.zeros((1, 1, 2, 3, 3))
    with pytest.raises(RuntimeError, match="smaller than kernel size"):
        torchs("avg_pool3d", x, kernel_size=3, **settings)
    with pytest.raises(OperationError, match=r"avg_pool3d: got .*T = 2.*expected"):
        ours("avg_pool3d", "numpy", x, kernel_size=3, **settings)


def test_what_torch_refuses_is_refused() -> None:
    for name, settings, text in (
        ("avg_pool2d", {"kernel_size": 2, "divisor_override": 0}, "divisor_override"),
        ("avg_pool1d", {"kernel_size": 2, "divisor_override": 3}, "got argument 'divisor_override'"),
        ("lp_pool2d", {"kernel_size": 2, "norm_type": 2, "padding": 1}, "got argument 'padding'"),
        ("max_pool1d", {"kernel_size": 2, "ceil_mode": "maybe"}, "ceil_mode='maybe', expected one of False, True"),
    ):
        with pytest.raises(OperationError, match=text):
            derive.op(name, **settings)


@pytest.mark.parametrize("backend", PRINTED)
def test_a_nan_wins_and_hands_no_gradient_on(backend: str) -> None:
    x = batch(1.0, np.nan, 3.0, 2.0, 4.0, 5.0)
    output, gradient = ours("max_pool1d", backend, x, kernel_size=3)
    np.testing.assert_array_equal(output, torchs("max_pool1d", x, kernel_size=3)[0])
    np.testing.assert_array_equal(gradient, batch(0, 0, 0, 0, 0, 1))
