"""Derived gradients are held against autograd within bounds tight enough to refute the smallest mistake."""

import numpy as np
import pytest

from derive.networks.composition import Graph
from derive.networks.network import lenet
from numeric.networks import gradient_check as module
from numeric.networks import network_oracle
from numeric.networks.gradient_check import gradient_check
from numeric.networks.model import parameter_shapes
from numeric.training.initial import initial_parameters
from tests.numeric.small_graphs import forked, tiny_cnn

GREY = 1 / 255
MISTAKES = {
    "one part in a million": lambda g: g * 1.000001,
    "another sign": lambda g: -g,
    "one entry": lambda g: g + (np.arange(g.size).reshape(g.shape) == g.size - 1) * 1e-6,
    "nothing": lambda g: g * 0,
    "not a number": lambda g: g * np.nan,
}


def drawn(g: Graph, count: int = 5) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Parameters, images of whole grey levels, labels."""
    rng = np.random.default_rng(2)
    shape = [n.constant for n in g.shapes[g.inputs[0]][1:]]
    images = rng.integers(0, 256, (count, *shape)) * GREY
    return initial_parameters(parameter_shapes(g), 0), images, rng.integers(0, 3, count)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("pooling", ["max_pool2d", "avg_pool2d"])
def test_derived_gradients_agree_with_autograd(activation: str, pooling: str) -> None:
    g = tiny_cnn(activation, pooling)
    checks = gradient_check(g, *drawn(g), grey=GREY)
    assert [c.claim.split(":")[0] for c in checks] == [f"dE/d {p}" for p in g.parameters]
    assert all(checks)
    assert all(c.cases == 5 for c in checks)


@pytest.mark.parametrize("backend", ["reference", "numpy", "torch"])
def test_a_graph_with_fan_out_and_a_shared_weight_agrees_in_every_backend(backend: str) -> None:
    g = forked()
    assert all(gradient_check(g, *drawn(g), grey=GREY, backend_name=backend))


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("parameter", tiny_cnn().parameters)
def test_a_mistake_in_one_tensor_is_refuted_and_named(
    parameter: str, mistake: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = network_oracle.gradients

    def wrong(*arguments: object) -> dict[str, np.ndarray]:
        found = honest(*arguments)  # type: ignore[arg-type]
        return {**found, parameter: mistake(found[parameter])}  # type: ignore[operator]

    monkeypatch.setattr(network_oracle, "gradients", wrong)
    g = tiny_cnn()
    refuted = [c for c in gradient_check(g, *drawn(g), grey=GREY) if not c]
    assert [c.claim for c in refuted] == [f"dE/d {parameter}: agrees with autograd"]


def test_the_bounds_claim_something_even_where_all_pixels_are_equal() -> None:
    g = tiny_cnn()
    parameters, images, labels = drawn(g)
    checks = gradient_check(g, parameters, images * 0 + 0.5, labels, grey=GREY)
    assert all(checks)
    assert all(c.bound < 1e-9 for c in checks)


def test_without_moving_pixels_equal_windows_would_leave_nothing_to_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    class Still:
        def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> np.ndarray:
            return np.zeros(shape)

    monkeypatch.setattr(module, "generator", lambda *_: Still())
    g = tiny_cnn("tanh")
    parameters, images, labels = drawn(g)
    checks = gradient_check(g, parameters, images * 0 + 0.5, labels, grey=GREY)
    assert max(c.bound for c in checks) > 1e-3


def test_lenets_ten_tensors_are_checked_in_parts_of_a_batch() -> None:
    g = lenet()
    seen: list[tuple[int, int]] = []
    parameters, images, labels = drawn(g, 10)
    checks = gradient_check(g, parameters, images, labels, grey=GREY, progress=lambda *at: seen.append(at))
    assert len(checks) == 10
    assert all(checks)
    assert {c.cases for c in checks} == {10}
    assert seen == [(8, 10), (10, 10)]
