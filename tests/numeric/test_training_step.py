"""A whole graph as one training step agrees with autograd, fan-out and shared weights included."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from derive.errors import OperationError
from derive.networks.composition import Graph
from derive.networks.network import lenet
from numeric.networks.model import model, parameter_shapes
from numeric.networks.training_step import compile
from tests.numeric.small_graphs import forked, tiny_cnn

BACKENDS = ("reference", "numpy", "torch")


def drawn(g: Graph, images: tuple[int, ...], classes: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    parameters = {n: rng.standard_normal(s) for n, s in parameter_shapes(g).items()}
    return parameters, rng.standard_normal((3, *images)), rng.integers(0, classes, 3)


def autograd_tiny(p: dict[str, torch.Tensor], x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    x = F.max_pool2d(F.relu(F.conv2d(x, p["conv.weight"], p["conv.bias"])), 2).flatten(1)
    return F.cross_entropy(F.linear(x, p["fc.weight"], p["fc.bias"]), t)


def autograd_forked(p: dict[str, torch.Tensor], x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    first = F.linear(x, p["first.weight"], p["first.bias"])
    return F.cross_entropy(torch.tanh(F.linear(first, p["first.weight"], p["first.bias"])) + first, t)


CASES = [(tiny_cnn, (1, 6, 6), 3, autograd_tiny), (forked, (4,), 4, autograd_forked)]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("build", "images", "classes", "oracle"), CASES, ids=["tiny_cnn", "forked"])
def test_a_step_gives_the_loss_and_the_gradients_of_autograd(build, images, classes, oracle, backend):
    g = build()
    parameters, x, t = drawn(g, images, classes)
    loss, gradients = compile(g, backend=backend)(parameters, x, t)
    tensors = {n: torch.tensor(v, requires_grad=True) for n, v in parameters.items()}
    expected = oracle(tensors, torch.tensor(x), torch.tensor(t))
    expected.backward()
    # float64 sums of at most some hundred terms of size one: 2^-40 is far above their rounding, far below a mistake
    assert abs(float(loss) - expected.item()) < 2**-40
    assert list(gradients) == list(g.parameters)
    for name, tensor in tensors.items():
        assert np.abs(np.asarray(gradients[name]) - tensor.grad.numpy()).max() < 2**-40, name


def test_a_compiled_batch_refuses_another():
    g = tiny_cnn()
    parameters, x, t = drawn(g, (1, 6, 6), 3)
    with pytest.raises(OperationError, match="got a batch of 3, expected 4"):
        compile(g, backend="reference", batch=4)(parameters, x, t)


def test_a_missing_parameter_is_named():
    g = tiny_cnn()
    parameters, x, t = drawn(g, (1, 6, 6), 3)
    del parameters["fc.bias"]
    with pytest.raises(OperationError, match=r"got no fc\.bias"):
        compile(g, backend="reference")(parameters, x, t)


def test_lenet_as_a_model_has_ten_parameters_and_pads_images_to_32():
    found = model(lenet(), "reference")
    assert found.pad == 2
    assert list(found.shapes.items())[:2] == [("conv1.weight", (6, 1, 5, 5)), ("conv1.bias", (6,))]
    assert len(found.shapes) == 10
    assert sum(int(np.prod(s)) for s in found.shapes.values()) == 61_706


def test_numpy_arrays_live_on_the_cpu_only():
    with pytest.raises(OperationError, match="device: got 'cuda', expected 'cpu'"):
        model(lenet(), "reference", device="cuda").native(np.zeros(3))
