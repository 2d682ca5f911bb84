"""What does not fit is refused before any work, with one line: where, got, expected, remedy."""

from typing import Any

import numpy as np
import pytest
import torch

from derive.catalogue import op
from derive.errors import BackproofError, OperationError
from numeric.kernels import kernel
from tests.numeric.backends import PRINTED

X, W, B = np.ones((2, 3, 5, 4)), np.ones((6, 3, 2, 2)), np.ones(6)

CALLS: list[tuple[str, dict[str, Any], tuple[Any, ...], str]] = [
    (
        "conv2d",
        {},
        (np.ones((5, 4)), W, B),
        r"input: got 2 axes in shape \(5, 4\), expected 3 or 4 .*n may be left out",
    ),
    ("conv2d", {}, (X, np.ones((6, 4, 2, 2)), B), r"weight: got 4 along axis 1 \(c\), expected 3 as given by input"),
    ("conv2d", {}, (X, W, np.ones(5)), r"bias: got 5 along axis 0 \(k\), expected 6 as given by weight"),
    ("conv2d", {}, (X, np.ones((6, 3, 9, 2)), B), r"= -3 for axis i of the output.*expected at least 1"),
    ("conv2d", {}, (np.ones((0, 3, 5, 4)), W, B), r"input: got the empty shape"),
    ("conv2d", {}, (X,), r"got no weight, expected input, weight, bias"),
    ("conv2d", {}, (X, W, B, B), r"got 4 tensors"),
    ("conv2d", {}, ([[1.0]], W, B), r"input: got a list, expected an array or a tensor"),
    ("conv2d", {}, (1.0, W, B), r"input: got a float, expected an array or a tensor"),
    ("conv2d", {}, (X, torch.ones(6, 3, 2, 2)), r"got arrays of numpy and torch, expected one library"),
    ("conv2d", {}, (X, W.astype(np.float32)), r"got input float64, weight float32, expected one dtype"),
    ("conv2d", {}, (X.astype(bool), W), r"input: got bool, expected float32, float64, int64"),
    ("conv2d", {}, (X.astype(np.float16), W.astype(np.float16)), r"got float16, expected float32"),
    ("conv2d", {}, (X.astype(complex), W), r"got complex128, expected float32"),
    ("max_pool2d", {"kernel_size": 2, "padding": 2}, (X,), r"got kernel_size=2, padding=2, expected 2\*padding<=kern"),
    ("max_pool2d", {"kernel_size": 2, "padding": 1, "dilation": 3}, (np.ones((1, 1, 2, 2)),), r"without a single real"),
    ("max_pool2d", {"kernel_size": 7}, (X,), r"for axis i of the output"),
    ("linear", {}, (np.ones((2, 3)), np.ones((4, 5))), r"weight: got 5 along axis 1 \(c\), expected 3"),
    ("linear", {}, (np.ones(()), np.ones((4, 5))), r"input: got 0 axes in shape \(\), expected at least 1"),
    ("add", {}, (np.ones((2, 3)), np.ones((3, 2))), r"other: got leading axes \(3, 2\), expected \(2, 3\) as in input"),
    ("mse_loss", {}, (np.ones((2, 3)), np.ones(3)), r"target: got leading axes \(3,\), expected \(2, 3\)"),
    ("cross_entropy", {}, (np.ones((2, 3)), np.array([0, 3])), r"target: got the label 3, expected 0 to 2"),
    ("cross_entropy", {}, (np.ones((2, 3)), np.array([0, -1])), r"target: got the label -1, expected 0 to 2"),
    ("cross_entropy", {}, (np.ones((2, 3)), np.array([0, 1, 2])), r"target: got 3 along axis 0 \(n\), expected 2"),
    ("cross_entropy", {}, (np.ones(()), np.array(1)), r"input: got 0 axes in shape \(\), expected at least 1"),
    ("cross_entropy", {}, (np.ones(3), np.array([1])), r"target: got shape \(1,\), expected one that agrees .* \(3,\)"),
    ("cross_entropy", {}, (np.ones((2, 3, 4)), np.ones((2, 5), int)), r"target: got shape \(2, 5\), expected one that"),
    ("cross_entropy", {"target": "class"}, (np.ones((2, 3)), np.ones(2)), r"target: got float64, expected integers"),
    ("softmax", {"dim": 2}, (np.ones((2, 3)),), r"input: got 2 axes, expected an axis 2"),
    ("flatten", {}, (np.ones((2, 3)),), r"input: got 2 axes"),
    ("conv2d", {"groups": 3}, (np.ones((1, 4, 5, 5)), np.ones((6, 2, 2, 2))), r"input: got 4 along axis 1"),
    ("conv2d", {"groups": 2}, (np.ones((1, 4, 5, 5)), np.ones((3, 2, 2, 2))), r"weight: got 3 along axis 0"),
    (
        "conv_transpose1d",
        {"output_padding": 2, "stride": 2},
        (np.ones((1, 2, 3)), np.ones((2, 2, 2))),
        r"got output_padding=2, .*expected output_padding<max\(stride, dilation\); change output_padding",
    ),
    ("convolve1d", {"mode": "valid"}, (np.ones(2), np.ones(3)), r"expected at least 1; use a larger input"),
    (
        "O[i] = sum[p<Q] X[s*i+p]*F[p]; X[h<H]; F[p<Q]",
        {"s": 0},
        (np.ones(4), np.ones(2)),
        r"got (s = )?0, expected .*at least 1",
    ),
]

BUILDS: list[tuple[str, dict[str, Any], str]] = [
    ("conv4d", {}, r"got 'conv4d', expected one of conv1d"),
    ("conv2d", {"strides": 2}, r"got argument 'strides', expected one of stride, padding, dilation"),
    ("conv2d", {"padding": "same", "stride": 2}, r"stride: got 2, expected 1 where padding='same'"),
    ("conv1d", {"padding": -1}, r"padding: got -1, expected an integer of at least 0"),
    ("convolve1d", {"mode": "best"}, r"got mode='best', expected one of full, same, valid"),
    ("conv2d", {"stride": 0}, r"got 0, expected an integer of at least 1"),
    ("conv2d", {"stride": (1, 2, 3)}, r"3 numbers, expected one number or 2"),
    ("conv2d", {"stride": "s"}, r"got stride='s', expected a number"),
    ("conv2d", {"backend": "fortran"}, r"backend: got 'fortran', expected one of reference, numpy, torch, triton, cpp"),
    ("conv2d", {"dim": 1}, r"got argument 'dim', expected one of stride"),
    ("softmax", {"dim": "last"}, r"got dim='last', expected an integer"),
    ("max_pool2d", {}, r"got no kernel_size, expected a number"),
    ("mse_loss", {"reduction": "median"}, r"got reduction='median', expected one of mean, sum, none"),
    ("O[i] = X[s*i]; size i = 3", {}, r"got no s, expected a number for s"),
]


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
@pytest.mark.parametrize(("op", "settings", "tensors", "message"), CALLS, ids=[c[3][:40] for c in CALLS])
def test_tensors_that_do_not_fit_are_refused(
    op: str, settings: dict[str, Any], tensors: tuple[Any, ...], message: str, backend: str
) -> None:
    with pytest.raises(BackproofError, match=message) as refused:
        kernel(op, backend=backend, **settings).forward(*tensors)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("op", "settings", "message"), BUILDS, ids=[b[2][:40] for b in BUILDS])
def test_settings_that_do_not_fit_are_refused(op: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BackproofError, match=message) as refused:
        kernel(op, **settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("dy", "message"),
    [
        (np.ones((2, 6, 4, 4)), r"dE/dO: got shape \(2, 6, 4, 4\), expected \(2, 6, 4, 3\)"),
        (np.ones((2, 6, 4, 3), np.float32), r"dE/dO: got float32, expected float64"),
        ([1.0], r"dE/dO: got a list"),
        (1.0, r"dE/dO: got shape \(\), expected"),
    ],
)
def test_a_cotangent_that_does_not_fit_is_refused(dy: Any, message: str) -> None:
    with pytest.raises(OperationError, match=message):
        kernel("conv2d").vjp(dy, X, W, B)


def test_gradients_of_unknown_or_integer_tensors_are_refused() -> None:
    with pytest.raises(OperationError, match="got tensor 'wait', expected one of"):
        kernel("conv2d").vjp(np.ones((2, 6, 4, 3)), X, W, B, wrt=["wait"])
    with pytest.raises(OperationError, match="which is integers, expected one of X"):
        kernel("cross_entropy").vjp(1.0, np.ones((2, 3)), np.array([0, 1]), wrt=["target"])


def test_leftover_rows_are_no_mistake() -> None:
    assert kernel("conv2d", stride=3).forward(np.ones((1, 1, 6, 7)), np.ones((1, 1, 2, 2))).shape == (1, 1, 2, 2)


def test_the_same_mistake_is_refused_again_after_a_call_that_fits() -> None:
    k = kernel("cross_entropy")
    k.forward(np.ones((2, 3)), np.array([0, 1]))
    with pytest.raises(OperationError, match="got the label 7"):
        k.forward(np.ones((2, 3)), np.array([0, 7]))
    with pytest.raises(OperationError, match="got a list"):
        k.forward(np.ones((2, 3)), [0, 1])


@pytest.mark.parametrize(("name", "settings"), [("lp_pool2d", {"norm_type": "k2", "kernel_size": 2}),
                                               ("max_pool2d", {"kernel_size": "Q"})])  # fmt: skip
def test_a_symbol_where_a_kernel_needs_a_number_is_refused(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(OperationError, match="expected a number; kernels need numbers"):
        kernel(op(name, **settings)).forward(X)
