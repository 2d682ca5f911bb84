"""A step compiled as one C++ function is the step of the kernels: bit for bit on integers, within rounding else."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from derive.catalogue import op
from derive.errors import OperationError
from derive.networks.composition import Graph, graph
from derive.networks.network import lenet_layers, mlp, sequential, three_weights
from numeric.nests.cost import Machine
from numeric.networks.compiled.assemble import cotangent_of, training
from numeric.networks.compiled.fusion import fuse
from numeric.networks.compiled.program import Program, chunk, laid_out
from numeric.networks.network_bounds import network_errors
from numeric.networks.training_step import compile
from tests.numeric.backends import needs_compiler
from tests.numeric.small_graphs import forked

pytestmark = needs_compiler


def whole_numbers() -> Graph:
    """Convolutions with padding and a stride, both ties of a maximum, a fork, a bias left out: integers stay whole."""
    b = graph("whole_numbers")
    x = b.input("image", "N", 2, 9, 8)
    b.input("target", "N", 3)
    x = b.add("conv1", op("conv2d", padding=1), x, K=3, K_h=3, K_w=3)
    x = b.add("pool1", op("max_pool2d", kernel_size=2, stride=2, padding=1), b.add("act1", op("relu"), x))
    a = b.add("conv2", op("conv2d", stride=2), {"input": x, "bias": None}, K=2, K_h=2, K_w=3)
    c = b.add("conv3", op("conv2d", stride=2), x, K=2, K_h=2, K_w=3)
    x = b.add("flat", op("flatten"), b.add("both", op("add"), {"input": a, "other": c}))
    x = b.add("fc", op("linear"), x, K=3)
    b.add("loss", op("mse_loss", reduction="sum"), {"input": x, "target": "target"})
    return b.build(scores=x)


def branched() -> Graph:
    """What one activation makes is read by a window, by its other name, and at its own entries."""
    b = graph("branched")
    b.input("image", "N", 2, 4, 4)
    b.input("target", "N", 3)
    act = b.add("act", op("relu"), b.add("conv", op("conv2d"), "image", K=2, K_h=3, K_w=3))
    flat = b.add("flat", op("flatten"), act)
    pooled = b.add("flat2", op("flatten"), b.add("pool", op("max_pool2d", kernel_size=2), act))
    first = b.add("fc1", op("linear"), b.add("twice", op("add"), {"input": flat, "other": flat}), K=3)
    x = b.add("both", op("add"), {"input": first, "other": b.add("fc2", op("linear"), pooled, K=3)})
    b.add("loss", op("mse_loss", reduction="sum"), {"input": x, "target": "target"})
    return b.build(scores=x)


def small_lenet(activation: str = "relu", pooling: str = "max_pool2d", channels: int = 1) -> Graph:
    """LeNet's layers on 16 x 16."""
    return sequential("small", (channels, 16, 16), lenet_layers(activation, pooling, filters=(3, 4)))


def across_samples() -> Graph:
    """A law of the user's in which samples meet: it fits no lanes."""
    b = graph("across")
    b.input("x", "N", 3)
    b.input("y", "N", 2)
    z = b.add("z", op("linear"), "x", K=2)
    d = b.add("d", op("O[n,c] = X[n,c] - 2*X[n-1,c]; X[n<N,c<C]"), z)
    b.add("loss", op("mse_loss", reduction="sum"), {"input": d, "target": "y"})
    return b.build(scores=d)


def normalised() -> Graph:
    """Batch normalisation by given statistics, its weights trained."""
    b = graph("normalised")
    b.input("x", "N", 3)
    b.input("label", "N")
    b.input("mean", 3)
    b.input("variance", 3)
    x = b.add("norm", op("batch_norm"), {"input": "x", "running_mean": "mean", "running_var": "variance"})
    x = b.add("fc", op("linear"), x, K=4)
    b.add("loss", op("cross_entropy"), {"input": x, "target": "label"})
    return b.build(scores=x)


Change = Callable[[dict[str, np.ndarray], list[np.ndarray]], tuple[dict[str, np.ndarray], list[np.ndarray]]]
Draw = Callable[[tuple[int, ...]], np.ndarray]


def drawn(g: Graph, n: int, draw: Draw) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    def shape(t: str) -> tuple[int, ...]:
        return tuple(n if i.constant is None else i.constant for i in g.shapes[t])

    rng = np.random.default_rng(1)
    inputs = [rng.integers(0, 2, shape(t)) if t in g.integers else np.abs(draw(shape(t))) for t in g.inputs]
    return {p: draw(shape(p)) for p in g.parameters}, inputs


@pytest.mark.parametrize(("dtype", "n", "threads"), [("float32", 19, 1), ("float64", 3, 1), ("float32", 80, 2)])
@pytest.mark.parametrize("build", [whole_numbers, across_samples, branched])
def test_on_integers_the_compiled_step_is_the_step_of_the_kernels_bit_for_bit(
    build: Callable[[], Graph], dtype: str, n: int, threads: int
) -> None:
    g, rng = build(), np.random.default_rng(0)
    parameters, inputs = drawn(g, n, lambda shape: rng.integers(-1, 2, shape).astype(np.float64))
    expected, wanted = compile(g)(parameters, *inputs)
    cast = [x if t in g.integers else x.astype(dtype) for t, x in zip(g.inputs, inputs, strict=True)]
    loss, found = compile(g, backend="cpp", batch=n, threads=threads)(
        {p: x.astype(dtype) for p, x in parameters.items()}, *cast
    )
    assert loss == expected != 0
    assert abs(float(expected)) < 2**24, "sums stay exact in float32"
    for p in g.parameters:
        np.testing.assert_array_equal(found[p], wanted[p], err_msg=p)
        assert str(found[p].dtype) == dtype
        assert found[p].any(), f"{p}: a gradient of zeros proves little"


NETWORKS: dict[str, tuple[Callable[[], Graph], int]] = {
    "lenet": (small_lenet, 17),
    "sigmoids and averages": (partial(small_lenet, "sigmoid", "avg_pool2d", 3), 2),
    "perceptron": (mlp, 9),
    "fork": (forked, 24),
    "numbers": (three_weights, 11),
    "normalised": (normalised, 5),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_on_real_data_the_compiled_step_is_the_step_of_the_kernels_within_rounding(name: str) -> None:
    build, n = NETWORKS[name]
    g, rng = build(), np.random.default_rng(0)
    parameters, inputs = drawn(g, n, lambda shape: rng.standard_normal(shape))
    loss, found = compile(g, backend="cpp")(parameters, *inputs)
    expected, wanted = compile(g)(parameters, *inputs)
    errors = network_errors(g, parameters | dict(zip(g.inputs, inputs, strict=True)), lambda node, letter: None)
    for p in g.parameters:
        bound = 2 * errors[p].spread
        assert (np.abs(np.ravel(found[p] - wanted[p])) <= bound).all(), p
    assert abs(loss - expected) <= abs(expected) * 2.0**-40


def test_convolution_activation_and_pooling_are_one_nest_and_a_flattened_tensor_is_another_name() -> None:
    found = fuse(training(small_lenet(), {"N": 16}))
    first = {o.target.tensor for o in found.nests[0].outputs}
    assert first == {"conv1", "pool1"}, "the activation is put in, and stored nowhere"
    assert found.aliases["flat"] == "pool2"


def test_a_read_outside_of_what_is_put_in_stays_0() -> None:
    b = graph("outside")
    b.input("x", "N", 3)
    b.input("y", "N", 2)
    b.parameter("w")
    law = op("O[n,c] = w*X[n,c] + 5; X[n<N,c<C]; scalar w")
    z = b.add("z", op("O[n,i] = max[p<3] X[n,2*i+p-1]; X[n<N,c<C]; size i = 2"), b.add("m", law, {"X": "x", "w": "w"}))
    b.add("loss", op("mse_loss", reduction="sum"), {"input": z, "target": "y"})
    g = b.build(scores=z)
    parameters, inputs = {"w": np.array(2.0)}, [np.array([[-9.0, -7, -8], [1, 2, 3]]), np.zeros((2, 2))]
    loss, found = compile(g, backend="cpp")(parameters, *inputs)
    expected, wanted = compile(g)(parameters, *inputs)
    assert (loss, found["w"]) == (expected, wanted["w"])


@pytest.mark.parametrize("machine", [Machine(32, 12), Machine(16, 12)])
def test_narrower_vectors_give_the_same_bits(machine: Machine) -> None:
    g, rng = whole_numbers(), np.random.default_rng(0)
    parameters, inputs = drawn(g, 6, lambda shape: rng.integers(-1, 2, shape).astype("float32"))
    layout = laid_out(partial(training, g, {"N": 6}), 6, machine.width("float32"))
    found = Program(layout, "float32", machine)(parameters | dict(zip(g.inputs, inputs, strict=True)))
    _, wanted = compile(g)(parameters, *inputs)
    for p in g.parameters:
        np.testing.assert_array_equal(found[cotangent_of(p)], wanted[p], err_msg=p)


def test_few_samples_are_worked_on_in_shorter_vectors() -> None:
    machine = Machine(bytes=64, accumulators=28)
    assert [machine.narrowed(n, "float32").width("float32") for n in (1, 4, 5, 8, 9, 16, 100)] == [
        4,
        4,
        8,
        8,
        16,
        16,
        16,
    ]
    assert machine.narrowed(1, "float64").width("float64") == 2


def test_a_tuned_step_has_the_same_bits_and_what_was_chosen_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    g, rng = mlp(), np.random.default_rng(0)
    parameters, inputs = drawn(g, 20, lambda shape: rng.standard_normal(shape))
    loss, found = compile(g, backend="cpp")(parameters, *inputs)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tuned_loss, tuned = compile(g, backend="cpp", autotune=True)(parameters, *inputs)
    assert tuned_loss == loss
    for p in g.parameters:
        np.testing.assert_array_equal(tuned[p], found[p])
    kept = list(tmp_path.rglob("*.json"))
    assert kept
    for path in kept:
        path.write_text('{"order": ["nothing"], "together": {}, "unroll": 8}')
    again, _ = compile(g, backend="cpp")(parameters, *inputs)
    assert again == loss


def test_scores_of_fewer_samples_are_read_by_the_same_function() -> None:
    g, rng = mlp(), np.random.default_rng(0)
    parameters, (x, _) = drawn(g, 9, lambda shape: rng.integers(-2, 3, shape).astype("float32"))
    step = compile(g, backend="cpp")
    whole = step.scores(parameters, x)
    np.testing.assert_array_equal(step.scores(parameters, x[:4]), whole[:4])
    assert whole.shape == (9, 2)


@pytest.mark.parametrize(
    ("samples", "size"), [(1, 1), (63, 63), (64, 32), (96, 32), (1000, 40), (1024, 32), (127, 127)]
)
def test_a_large_batch_is_worked_on_in_equal_chunks(samples: int, size: int) -> None:
    assert chunk(samples, 16) == size


@pytest.mark.parametrize(("build", "chunks"), [(whole_numbers, 2), (forked, 2), (across_samples, 1)])
def test_samples_that_meet_elsewhere_than_in_results_are_not_parted(build: Callable[[], Graph], chunks: int) -> None:
    found = laid_out(partial(training, build(), {"N": 64}), 64, 16)
    assert found.assembly.chunks == chunks


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p, x: (p | {"W": p["W"][:, :1]}, x), "W: got extent 1"),
        (lambda p, x: ({"W": p["W"]}, x), "got no U"),
        (lambda p, x: ({n: w.astype(np.int64) for n, w in p.items()}, x), "got int64, expected float32"),
        (lambda p, x: (p, [x[0], x[1][:2]]), "y: got extent 2"),
        (lambda p, x: (p, [x[0][:, :, None], x[1]]), "x: got 3 axes"),
    ],
)
def test_tensors_that_do_not_fit_are_refused_before_memory_is_touched(change: Change, said: str) -> None:
    g, rng = mlp(), np.random.default_rng(0)
    parameters, inputs = change(*drawn(g, 3, lambda shape: rng.standard_normal(shape)))
    with pytest.raises(OperationError, match=said):
        compile(g, backend="cpp")(parameters, *inputs)
