"""Every network of the decks, compiled, gives autograd's gradients: within computed bounds, and exactly on integers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from derive.catalogue import op
from derive.errors import OperationError
from derive.networks.composition import Graph, graph
from derive.networks.network import NETWORKS, lenet, mlp
from numeric.checks.checking import compare_bounded
from numeric.networks import network_oracle
from numeric.networks.network_bounds import network_errors
from numeric.networks.network_sizes import shape_at, sizes_of
from numeric.networks.training_step import compile

BACKENDS = ("reference", "numpy", "torch")
Arrays = dict[str, NDArray]


def drawn(g: Graph, seed: int = 0, samples: int = 2) -> Arrays:
    """Float64 arrays for the inputs and parameters of a graph; labels of its first two classes."""
    rng = np.random.default_rng(seed)
    sizes = {"N": samples}
    found: Arrays = {}
    for name in (*g.inputs, *g.parameters):
        shape = shape_at(g, name, sizes)
        fan_in = max(1, int(np.prod(shape[1:])))
        scale = 1.0 if name in g.inputs else 1 / np.sqrt(fan_in)
        found[name] = (
            rng.integers(0, 2, shape) if name in g.integers else np.asarray(rng.standard_normal(shape) * scale)
        )
    return found


def stepped(g: Graph, arrays: Arrays, backend: str) -> tuple[float, Arrays]:
    make = torch.from_numpy if backend == "torch" else np.asarray
    step = compile(g, backend=backend)
    value, found = step({p: make(arrays[p]) for p in g.parameters}, *(make(arrays[i]) for i in g.inputs))
    return float(value), {p: np.asarray(x) for p, x in found.items()}


def agreements(g: Graph, arrays: Arrays, got: Arrays) -> dict[str, bool]:
    """Whether each gradient is autograd's within twice the error that is computed for it."""
    errors = network_errors(g, arrays, network_oracle.order)
    want = network_oracle.gradients(g, arrays)
    assert list(got) == list(g.parameters)
    assert all(np.abs(x).max() > 0 for x in want.values())
    bounds = {p: 2 * errors[p].spread.reshape(x.shape) for p, x in want.items()}
    return {p: bool(compare_bounded(got[p], want[p], bounds[p], p, 1, 0)) for p in got}


def agree(g: Graph, backend: str) -> None:
    arrays = drawn(g)
    assert all(agreements(g, arrays, stepped(g, arrays, backend)[1]).values())


def test_a_gradient_that_is_off_by_a_millionth_does_not_agree() -> None:
    g = mlp()
    arrays = drawn(g)
    _, got = stepped(g, arrays, "numpy")
    got["U"] = got["U"] * (1 + 1e-6)
    assert agreements(g, arrays, got) == {"W": True, "U": False}


def normalised() -> Graph:
    """A layer that is normalised over its last axis, then softmax."""
    b = graph("normalised")
    x = b.input("x", "N", 4)
    b.input("y", "N", 4)
    z = b.add("z", op("linear"), {"input": x, "bias": None}, K=4)
    p = b.add("p", op("softmax"), b.add("n", op("layer_norm"), {"input": z}))
    b.add("E", op("mse_loss", reduction="sum"), {"input": p, "target": "y"})
    return b.build(p)


def test_the_axes_that_torch_is_told_are_those_of_the_law() -> None:
    agree(normalised(), "numpy")


SMALL = ("two_weights", "three_weights", "mlp", "relu_classifier")
LARGE = ("lenet", "lenet_rgb", "rgb_layer", "feedforward")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SMALL)
def test_a_small_network_has_the_gradients_of_autograd_within_computed_bounds(name: str, backend: str) -> None:
    agree(NETWORKS[name].build(), backend)


@pytest.mark.parametrize("name", LARGE)
def test_a_large_network_has_the_gradients_of_autograd_within_computed_bounds(name: str) -> None:
    agree(NETWORKS[name].build(), "numpy")


@pytest.mark.parametrize("bias", ["none", "ones", "vector"])
def test_a_perceptron_has_its_bias_in_a_column_in_a_vector_or_not_at_all(bias: str) -> None:
    agree(mlp(bias=bias), "numpy")


def test_the_bias_in_a_column_is_the_bias_vector() -> None:
    arrays = drawn(mlp(bias="vector"))
    column = {**arrays, "W": np.column_stack([arrays["W"], arrays["b"]])}
    del column["b"]
    by_one = stepped(mlp(bias="ones"), column, "numpy")[1]["W"]
    by_vector = stepped(mlp(bias="vector"), arrays, "numpy")[1]
    error = network_errors(mlp(bias="ones"), column, network_oracle.order)["W"].spread.reshape(by_one.shape)
    other = np.column_stack([by_vector["W"], by_vector["b"]])
    assert compare_bounded(by_one, other, 2 * error, "a column is the vector", 7)


# -- whole numbers -----------------------------------------------------------------------------------------------------


def shared_and_forked() -> Graph:
    """A weight that three nodes read, one of them twice over, and a tensor that two branches read."""
    b = graph("shared")
    x = b.input("x", "N", 4)
    b.parameter("V", 4, 4)
    first = b.add("first", op("linear"), {"input": x, "weight": "V", "bias": None})
    again = b.add("again", op("linear"), {"input": b.add("act", op("relu"), first), "weight": "V", "bias": None})
    b.add("square", op("O[n,k] = sum[c,d] X[n,c]*A[k,c]*B[k,d]"), {"X": again, "A": "V", "B": "V"})
    b.add("sum", op("add"), {"input": "square", "other": first})
    b.add("E", op("O = sum[n,c] X[n,c]*Y[n,c]^2"), {"X": "sum", "Y": x})
    return b.build("sum")


def alexnet_of_integers() -> Graph:
    """AlexNet's layers under a sum of products: with whole numbers going in, every number is whole."""
    full = NETWORKS["alexnet"].build(classes=10)
    b = graph("alexnet")
    b.input("image", "N", 3, 227, 227)
    b.input("y", "N", 10)
    for node in full.nodes[:-1]:
        x = node.feeds[0][1]
        known = dict(node.sizes)
        chosen = {
            s: known[s].constant for s in ("K", "K_h", "K_w") if s in known and node.op.name in ("conv2d", "linear")
        }
        b.add(node.name, node.op, {"input": x}, **{s: n for s, n in chosen.items() if n is not None})
    b.add("E", op("O = sum[n,k] X[n,k]*Y[n,k]"), {"X": "fc3", "Y": "y"})
    return b.build("fc3")


def sparse(g: Graph, samples: int) -> Arrays:
    """Whole numbers, most weights 0: sums stay far below 2^53."""
    rng = np.random.default_rng(4)
    found = {}
    for name in (*g.inputs, *g.parameters):
        shape = shape_at(g, name, {"N": samples})
        weight = name in g.parameters and len(shape) > 1
        keep = min(1.0, 6 / np.prod(shape[1:])) if weight else 1.0
        found[name] = (rng.integers(-2, 3, shape) * (rng.random(shape) < keep)).astype(np.float64)
    return found


@pytest.mark.parametrize("backend", BACKENDS)
def test_shared_weights_have_exactly_the_gradients_of_autograd(backend: str) -> None:
    g = shared_and_forked()
    rng = np.random.default_rng(2)
    arrays = {name: rng.integers(-3, 4, shape_at(g, name, {"N": 3})).astype(np.float64) for name in ("x", "V")}
    (want,) = network_oracle.gradients(g, arrays).values()
    _, got = stepped(g, arrays, backend)
    assert np.array_equal(got["V"], want)
    assert np.abs(want).max() > 100


def test_alexnet_on_whole_numbers_has_exactly_the_gradients_of_autograd() -> None:
    g = alexnet_of_integers()
    arrays = sparse(g, 1)
    want = network_oracle.gradients(g, arrays)
    _, got = stepped(g, arrays, "torch")
    for p in g.parameters:
        assert np.array_equal(got[p], want[p]), p
        assert 0 < np.abs(want[p]).max() < 2**53, p


# -- sizes -------------------------------------------------------------------------------------------------------------


def test_the_batch_is_read_from_the_arrays() -> None:
    g = lenet()
    shapes = {name: shape_at(g, name, {"N": 5}) for name in (*g.inputs, *g.parameters)}
    assert sizes_of(g, shapes) == {"N": 5}


def test_arrays_of_two_batches_are_refused() -> None:
    g = NETWORKS["two_weights"].build()
    with pytest.raises(OperationError, match="two_weights: y: got extent 4 for N, expected 3"):
        sizes_of(g, {"x": (3,), "y": (4,), "w": (), "u": ()})
