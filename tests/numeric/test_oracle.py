"""The oracles answer by themselves: torch, the law under autograd, the complex step and central differences agree."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from derive.catalogue import names, op
from derive.catalogue.torch_arguments import torch_arguments
from derive.errors import OperationError
from derive.language.show import show
from derive.operation import Op
from numeric import oracle
from numeric.backend import gradient_formula
from numeric.checks.bounds import along, bounds_on, direction, error_of, inner_product
from numeric.checks.campaign import catalogue_variants
from numeric.checks.checking import compare_bounded
from numeric.checks.examination import exactly
from numeric.checks.rounding import FLOAT64, Ball
from numeric.checks.samples import Sample, configurations, draw
from numeric.checks.steps import COMPLEX_ROUNDINGS, COMPLEX_TRUNCATION, central_difference, complex_step, degree
from numeric.kernels import kernel
from numeric.oracle import CALLS, TorchArithmetic, autograd, by_law, order_of_torch


def gradients_of_the_law(law: Op, seed: int) -> tuple[Mapping[str, np.ndarray], Mapping[str, np.ndarray]]:
    """Of one sample, by torch's function and by the law evaluated densely."""
    sample = draw(law, seed, "plain")
    wanted = [t.argument for t in sample.wrt]
    inputs = {a: torch.from_numpy(np.array(x, order="C")) for a, x in sample.given.items()}
    leaves = {a: x.requires_grad_() if a in wanted else x for a, x in inputs.items()}
    output = by_law(sample, {**dict.fromkeys(sample.arrays), **leaves})
    found = torch.autograd.grad(
        output, [leaves[a] for a in wanted], torch.from_numpy(np.array(sample.cotangent, order="C"))
    )
    want, grads = autograd(sample)
    return {"": want, **grads}, {
        "": output.detach().numpy(),
        **dict(zip(wanted, (g.numpy() for g in found), strict=True)),
    }


def bounds_of(law: Op, sample: Sample) -> dict[str, np.ndarray]:
    """How far two evaluations may be apart, one of them in torch's own order, in the shapes of a user."""
    formulas = {t.name: gradient_formula(law, t) for t in law.differentiable}
    double, found = bounds_on(law, formulas, sample, FLOAT64), {}
    for key in double.balls:
        tensor = law.tensor(key) if key else law.output
        other = order_of_torch(law, tensor.name)
        error = double.error(key) if other is None else error_of(law, sample, tensor.name, other)
        found[key] = sample.passed(tensor, double.error(key) + error)
    return found


@pytest.mark.parametrize(
    "law", list(catalogue_variants()), ids=lambda law: " ".join([law.name, *(v for _, v in law.settings)])
)
def test_torch_and_the_law_under_autograd_agree(law: Op) -> None:
    for seed in range(4):
        torchs, laws = gradients_of_the_law(law, seed)
        apart = bounds_of(law, draw(law, seed, "plain"))
        for key, want in torchs.items():
            found = laws[key]
            if law.name.startswith("lp_pool"):  # autograd makes NaN of a root at 0, also in a branch that is not taken
                found = np.where(np.isnan(found) & (want == 0), 0, found)
            assert compare_bounded(found, want, apart[key], f"{key or 'output'} of seed {seed}", 8)


def test_every_operation_of_the_catalogue_has_a_function_of_torch() -> None:
    assert set(CALLS) == set(names())


@pytest.mark.parametrize(
    "text",
    [
        "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]",
        "O[i] = X[i]*exp(Y[i])/(X[i]^2 + 1)",
        "O[i] = max(X[i]*Y[i], Y[i])",
        "O[n,d] = W[T[n],d]; W[v<V,d<D]; T[n<N]; integer T",
        "O[i] = max[p<2] X[i+p]*Y[i]",
    ],
)
@np.errstate(invalid="ignore")
def test_the_law_under_autograd_agrees_with_its_tangents(text: str) -> None:
    law = op(text)
    decided = 0
    # products that are rounded leave open which one is the largest; on integers nothing is rounded
    for sample in configurations(law, 6, kind="integer" if "max[" in text else "plain"):
        _, grads = autograd(sample)
        for t in sample.wrt:
            v = direction(sample, t.name)
            moved = along(sample, t.name, v)
            left = inner_product(exactly(sample.flat(law.output, sample.cotangent)), moved)
            error = sample.flat(t, bounds_of(law, sample)[t.argument])
            right = inner_product(Ball(sample.flat(t, grads[t.argument]), error), exactly(v))
            bound = left.spread + right.spread
            if np.isfinite(bound):  # else rounding alone chooses a winner
                decided += 1
                assert abs(left.value - right.value) <= bound
    assert decided


@pytest.mark.parametrize("name", names())
def test_the_complex_step_is_the_tangent(name: str) -> None:
    law = op(name)
    for sample in configurations(law, 4, kind="plain"):
        for t in sample.wrt:
            v = direction(sample, t.name)
            step = complex_step(sample, t.name, v)
            moved = along(sample, t.name, v)
            assert (np.abs(step - moved.value) <= moved.spread * COMPLEX_ROUNDINGS + COMPLEX_TRUNCATION).all()
            assert np.abs(step - along(sample, t.name, 2 * v).value).max() > 0 or not step.any()


def test_a_central_difference_is_exact_up_to_degree_two_and_not_beyond() -> None:
    law = op("O[i] = X[i]^2*Y[i]^3")
    assert (degree(law, "X"), degree(law, "Y")) == (2, 3)
    sample = draw(law, 1, "integer")
    v = np.ones(sample.given["X"].shape)
    assert (central_difference(sample, "X", v) == along(sample, "X", v).value).all()
    assert (central_difference(sample, "Y", v) != along(sample, "Y", v).value).any()


@pytest.mark.parametrize(
    ("text", "name", "want"),
    [
        ("O[i] = sum[p] X[i+p]*F[p]", "X", 1),
        ("O[i] = sum[p] X[i+p]*X[i]*F[p]", "X", 2),
        ("A[i] = X[i]^2; O[i] = A[i]*A[i]/3 + X[i]", "X", 4),
        ("O[i] = Y[i]/X[i]", "X", np.inf),
        ("O[i] = Y[i]/X[i]", "Y", 1),
        ("O[i] = exp(X[i])*Y[i]", "Y", 1),
        ("O[i] = max(X[i], 0)", "X", np.inf),
        ("O[i] = [0<X[i]]*Y[i]", "X", np.inf),
        ("O[i] = X[i]^n", "X", np.inf),
    ],
)
def test_degrees_are_those_of_polynomials(text: str, name: str, want: float) -> None:
    assert degree(op(text), name) == want


def test_a_window_without_a_real_cell_is_refused_before_torch_sees_it() -> None:
    good = draw(op("max_pool2d"), 0)
    names_ = {**good.names, "H": 2, "W": 2, "K_h": 2, "K_w": 2, "P_h": 1, "P_w": 1, "d_h": 3, "d_w": 3, "I": 1, "J": 1}
    with pytest.raises(OperationError, match="real cell"):
        oracle.refuse_empty_windows(good.op, names_)
    oracle.refuse_empty_windows(good.op, good.names)


def test_settings_reach_torch_by_its_names_whether_bound_or_drawn() -> None:
    sample = draw(op("conv2d", stride=(2, 1)), 3)
    settings = torch_arguments(sample.op, sample.names)
    assert settings["stride"] == (2, 1)
    assert settings["padding"] == tuple(sample.settings["padding"])  # type: ignore[arg-type]
    pooling = draw(op("avg_pool2d"), 0)
    assert torch_arguments(pooling.op, pooling.names)["count_include_pad"] is True
    assert torch_arguments(op("mse_loss", reduction="sum"), {}) == {"reduction": "sum"}


def test_a_law_of_ones_own_is_not_mistaken_for_a_catalogue_one() -> None:
    assert oracle.is_torch(op("relu"))
    assert not oracle.is_torch(op("relu[i] = X[i]"))


def test_the_arithmetic_of_torch_takes_the_first_winner_and_the_right_side_of_a_tie() -> None:
    law = op("O = max[i] X[i]")
    sample = draw(law, 1)
    tied = torch.full((sample.names["I"],), 3.0, dtype=torch.float64, requires_grad=True)
    by_law(sample, {"X": tied}).backward()
    assert tied.grad is not None
    assert tied.grad.tolist() == [1.0] + [0.0] * (sample.names["I"] - 1)
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    truth = TorchArithmetic().compare("<=", x, torch.zeros((), dtype=torch.float64))
    TorchArithmetic().choose(truth, torch.zeros((), dtype=torch.float64) * x, x).backward()
    assert float(x.grad) == 0  # type: ignore[arg-type]


def test_the_order_of_torch_is_found_by_all_words_of_a_law_told_or_not() -> None:
    plain, divided = (oracle.order_of_torch(o, "X") for o in (op("avg_pool2d"), op("avg_pool2d", divisor_override="D")))
    assert plain is not None
    assert divided is not None
    assert show(plain).endswith("/(K_h*K_w)")
    assert show(divided).endswith("/D")
    assert oracle.order_of_torch(op("cross_entropy"), "X") is not None
    assert oracle.order_of_torch(op("relu"), "X") is None
    assert oracle.order_of_torch(op("O[i] = X[i]"), "X") is None


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("taps", [1, 2, 3, 4])
def test_true_convolution_is_that_of_numpy(mode: str, taps: int) -> None:
    x, f = np.arange(1.0, 8.0) ** 2, np.arange(1.0, taps + 1)
    for backend in ("reference", "numpy", "torch"):
        found = kernel("convolve1d", backend=backend, mode=mode).forward(x, f)
        assert np.array_equal(found, np.convolve(x, f, mode))
    sample = replace(
        draw(op("convolve1d", mode=mode), 0), names={"H": 7, "M": taps}, arrays={"input": x, "weight": f},
        cotangent=np.ones(np.convolve(x, f, mode).shape),
    )  # fmt: skip
    assert np.array_equal(autograd(sample)[0], np.convolve(x, f, mode))
