"""Triton kernels: the text that is printed, and the numbers it gives, on a GPU or else in Triton's interpreter."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from derive.catalogue import op
from numeric.backend import forward_formulas, gradient_formula
from numeric.kernels import Kernel, kernel
from numeric.printing.triton_lines import Line, lines
from numeric.printing.triton_module import module
from tests.numeric.laws import LAWS, Law, integers
from tests.numeric.small_cases import CASES, Case
from tests.numeric.test_kernels import agree

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="triton is not installed")

ONE_EACH = list({c.op: c for c in CASES}.values())
"""The last case of each catalogue operation."""

CHOSEN = {"a convolution in groups", "sums that grow", "largest so far", "largest of a window of sums", "pixel shuffle"}
OWN = [law for law in LAWS if law.name in CHOSEN]


@pytest.fixture(scope="module")
def triton() -> Iterator[Any]:
    """The backend; without a GPU, in the interpreter."""
    with pytest.MonkeyPatch.context() as environment:
        if not torch.cuda.is_available():
            environment.setenv("TRITON_INTERPRET", "1")
        yield import_module("numeric.to_triton")


def numbers(k: Kernel, tensors: list[Any], dy: np.ndarray) -> dict[str, np.ndarray]:
    """The output and all gradients."""
    y, saved = k.forward_saved(*tensors)
    return {"output": y, **k.vjp(dy, *tensors, saved=saved)}


def differing(name: str, settings: dict[str, Any], tensors: list[Any], backend: str = "triton") -> list[str]:
    """The results that differ from the reference's."""
    right = kernel(name, backend="reference", **settings)
    dy = integers(np.shape(right.forward(*tensors)), 9)
    return agree(numbers(kernel(name, backend=backend, **settings), tensors, dy), numbers(right, tensors, dy))


def printed(name: str, **settings: Any) -> dict[str, Line]:
    own = op(name, **settings)
    formulas = [*forward_formulas(own), *(gradient_formula(own, t) for t in own.differentiable)]
    return {line.formula.target: line for line in lines(own, formulas)}


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ONE_EACH, ids=str)
def test_the_text_is_python_and_each_function_is_under_its_formula(case: Case) -> None:
    found = [*lines(case.law(), forward_formulas(case.law()))]
    ast.parse(module(line.text for line in found))
    assert all(line.text.startswith("# ") for line in found)


def test_loops_have_limits_that_all_lanes_share() -> None:
    text = printed("conv2d")["dE/dX"].text
    assert "for b_0 in range(0, K):" in text
    assert "mask=mask_0" in text
    grown = next(law for law in LAWS if law.name == "sums that grow")
    own = kernel(grown.text, backend="numpy").op
    (line,) = lines(own, forward_formulas(own))
    assert "range(0, tl.max(" in line.text
    assert "inside(b_0, (i_0 + 1))" in line.text


def test_a_product_of_what_was_loaded_under_one_mask_needs_no_choice() -> None:
    assert "a_0 += x_0 * x_1" in printed("conv2d")["dE/dX"].text
    assert "a_0 += tl.where(mask_0, " in printed("max_pool2d")["dE/dX"].text


def test_an_extent_that_is_a_product_divides_as_one() -> None:
    shuffle = next(law for law in LAWS if law.name == "pixel shuffle")
    own = kernel(shuffle.text, backend="numpy", **shuffle.settings).op
    (line,) = lines(own, [gradient_formula(own, own.tensor("X"))])
    assert "rest % (C*r*r)" in line.text


def test_no_number_is_added_by_atoms_in_any_order() -> None:
    assert not any("atomic" in line.text for line in printed("cross_entropy", target="class").values())


# -- numbers -----------------------------------------------------------------------------------------------------------


@needs_triton
@pytest.mark.usefixtures("triton")
@pytest.mark.parametrize("case", ONE_EACH, ids=str)
def test_every_operation_is_exact_on_integers(case: Case) -> None:
    assert differing(case.op, case.settings, case.tensors()) == []


@needs_triton
@pytest.mark.parametrize("law", OWN, ids=str)
def test_own_laws_are_exact_on_integers(triton: Any, law: Law) -> None:
    own = kernel(law.text, backend="reference", **law.settings).op
    if (
        triton.interpreted()
        and not triton.reduces()
        and "tl.max" in kernel(law.text, backend="triton").source.partition("def make_")[2]
    ):
        pytest.skip("triton was loaded before its interpreter was asked for")
    tensors = [integers(law.shapes[t.name], n) for n, t in enumerate(own.inputs)]
    assert differing(law.text, law.settings, tensors) == []


@needs_triton
def test_a_damaged_kernel_is_told_from_a_right_one(triton: Any) -> None:
    class Damaged(triton.TritonFunctions):
        def text(self, device: bool) -> str:
            return super().text(device).replace("x_0 * x_1", "x_0")

    x, w = integers((2, 2, 4, 3), 1), integers((2, 2, 2, 2), 2)
    right = kernel("conv2d", backend="triton")
    wrong = right.computed_by(Damaged(right.op))
    assert not np.array_equal(right.forward(x, w), wrong.forward(x, w))


@needs_triton
@pytest.mark.usefixtures("triton")
def test_small_integers_are_exact_in_float32_too() -> None:
    x, w = integers((2, 2, 4, 3), 1), integers((2, 2, 2, 2), 2)
    y = kernel("conv2d", backend="triton").forward(x.astype(np.float32), w.astype(np.float32))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, kernel("conv2d", backend="numpy").forward(x, w))


@needs_triton
@pytest.mark.usefixtures("triton")
def test_integers_become_floats_where_a_setting_is_no_integer() -> None:
    k = kernel("leaky_relu", backend="triton", negative_slope=0.25)
    assert k.forward(np.array([-4, -1, 0, 3])).tolist() == [-1.0, -0.25, 0.0, 3.0]


@needs_triton
@pytest.mark.usefixtures("triton")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_nan_and_infinity_come_through(dtype: type) -> None:
    x = np.array([[np.nan, 1.0, 2.0], [np.inf, 0.0, -np.inf]], dtype)
    for name in ("relu", "softmax", "log_softmax"):
        ours, theirs = (kernel(name, backend=b).forward(x) for b in ("triton", "numpy"))
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))


@needs_triton
def test_more_programs_than_one_share_an_array(triton: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton, "INTERPRETED_BLOCK", 64)
    case = next(c for c in CASES if c.op == "max_pool2d")
    assert differing(case.op, case.settings, case.tensors()) == []


@needs_triton
def test_arrays_too_large_for_32_bits_are_indexed_by_64(triton: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triton, "FAR", 3)
    case = ONE_EACH[0]
    assert differing(case.op, case.settings, case.tensors()) == []
