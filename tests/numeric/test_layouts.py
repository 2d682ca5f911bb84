"""Tensors lie as torch takes them: the batch left out, places behind the classes, the class axis anywhere."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from derive.catalogue import op
from derive.errors import OperationError
from derive.layout import AS_THE_LAW, Layout
from numeric.calling.layouts import arrangement
from numeric.checks.samples import Sample, configurations
from numeric.kernels import kernel
from tests.numeric.backends import PRINTED
from tests.numeric.computed import agree, bounds_of_call


def floats(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(len(shape)).standard_normal(shape))


LABELS = torch.tensor([[1, 0, 2, 2], [0, 1, 1, 2]])
CALLS: list[tuple[str, dict[str, Any], tuple[torch.Tensor, ...], Callable[..., torch.Tensor]]] = [
    ("conv1d", {"padding": 1}, (floats(3, 7), floats(2, 3, 3), floats(2)), F.conv1d),
    ("conv2d", {"stride": 2}, (floats(3, 7, 6), floats(2, 3, 3, 2), floats(2)), F.conv2d),
    ("conv3d", {"groups": 2}, (floats(4, 5, 4, 3), floats(2, 2, 2, 2, 2), floats(2)), F.conv3d),
    ("max_pool2d", {"kernel_size": 2, "padding": 1}, (floats(3, 7, 6),), F.max_pool2d),
    ("avg_pool1d", {"kernel_size": 3}, (floats(3, 7),), F.avg_pool1d),
    ("softmax", {"dim": 0}, (floats(3, 4, 2),), F.softmax),
    ("softmax", {"dim": 1}, (floats(3, 4, 2),), F.softmax),
    ("log_softmax", {"dim": -2}, (floats(3, 4, 2),), F.log_softmax),
    ("log_softmax", {"dim": -1}, (floats(4),), F.log_softmax),
    ("cross_entropy", {}, (floats(3), torch.tensor(2)), F.cross_entropy),
    ("cross_entropy", {"reduction": "sum"}, (floats(2, 3, 4), LABELS), F.cross_entropy),
    ("cross_entropy", {"reduction": "none"}, (floats(2, 3, 2, 2), LABELS.reshape(2, 2, 2)), F.cross_entropy),
    ("cross_entropy", {"reduction": "none"}, (floats(3), floats(3).abs()), F.cross_entropy),
    ("cross_entropy", {}, (floats(2, 3, 4), floats(2, 3, 4).abs()), F.cross_entropy),
    ("linear", {}, (floats(3), floats(2, 3), floats(2)), F.linear),
    ("linear", {}, (floats(2, 4, 5, 3), floats(2, 3), floats(2)), F.linear),
]


@pytest.mark.parametrize("backend", ["reference", *PRINTED])
@pytest.mark.parametrize(("name", "settings", "tensors", "function"), CALLS, ids=lambda x: str(x)[:20])
def test_outputs_and_gradients_have_the_axes_and_values_of_torchs(
    name: str,
    settings: dict[str, Any],
    tensors: tuple[torch.Tensor, ...],
    function: Callable[..., torch.Tensor],
    backend: str,
) -> None:
    leaves = [t.clone().requires_grad_(t.is_floating_point()) for t in tensors]
    want = function(*leaves, **settings)
    dy = floats(*want.shape)
    want.backward(dy)
    k = kernel(name, backend=backend, **settings)
    bounds = bounds_of_call(kernel(name, **settings), dy.numpy(), *(t.numpy() for t in tensors))
    agree(k.forward(*tensors), want.detach(), bounds[""])
    found = k.vjp(dy, *tensors)
    for (argument, gradient), leaf in zip(found.items(), leaves, strict=False):
        if leaf.grad is not None:
            agree(gradient, leaf.grad, bounds[argument])


DRAWN: dict[str, tuple[str, Callable[[Sample], bool]]] = {
    "a batch left out": ("conv2d", lambda s: s.given["input"].ndim == 3),
    "a batch of one": ("conv2d", lambda s: s.given["input"].shape[0] == 1 and s.given["input"].ndim == 4),
    "one sample's classes": ("cross_entropy", lambda s: s.given["input"].ndim == 1),
    "places": ("cross_entropy", lambda s: s.given["input"].ndim > 2),
    "an axis that is not the last one": ("softmax", lambda s: s.order(s.op.inputs[0]) != (0, 1)),
    "a negative axis": ("softmax", lambda s: s.arranged.settings["dim"] < 0),
}


@pytest.mark.parametrize("what", DRAWN)
def test_verification_draws_every_way_in_which_tensors_may_lie(what: str) -> None:
    name, holds = DRAWN[what]
    drawn = [holds(s) for s in configurations(op(name), 60)]
    assert any(drawn)
    assert not all(drawn)


@pytest.mark.parametrize("name", ["conv2d", "softmax", "cross_entropy"])
def test_what_is_passed_and_what_the_law_has_are_each_others_inverse(name: str) -> None:
    for sample in configurations(op(name), 20):
        arrays = {**sample.given, sample.op.output.argument: sample.cotangent}
        for t in (t for t in (*sample.op.inputs, sample.op.output) if t.argument in arrays):
            passed = arrays[t.argument]
            assert np.array_equal(sample.passed(t, sample.flat(t, passed)), passed)


def test_a_layout_speaks_of_those_axes_that_a_tensor_has() -> None:
    layout = Layout("n? c *", star="n")
    assert layout.tokens(("n", "c")) == ("n?", "c", "*")
    assert layout.tokens(("n",)) == ("n?", "*")
    assert layout.tokens(("c",)) == ("c",)
    assert layout.tokens(()) == ()
    assert Layout(batch="n").tokens(("n", "c", "h")) == ("n?", "c", "h")
    assert Layout(batch="n").tokens(("k", "c")) == ("k", "c")
    assert AS_THE_LAW.tokens(("n", "c")) == ("n", "c")
    assert Layout("* c *", star="...", dim=-1).arguments == ("dim",)


def test_arguments_that_say_how_tensors_lie_are_read_or_refused() -> None:
    assert arrangement(op("softmax"), {}).dim == -1
    assert arrangement(op("softmax"), {"dim": 0}).dim == 0
    with pytest.raises(OperationError, match="got dim=True, expected an integer"):
        arrangement(op("softmax"), {"dim": True})
    with pytest.raises(OperationError, match="got argument 'dim', expected none"):
        arrangement(op("relu"), {"dim": 0})
