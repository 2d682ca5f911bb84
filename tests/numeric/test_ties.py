"""Kernels at ties and kinks: every tie pattern of windows up to four cells, zeros of both signs, -inf and NaN."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from derive.catalogue import op
from derive.conventions import MEETING, WINNING, by_rule
from numeric import oracle
from numeric.backend import gradient_formula
from numeric.checks.samples import at_sizes
from numeric.kernels import kernel
from numeric.reference import Reference
from tests.derive.test_conventions import first, weak_orders
from tests.numeric.backends import PRINTED

INF, NAN = float("inf"), float("nan")
DTYPES = ("float32", "float64")


def by_torch(name: str, x: np.ndarray, dy: np.ndarray, **settings: Any) -> np.ndarray:
    leaf = torch.from_numpy(x).requires_grad_()
    getattr(torch.nn.functional, name)(leaf, **settings).backward(torch.from_numpy(dy))
    assert leaf.grad is not None
    return leaf.grad.numpy()


def derived(name: str, backend: str, x: np.ndarray, dy: np.ndarray, **settings: Any) -> np.ndarray:
    return np.asarray(kernel(name, backend, **settings).vjp(dy, input=x)["input"])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize(("name", "shape"), [("max_pool1d", (n,)) for n in (1, 2, 3, 4)] + [
    ("max_pool2d", (1, 2)), ("max_pool2d", (2, 1)), ("max_pool2d", (2, 2)), ("max_pool3d", (2, 1, 2)),
])  # fmt: skip
def test_the_first_winner_takes_all_in_every_tie_pattern(
    name: str, shape: tuple[int, ...], backend: str, dtype: str
) -> None:
    windows = list(weak_orders(int(np.prod(shape))))
    x = np.array(windows, dtype).reshape(1, len(windows), *shape)
    dy = np.arange(1, len(windows) + 1, dtype=dtype).reshape(1, len(windows), *(1,) * len(shape))
    got = derived(name, backend, x, dy, kernel_size=shape)
    want = np.array([first(w) for w in windows], dtype).reshape(x.shape) * dy
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(got, by_torch(name, x, dy, kernel_size=shape))


@pytest.mark.parametrize("backend", PRINTED)
def test_overlapping_windows_share_cells_in_every_tie_pattern_of_a_row(backend: str) -> None:
    rows = np.array(list(weak_orders(4)), float)[None]
    dy = np.array([[1.0, 10.0, 100.0]]).repeat(rows.shape[1], 0)[None]
    got = derived("max_pool1d", backend, rows, dy, kernel_size=2, stride=1)
    np.testing.assert_array_equal(got, by_torch("max_pool1d", rows, dy, kernel_size=2, stride=1))


@pytest.mark.parametrize("backend", PRINTED)
def test_padding_never_wins_not_even_against_minus_infinity(backend: str) -> None:
    windows = np.array(list(product([-INF, -1.0, 0.0], repeat=4)))[None]
    settings = {"kernel_size": 2, "stride": 2, "padding": 1}
    dy = np.arange(1.0, windows.shape[1] * 3 + 1).reshape(1, -1, 3)
    np.testing.assert_array_equal(
        derived("max_pool1d", backend, windows, dy, **settings), by_torch("max_pool1d", windows, dy, **settings)
    )


@pytest.mark.parametrize("backend", PRINTED)
def test_nan_wins_and_hands_no_gradient_on(backend: str) -> None:
    windows = np.array([w for w in product([NAN, 0.0, 1.0], repeat=3) if np.isnan(w).any()])[None]
    y = np.asarray(kernel("max_pool1d", backend, kernel_size=3).forward(windows))
    assert np.isnan(y).all()
    dy = np.ones_like(y)
    assert not derived("max_pool1d", backend, windows, dy, kernel_size=3).any()
    theirs = by_torch("max_pool1d", windows, dy, kernel_size=3)
    last = [max(k for k in range(3) if np.isnan(w[k])) for w in windows[0]]
    np.testing.assert_array_equal(theirs[0].argmax(axis=1), last)  # the convention's one difference from torch


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize(
    ("name", "settings", "at_zero"),
    [("relu", {}, 0.0), ("leaky_relu", {"negative_slope": 0.25}, 0.25), ("elu", {"alpha": 1.5}, 1.5)],
)
def test_kinks_are_torchs_at_zeros_of_both_signs(
    name: str, settings: dict[str, float], at_zero: float, backend: str, dtype: str
) -> None:
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, tiny, 2.0, INF], dtype)
    dy = np.ones_like(x)
    got = derived(name, backend, x, dy, **settings)
    np.testing.assert_array_equal(got, np.array([at_zero, at_zero, 1, 1, 1], dtype))
    np.testing.assert_array_equal(got, by_torch(name, x, dy, **settings))


@pytest.mark.parametrize("backend", PRINTED)
def test_prelu_takes_its_slope_at_zero(backend: str) -> None:
    x, slope = np.array([[0.0], [-0.0], [1.0]]), np.array([0.25])
    found = kernel("prelu", backend).vjp(np.ones_like(x), input=x, weight=slope)
    assert np.asarray(found["input"]).tolist() == [[0.25], [0.25], [1.0]]
    assert np.asarray(found["weight"]).tolist() == [0.0]


@pytest.mark.parametrize("backend", PRINTED)
def test_a_row_of_minus_infinities_has_no_softmax(backend: str) -> None:
    x = np.array([[-INF, -INF], [-INF, 0.0]])
    y = np.asarray(kernel("softmax", backend).forward(x))
    assert np.isnan(y[0]).all()
    assert y[1].tolist() == [0.0, 1.0]


# -- other conventions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", WINNING)
def test_a_formula_under_another_convention_is_evaluated_like_any_other(rule: str) -> None:
    law = op("max_pool1d", kernel_size=3, stride=3, padding=0, dilation=1)
    windows = np.array(list(weak_orders(3)), float)[None]
    formula = gradient_formula(law, law.tensor("X"))
    names = {"N": 1, "C": windows.shape[1], "H": 3, "I": 1}
    world = Reference(names, {"X": windows, "dE/dO": np.ones((1, windows.shape[1], 1))})
    got = world.value(formula.axes, by_rule(law, formula.body, rule))
    assert (got.sum(axis=2) == 1).all()
    if rule == "split":
        leaf = torch.from_numpy(windows).requires_grad_()
        leaf.amax(dim=2).sum().backward()
        assert leaf.grad is not None
        np.testing.assert_array_equal(got, leaf.grad.numpy())


@pytest.mark.parametrize("rule", MEETING)
def test_torchs_maximum_and_abs_are_the_mean_of_both_sides(rule: str) -> None:
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])
    law = op("O[i] = max(X[i], Y[i])")
    formula = gradient_formula(law, law.tensor("X"))
    world = Reference({"I": 3}, {"X": x, "Y": y, "dE/dO": np.ones(3)})
    got = world.value(formula.axes, by_rule(law, formula.body, rule))
    leaf = torch.from_numpy(x).requires_grad_()
    torch.maximum(leaf, torch.from_numpy(y)).sum().backward()
    assert leaf.grad is not None
    assert np.array_equal(got, leaf.grad.numpy()) == (rule == "mean")


def test_the_convention_is_named_by_comparing_with_autograd() -> None:
    """Of the rules for relu at 0 only torch's gives autograd's numbers on a sample with zeros in it."""
    law = op("relu")
    sample = at_sizes(law, {"L": 40}, 3)
    assert sample is not None
    assert (sample.given["input"] == 0).any()
    _, gradients = oracle.autograd(sample)
    formula = gradient_formula(law, law.tensor("X"))
    world = Reference(sample.names, {"X": sample.given["input"].reshape(-1), "dE/dO": sample.cotangent.reshape(-1)})
    right = [
        rule
        for rule in MEETING
        if np.array_equal(world.value(formula.axes, by_rule(law, formula.body, rule)), gradients["input"].reshape(-1))
    ]
    assert right == ["below"]
