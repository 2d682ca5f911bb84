"""Float kernels as they are, on integers as large as their sums allow: bit for bit, and by the adjoint identity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from derive.catalogue import op, variants
from derive.operation import Op
from numeric.backend import gradient_formula
from numeric.checks.at_scale import at_scale, enlarged, entries
from numeric.checks.bounds import bounds_on
from numeric.checks.checking import Check
from numeric.checks.exactness import most_exact
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision
from numeric.checks.samples import at_sizes, draw
from numeric.kernels import Kernel, kernel
from tests.numeric.backends import RUN

INTEGER_LAWS = [
    "conv1d", "conv2d", "conv3d", "conv_transpose2d", "linear", "max_pool1d", "max_pool2d", "max_pool3d",
    "avg_pool2d", "relu", "leaky_relu", "prelu", "add", "flatten", "mse_loss",
]  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {"mse_loss": {"reduction": "sum"}, "leaky_relu": {"negative_slope": 2}}
INPUTS = 300


def law(name: str) -> Op:
    return op(name, **SETTINGS.get(name, {}))


@pytest.mark.parametrize("name", INTEGER_LAWS)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_kernel_is_exact_on_integers_in_both_precisions(name: str, seed: int) -> None:
    own = law(name)
    checks = at_scale(own, INPUTS, seed)
    assert [str(c) for c in checks if not c] == []
    said = {c.claim.split(" on ")[0] for c in checks}
    for backend in RUN:
        for precision in ("float32", "float64"):
            assert f"{backend} {precision}: forward equals the reference" in said
            for t in (t for t in own.differentiable if not t.optional):
                assert f"{backend} {precision}: <g, J v> = <vjp(g), v> for dE/d{t.name}" in said


@pytest.mark.parametrize("name", ["avg_pool2d", "max_pool2d"])
def test_every_variant_is_exact_on_integers(name: str) -> None:
    for own in variants(name):
        assert [str(c) for c in at_scale(own, INPUTS, backends=("numpy",)) if not c] == []


def test_thousands_of_inputs_are_exact_too() -> None:
    checks = at_scale(law("conv2d"), 20_000, kinds=("adjoint",))
    assert checks
    assert [str(c) for c in checks if not c] == []


def test_a_law_that_leaves_the_integers_claims_nothing() -> None:
    assert at_scale(op("sigmoid"), INPUTS) == []


@pytest.mark.parametrize("name", ["conv2d", "linear", "max_pool2d"])
def test_sizes_grow_until_enough_numbers_go_in(name: str) -> None:
    for inputs in (10, 1000, 100_000):
        assert inputs <= entries(law(name), enlarged(law(name), inputs)) <= max(4 * inputs, 10_000)


# -- how large the integers are ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", [FLOAT32, FLOAT64], ids=lambda p: p.name)
@pytest.mark.parametrize("name", ["conv2d", "linear", "max_pool2d", "avg_pool2d", "prelu"])
def test_the_largest_integers_are_exact_and_those_above_may_not_be(name: str, precision: Precision) -> None:
    own = law(name)
    names = draw(own, 1).names
    formulas = {t.name: gradient_formula(own, t) for t in own.differentiable}
    magnitudes = most_exact(own, formulas.values(), names, precision)
    assert magnitudes is not None
    largest, multiple = magnitudes

    def full(value: int) -> bool:
        """Whether data that are all as large as this are computed without rounding."""
        sample = at_sizes(own, names, 1, "integer", 1, 1)
        assert sample is not None
        for x in (*sample.given.values(), sample.cotangent):
            x[...] = value * multiple
        return bounds_on(own, formulas, sample, precision).exact

    assert full(largest)
    if name == "linear":  # where every term of a sum can be as large as all others
        assert not full(2 * largest)


# -- kernels that go wrong ---------------------------------------------------------------------------------------------

Results = dict[str, np.ndarray]


@dataclass
class Altered:
    """A kernel whose results are changed by some mistake."""

    inner: Kernel
    forwards: Callable[[np.ndarray], np.ndarray] = lambda y: y
    backwards: Callable[[Results], Results] = lambda found: found
    through: str = ""

    def _cast(self, arrays: dict[str, Any]) -> dict[str, Any]:
        return {a: x.astype(self.through) if self.through else x for a, x in arrays.items()}

    def forward(self, **arrays: np.ndarray) -> np.ndarray:
        return self.forward_saved(**arrays)[0]

    def forward_saved(self, **arrays: np.ndarray) -> tuple[np.ndarray, Any]:
        dtype = next(iter(arrays.values())).dtype
        y, saved = self.inner.forward_saved(**self._cast(arrays))
        return self.forwards(y.astype(dtype)), saved

    def vjp(self, dy: np.ndarray, saved: Any = None, wrt: Any = None, **arrays: np.ndarray) -> Results:
        given = dy.astype(self.through) if self.through else dy
        found = self.inner.vjp(given, saved=saved, wrt=wrt, **self._cast(arrays))
        return self.backwards({a: g.astype(dy.dtype) for a, g in found.items()})


def altered(name: str, **how: Any) -> list[Check]:
    own = law(name)
    form = enlarged(own, INPUTS)
    settings = at_sizes(own, form, 0, "integer", 1)
    assert settings is not None
    return at_scale(own, INPUTS, kernels={"altered": Altered(kernel(own, "numpy", **settings.settings), **how)})  # type: ignore[dict-item]


def failed(checks: list[Check]) -> set[str]:
    return {c.claim.split(": ", 1)[1].split(" on ")[0] for c in checks if not c}


def test_what_is_not_altered_passes() -> None:
    assert failed(altered("conv2d")) == set()


def test_one_unit_in_one_entry_of_a_gradient_is_seen_by_both() -> None:
    def wrong(found: Results) -> Results:
        found["weight"].flat[-1] += 1
        return found

    said = failed(altered("conv2d", backwards=wrong))
    assert said == {"dE/dF equals the reference", "<g, J v> = <vjp(g), v> for dE/dF"}


def test_a_wrong_forward_pass_is_seen_by_both() -> None:
    said = failed(altered("conv2d", forwards=lambda y: 2 * y))
    assert "forward equals the reference" in said
    assert "<g, J v> = <vjp(g), v> for dE/dX" in said


def test_a_gradient_of_another_scale_is_seen_without_the_reference() -> None:
    said = failed(altered("linear", backwards=lambda found: {a: 3 * g for a, g in found.items()}))
    assert {f"<g, J v> = <vjp(g), v> for dE/d{t}" for t in "XWb"} <= said


def test_float32_inside_a_float64_kernel_is_seen() -> None:
    checks = altered("conv2d", through="float32")
    assert {c.claim.split(": ")[0] for c in checks if not c} == {"altered float64"}


def test_results_that_are_no_integers_are_a_failure() -> None:
    said = [c for c in altered("conv2d", forwards=lambda y: y + y.dtype.type(0.5)) if not c]
    assert any("no integers" in c.detail for c in said)


def test_a_kernel_that_raises_is_a_verdict() -> None:
    def raises(found: Results) -> Results:
        raise IndexError("beyond the end")

    (first, *_) = [c for c in altered("relu", backwards=raises) if not c]
    assert "runs" in first.claim
    assert "beyond the end" in first.detail


def test_results_of_another_dtype_are_a_failure() -> None:
    said = [c for c in altered("relu", forwards=lambda y: y.astype(np.float32)) if not c]
    assert any("got dtype float32" in c.detail for c in said)


def test_steps_that_leave_a_piece_are_not_asked_about() -> None:
    """relu and max_pool have pieces; a wrong slope inside one is seen all the same."""
    said = failed(altered("max_pool2d", backwards=lambda found: {a: -g for a, g in found.items()}))
    assert "<g, J v> = <vjp(g), v> for dE/dX" in said
