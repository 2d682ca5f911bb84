"""Normalisations and slopes are called as torch's are, with any number of places and with what may be left out."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import numeric
from derive.errors import OperationError
from tests.numeric import computed
from tests.numeric.backends import PRINTED
from tests.numeric.computed import bounds_of_call

torch = pytest.importorskip("torch")
functional = torch.nn.functional
SHAPES = ((5, 3), (4, 3, 2), (2, 3, 4, 2), (2, 3, 2, 1, 2))


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def agree(name: str, backend: str, arrays: dict[str, Any], by_torch: Any, **settings: Any) -> None:
    """Output and gradients of all tensors but running statistics, which torch gives none."""
    given = {a: torch.tensor(x, requires_grad=not a.startswith("running")) for a, x in arrays.items()}
    want = by_torch(**given)
    cotangent = drawn(*want.shape, seed=1)
    want.backward(torch.tensor(cotangent))
    made = numeric.kernel(name, backend=backend, **settings)
    own = {a: torch.tensor(x) if backend == "torch" else x for a, x in arrays.items()}
    learned = [a for a in arrays if not a.startswith("running")]
    got = made.forward(**own)
    slopes = made.vjp(torch.tensor(cotangent) if backend == "torch" else cotangent, wrt=learned, **own)
    bounds = bounds_of_call(numeric.kernel(name, **settings), cotangent, **arrays)
    computed.agree(got, want.detach(), bounds[""])
    for a in learned:
        computed.agree(slopes[a], given[a].grad, bounds[a])


def affine(width: int | tuple[int, ...], kept: tuple[str, ...]) -> dict[str, np.ndarray]:
    shape = (width,) if isinstance(width, int) else width
    return {a: drawn(*shape, seed=len(a)) for a in kept}


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_takes_any_places(shape: tuple[int, ...], backend: str):
    for training, kept in product((True, False), ((), ("weight",), ("weight", "bias"))):
        arrays = {"input": drawn(*shape) * 3 + 5, **affine(3, kept)}
        if not training:
            arrays |= {"running_mean": drawn(3, seed=7), "running_var": drawn(3, seed=8) ** 2}

        def by_torch(
            input: Any, running_mean: Any = None, running_var: Any = None, on: bool = training, **rest: Any
        ) -> Any:
            return functional.batch_norm(input, running_mean, running_var, training=on, eps=1e-3, **rest)

        agree("batch_norm", backend, arrays, by_torch, training=training, eps=1e-3)


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("shape", [(4,), *SHAPES], ids=str)
def test_layer_norm_takes_any_last_axes(shape: tuple[int, ...], backend: str):
    for axes, kept in product(range(1, len(shape) + 1), ((), ("weight",), ("weight", "bias"))):
        last = shape[-axes:]
        arrays = {"input": drawn(*shape) * 3 + 5, **affine(last, kept)}
        agree(
            "layer_norm",
            backend,
            arrays,
            lambda input, last=last, **rest: functional.layer_norm(input, last, **rest),
            normalized_shape=last,
        )


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize(
    ("shape", "slopes"), [((), 1), ((4,), 1), ((5, 3), 3), ((5, 3), 1), ((2, 3, 4), 3), ((2, 3, 4), 1)]
)
def test_prelu_has_a_slope_for_every_channel_or_one(shape: tuple[int, ...], slopes: int, backend: str):
    arrays = {"input": np.where(drawn(*shape) > 1, 0.0, drawn(*shape)), "weight": drawn(slopes) - 0.5}
    agree("prelu", backend, arrays, functional.prelu)


@pytest.mark.parametrize("backend", PRINTED)
@pytest.mark.parametrize("slope", [0.01, -0.5, 0, 2])
def test_slopes_of_any_sign_count_at_0(slope: float, backend: str):
    arrays = {"input": np.array([-2.0, 0.0, 0.0, 3.0])}
    agree("leaky_relu", backend, arrays, lambda input: functional.leaky_relu(input, slope), negative_slope=slope)
    agree("elu", backend, arrays, lambda input: functional.elu(input, slope), alpha=slope)


def test_what_torch_refuses_is_refused_by_name():
    with pytest.raises(OperationError, match="got no normalized_shape"):
        numeric.kernel("layer_norm").forward(drawn(2, 3))
    with pytest.raises(OperationError, match="got N = 1, expected 2<=N"):
        numeric.kernel("batch_norm", training=True).forward(drawn(1, 3))
    with pytest.raises(OperationError, match="got no running_mean"):
        numeric.kernel("batch_norm").forward(drawn(4, 3))
    with pytest.raises(OperationError, match="weight: got 2"):
        numeric.kernel("prelu").forward(drawn(4, 3), drawn(2))
