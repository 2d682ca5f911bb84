"""The matrix of a linear law does what its kernels do, forward and, transposed, backward; exactly, on whole numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import numeric
from derive.catalogue import op, with_defaults
from derive.errors import OperationError
from derive.expressions.expr import ZERO, Expr
from derive.language.show import show
from derive.linear_map import LinearMap, instance, linear_map
from derive.operation import Op
from numeric.kernels import kernel

TRANSPOSED = """
    O[n,c,h] = sum[k,p] Y[n,k,(h+P-d*p)/s]*F[k,c,p]
    Y[n<N,k<K,i<I]; F[k<K,c<C,p<M]; size h touch - P
"""
CASES: dict[str, tuple[Op, str, dict[str, tuple[int, ...]]]] = {
    "conv2d": (op("conv2d"), "input", {"input": (1, 1, 4, 4), "weight": (1, 1, 3, 3)}),
    "conv2d, channels and batch": (op("conv2d"), "input", {"input": (2, 2, 3, 4), "weight": (3, 2, 2, 2)}),
    "conv2d, stride, padding and dilation": (
        op("conv2d", stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        "input",
        {"input": (1, 2, 5, 4), "weight": (2, 2, 3, 2)},
    ),
    "conv2d, by its weight": (op("conv2d", stride=2), "weight", {"input": (2, 1, 5, 4), "weight": (2, 1, 2, 2)}),
    "linear": (op("linear"), "input", {"input": (2, 3), "weight": (4, 3)}),
    "linear, by its weight": (op("linear"), "weight", {"input": (2, 3), "weight": (4, 3)}),
    "avg_pool2d": (op("avg_pool2d", kernel_size=2), "input", {"input": (1, 2, 4, 5)}),
    "avg_pool2d, padding": (op("avg_pool2d", kernel_size=2, padding=1), "input", {"input": (1, 1, 4, 4)}),
    "flatten": (op("flatten"), "input", {"input": (2, 2, 2, 1)}),
    "add": (op("add"), "other", {"input": (2, 3), "other": (2, 3)}),
    "a full convolution of one's own": (
        op("O[i] = sum[p<M] X[i-p]*F[p]; X[n<N]; F[p<M]; size i touch"),
        "X",
        {"X": (4,), "F": (3,)},
    ),
    "a transposed convolution of one's own": (
        op(TRANSPOSED, s=2, d=1, P=1),
        "Y",
        {"Y": (1, 2, 3), "F": (2, 1, 4)},
    ),
    "two steps": (
        op("H[j] = sum[i] X[i]*A[j,i]; O[k] = sum[j] H[j]*B[k,j] + C[k]"),
        "X",
        {"X": (3,), "A": (2, 3), "B": (4, 2), "C": (4,)},
    ),
}


def drawn(law: Op, shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray]:
    rng = np.random.default_rng(1)
    return {name: rng.integers(-4, 5, shape).astype(np.float64) * 4 for name, shape in shapes.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_matrix_is_the_forward_pass_and_its_transpose_the_gradient(case: str) -> None:
    law, wrt, shapes = CASES[case]
    tensors = drawn(law, shapes)
    m = numeric.matrix(law, wrt, **tensors)
    k = kernel(law)
    y = k.forward(**tensors)
    rest = k.forward(**{**tensors, wrt: np.zeros(shapes[wrt])})
    assert np.array_equal(m @ tensors[wrt].ravel() + rest.ravel(), y.ravel())
    dy = np.random.default_rng(2).integers(-4, 5, y.shape).astype(np.float64) * 4
    assert np.array_equal(m.T @ dy.ravel(), k.vjp(dy, wrt=[wrt], **tensors)[law.tensor(wrt).argument].ravel())
    assert np.count_nonzero(m)


def test_the_transposed_matrix_of_a_correlation_is_torchs_transposed_convolution() -> None:
    rng = np.random.default_rng(3)
    w = rng.integers(-4, 5, (2, 3, 3, 2)).astype(np.float64)
    y = rng.integers(-4, 5, (1, 2, 3, 4)).astype(np.float64)
    settings = {"stride": (2, 1), "padding": (1, 0)}
    want = torch.nn.functional.conv_transpose2d(torch.from_numpy(y), torch.from_numpy(w), **settings).numpy()
    m = numeric.matrix(op("conv2d", **settings), "input", input=want.shape, weight=w)
    assert np.array_equal((m.T @ y.ravel()).reshape(want.shape), want)


def test_the_deck_s_transposed_convolution_is_the_transpose_of_its_matrix() -> None:
    """3 x 3 of ones with a 2 in the middle, pasted at 2 3 / 1 0."""
    w = np.ones((1, 1, 3, 3), np.int64)
    w[0, 0, 1, 1] = 2
    m = numeric.matrix(op("conv2d"), "input", input=(1, 1, 4, 4), weight=w)
    assert m.shape == (4, 16)
    assert m.dtype == np.int64
    assert (m.T @ [2, 3, 1, 0]).tolist() == [2, 5, 5, 3, 3, 8, 9, 3, 3, 7, 6, 3, 1, 1, 1, 0]


def symbolic(law: Op, wrt: str, **sizes: int) -> LinearMap:
    return linear_map(instance(with_defaults(law), sizes), wrt)


def written(m: LinearMap) -> list[list[str]]:
    return [[show(m.cells.get((a, b), ZERO)) for b in m.columns] for a in m.rows]


def test_a_correlation_in_one_dimension_is_a_toeplitz_matrix_of_its_filter() -> None:
    m = symbolic(op("O[i] = sum[p<M] X[i+p]*F[p]; X[n<N]; F[p<M]"), "X", N=5, M=3)
    assert written(m) == [
        ["F[0]", "F[1]", "F[2]", "0", "0"],
        ["0", "F[0]", "F[1]", "F[2]", "0"],
        ["0", "0", "F[0]", "F[1]", "F[2]"],
    ]
    assert m.is_toeplitz


def test_a_correlation_of_images_is_doubly_block_toeplitz_and_one_with_a_stride_is_not() -> None:
    sizes = {"N": 1, "C": 1, "K": 1, "H": 5, "W": 4, "K_h": 2, "K_w": 2}
    assert symbolic(op("conv2d"), "input", **sizes).is_toeplitz
    assert symbolic(op("conv2d", padding=1), "input", **sizes).is_toeplitz
    assert not symbolic(op("conv2d", stride=2), "input", **sizes).is_toeplitz


def test_weights_are_shared_and_connections_sparse() -> None:
    m = symbolic(op("conv2d"), "input", N=1, C=1, K=1, H=4, W=4, K_h=3, K_w=3)
    different: set[Expr] = set(m.cells.values())
    assert (len(m.rows) * len(m.columns), len(m.cells), len(different)) == (64, 36, 9)


def test_intermediates_that_do_not_read_the_tensor_are_put_in() -> None:
    law = op("R[i] = sum[p<2] [i+p<N]; O[i] = (sum[p<2] X[i+p])/R[i]; X[n<N]; size i = N")
    assert written(symbolic(law, "X", N=3)) == [["1/2", "1/2", "0"], ["0", "1/2", "1/2"], ["0", "0", "1"]]
    assert numeric.matrix(law, "X", X=(3,))[2, 2] == Fraction(1)


REFUSED = {
    "max_pool2d": (op("max_pool2d", kernel_size=2), "input", {"input": (1, 1, 4, 4)}, "stands in a maximum"),
    "relu": (op("relu"), "input", {"input": (3,)}, "stands in a maximum"),
    "tanh": (op("tanh"), "input", {"input": (3,)}, "stands in tanh"),
    "softmax": (op("softmax"), "input", {"input": (1, 3)}, "stands in"),
    "a square": (op("O[i] = X[i]^2"), "X", {"X": (3,)}, "stands in a power"),
    "a product": (op("O[i] = X[i]*sum[j] X[j]"), "X", {"X": (3,)}, "stands in a product with itself"),
    "a quotient": (op("O[i] = A[i]/X[i]"), "X", {"X": (3,), "A": (3,)}, "stands in a divisor"),
    "a choice": (op("O[i] = cases(0<X[i], X[i], 2*X[i])"), "X", {"X": (3,)}, "stands in a choice"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_law_that_is_not_linear_in_the_tensor_is_refused_in_one_sentence(case: str) -> None:
    law, wrt, shapes, where = REFUSED[case]
    tensors = {name: shape if name == wrt else np.ones(shape) for name, shape in shapes.items()}
    with pytest.raises(OperationError, match=where) as error:
        numeric.matrix(law, wrt, **tensors)
    assert str(error.value).endswith("expected a tensor in which the law is linear; only a linear law is a matrix")
    assert "\n" not in str(error.value)


def test_what_is_missing_or_too_large_is_refused() -> None:
    with pytest.raises(OperationError, match="conv2d: got no weight, expected an array"):
        numeric.matrix(op("conv2d"), "input", input=(1, 1, 4, 4))
    with pytest.raises(OperationError, match="conv2d: got no number for H, expected one"):
        symbolic(op("conv2d"), "input", N=1, C=1, K=1, W=4, K_h=2, K_w=2)
    with pytest.raises(OperationError, match="got Q=3, expected one of"):
        symbolic(op("linear"), "input", L=1, C=1, K=1, Q=3)
    with pytest.raises(OperationError, match="got a matrix of 25,000,000 entries"):
        numeric.matrix(op("add"), "input", input=(5000,), other=np.ones(5000))
