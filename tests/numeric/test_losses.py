"""The losses are called as torch's are: the tensors of a call pick the law, and edge cases end as torch's do."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import numeric
from derive.errors import OperationError
from tests.numeric.backends import PRINTED
from tests.numeric.computed import agree, bounds_of_call

torch = pytest.importorskip("torch")
functional = torch.nn.functional

SHAPES = {"a batch": (5, 4), "one sample": (4,), "an image": (3, 4, 2, 3), "a signal of one": (1, 4, 6)}


def data(shape: tuple[int, ...], kind: str, seed: int = 0) -> tuple[Any, Any, Any]:
    """Logits, a target of this kind and class weights."""
    random = np.random.default_rng(seed)
    axis = min(len(shape) - 1, 1)
    image, weight = random.normal(size=shape) * 3, random.random(shape[axis]) + 0.1
    if kind == "probabilities":
        target = random.random(shape)
    else:
        target = random.integers(0, shape[axis], shape[:axis] + shape[axis + 1 :])
        if kind == "ignored":
            target = np.where(random.random(target.shape) < 1 / 3, -100, target)
    return image, target, weight


def by_torch(image: Any, target: Any, weight: Any, **settings: Any) -> tuple[Any, Any]:
    """torch's loss and its gradient by the logits, for a cotangent of ones."""
    logits = torch.tensor(image, requires_grad=True)
    given = None if weight is None else torch.tensor(weight)
    loss = functional.cross_entropy(logits, torch.tensor(target), given, **settings)
    return loss.detach().numpy(), torch.autograd.grad(loss.sum(), logits)[0].numpy()


def by_kernel(backend: str, image: Any, target: Any, weight: Any, **settings: Any) -> tuple[Any, Any]:
    """The same by a kernel."""
    made = numeric.kernel("cross_entropy", backend=backend, **settings)
    arrays = [x if x is None or backend != "torch" else torch.tensor(x) for x in (image, target, weight)]
    loss = made.forward(*arrays)
    gradients = made.vjp(loss * 0 + 1, *arrays, wrt=["input"])
    return np.asarray(loss), np.asarray(gradients["input"])


def bounds(loss: Any, image: Any, target: Any, weight: Any, **settings: Any) -> tuple[Any, Any]:
    """How far rounding may take the two apart."""
    found = bounds_of_call(numeric.kernel("cross_entropy", **settings), loss * 0 + 1, image, target, weight)
    return found[""], found["input"]


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["labels", "ignored", "probabilities"])
def test_cross_entropy_takes_what_torch_takes(kind: str, shape: str, backend: str):
    image, target, weight = data(SHAPES[shape], kind)
    if np.all(target == -100):
        target = np.zeros_like(target)
    for weights, smoothing, reduction in product((None, weight), (0, 0.3), ("mean", "sum", "none")):
        settings = {"label_smoothing": smoothing, "reduction": reduction}
        want = by_torch(image, target, weights, **settings)
        got = by_kernel(backend, image, target, weights, **settings)
        for a, b, bound in zip(got, want, bounds(got[0], image, target, weights, **settings), strict=True):
            agree(a, b, bound)


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("label", [0, 2, -1, -100, 77])
def test_any_label_may_be_the_one_that_does_not_count(label: int, backend: str):
    image, target, weight = data(SHAPES["an image"], "labels")
    target = np.where(target == 1, label, target)
    want = by_torch(image, target, weight, ignore_index=label)
    got = by_kernel(backend, image, target, weight, ignore_index=label)
    for a, b, bound in zip(got, want, bounds(got[0], image, target, weight, ignore_index=label), strict=True):
        agree(a, b, bound)


@pytest.mark.parametrize("backend", PRINTED)
def test_where_every_label_is_ignored_the_mean_is_nan_and_the_gradient_0(backend: str):
    image, target, weight = data(SHAPES["a batch"], "labels")
    for weights, smoothing in product((None, weight), (0, 0.3)):
        settings = {"label_smoothing": smoothing}
        want = by_torch(image, np.full_like(target, -100), weights, **settings)
        made = numeric.kernel("cross_entropy", backend=backend, **settings)
        arrays = [image, np.full_like(target, -100), weights]
        arrays = [x if x is None or backend != "torch" else torch.tensor(x) for x in arrays]
        loss = np.asarray(made.forward(*arrays))
        slope = np.asarray(made.vjp(1.0, *arrays, wrt=["input"])["input"])
        assert np.isnan(loss)
        assert np.isnan(want[0])
        if not smoothing:  # with smoothing, torch's own gradient is NaN
            assert not want[1].any()
        assert not slope.any()


@pytest.mark.parametrize("backend", PRINTED)
def test_saturated_logits_keep_loss_and_gradient_finite(backend: str):
    image, target, weight = data(SHAPES["a batch"], "labels")
    image = np.where(image > 0, 800.0, -800.0)
    want = by_torch(image, target, weight, label_smoothing=0.1)
    got = by_kernel(backend, image, target, weight, label_smoothing=0.1)
    for a, b, bound in zip(got, want, bounds(got[0], image, target, weight, label_smoothing=0.1), strict=True):
        assert np.isfinite(a).all()
        agree(a, b, bound)


def test_a_label_out_of_range_is_refused_and_the_ignored_one_is_not():
    image, target, _ = data(SHAPES["a batch"], "labels")
    target[2] = 4
    with pytest.raises(OperationError, match="got the label 4, expected 0 to 3"):
        numeric.kernel("cross_entropy").forward(image, target)
    target[2] = -3
    with pytest.raises(OperationError, match="got the label -3, expected 0 to 3"):
        numeric.kernel("cross_entropy").forward(image, target)
    assert np.isfinite(numeric.kernel("cross_entropy", ignore_index=-3).forward(image, target))


@pytest.mark.parametrize("smoothing", [-0.1, 1.5])
def test_smoothing_outside_0_to_1_is_refused(smoothing: float):
    image, target, _ = data(SHAPES["a batch"], "labels")
    with pytest.raises(OperationError, match=r"got label_smoothing=.*, expected .*; change label_smoothing"):
        numeric.kernel("cross_entropy", label_smoothing=smoothing).forward(image, target)
