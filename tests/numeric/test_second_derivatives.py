"""Second derivatives: gradients of derived gradients, against torch's double backward, for the whole catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import derive
import numeric
from derive.catalogue import names
from derive.checker import verdict
from derive.derivation import Derivation
from derive.errors import OperationError
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.operation import Op
from derive.second import operation_of
from numeric.backend import Formula
from numeric.checks.bounds import Bounds, bounds_on, exact_sample
from numeric.checks.checking import Check, compare_bounded
from numeric.checks.rounding import FLOAT64
from numeric.checks.samples import Sample, draw
from numeric.oracle import output_of, refuse_empty_windows

REAL_KINDS = 3  # every third seed draws plain real data

OWN = {
    "attention": "S[i,j] = sum[k] Q[i,k]*K[j,k]; U[i,j] = exp(S[i,j]); Z[i] = sum[j] U[i,j]; P[i,j] = U[i,j]/Z[i];"
    " O[i,d] = sum[j] P[i,j]*V[j,d]",
    "a trilinear form": "O = sum[i,j] X[i]*A[i,j]*Y[j]",
    "a distance": "O[i,j] = sqrt(1 + sum[k] (X[i,k] - Y[j,k])^2)",
    "GELU": "O[i] = X[i]*(1 + tanh(X[i] + X[i]^3/20))/2",
}
CASES = {name: {"law": name} for name in names()} | {name: {"law": text} for name, text in OWN.items()}
CASES |= {
    "batch_norm": {"law": "batch_norm", "training": True},  # torch gives running statistics no gradient
    "conv2d with numbers": {"law": "conv2d", "stride": 2, "padding": 1},
    "cross_entropy of probabilities": {"law": "cross_entropy", "target": "probabilities"},
    "mse_loss without reduction": {"law": "mse_loss", "reduction": "none"},
}


OTHER_SIDE = ("prelu", "elu")
"""At 0, torch's double backward of these takes the other side than its backward."""


@cache
def firsts(case: str) -> tuple[Derivation, ...]:
    op = derive.op(**CASES[case])
    return tuple(derive.gradient(op, t.name) for t in op.differentiable)


@cache
def seconds(first: Derivation) -> dict[str, Derivation]:
    return {t.name: derive.gradient(first, t.name) for t in operation_of(first).differentiable}


@pytest.mark.parametrize("case", CASES)
def test_second_derivatives_have_certificates_and_agree_with_double_backward(case: str) -> None:
    compared = 0
    for first in firsts(case):
        op = operation_of(first)
        for name, d in seconds(first).items():
            assert verdict(d.certificate()).startswith(f"dE/d{name} of g_{first.wrt.name} in ")
        formulas = {n: Formula(d.target.tensor, d.axes, d.formula) for n, d in seconds(first).items()}
        for check in against_double_backward(first, op, formulas):
            assert check, check
            compared += 1
    assert compared


@pytest.mark.parametrize("case", ["conv2d", "max_pool2d", "softmax", "tanh", "attention", "a distance"])
def test_the_gradient_of_an_operation_is_an_operation_with_verified_kernels(case: str) -> None:
    for first in firsts(case):
        for check in numeric.verify(operation_of(first), configurations=3):
            assert check, check


def against_double_backward(first: Derivation, op: Op, formulas: Mapping[str, Formula]) -> list[Check]:
    """Every second derivative on integers, where they stay so, and on real data."""
    seed = next(k for k in range(0, 300, REAL_KINDS) if _has_windows(first.op, draw(op, k, "real")))
    with np.errstate(all="ignore"):
        exact = exact_sample(op, formulas, seed)
        real = draw(op, seed, "real")
        if first.op.name in OTHER_SIDE:
            exact, real = None, _off_zero(real)
        pairs = [(real, bounds_on(op, formulas, real, FLOAT64))] + ([exact] if exact else [])
        return [c for sample, bounds in pairs for c in _compare(first, sample, bounds)]


def _off_zero(sample: Sample) -> Sample:
    return replace(sample, arrays={a: np.where(x == 0, 0.5, x) for a, x in sample.given.items()})


def _has_windows(op: Op, sample: Sample) -> bool:
    """Whether every window has a real cell: a gradient's law does not say that it must."""
    try:
        refuse_empty_windows(op, sample.names)
    except OperationError:
        return False
    return True


def _compare(first: Derivation, sample: Sample, bounds: Bounds) -> list[Check]:
    found = double_backward(first, sample)
    checks = []
    for key, want in found.items():
        want = sample.flat(sample.op.tensor(key), want)
        claim = f"{sample.op.name} by {key}"
        checks.append(compare_bounded(bounds.value(key), want, 2 * bounds.error(key), claim, 8, sample.seed))
    return checks


def double_backward(first: Derivation, sample: Sample) -> dict[str, NDArray]:
    """d<v, dE/dX>/d(each input and the cotangent) by torch, v being the sample's cotangent."""
    arrays = {t.argument: sample.arrays[t.argument] for t in first.op.inputs}
    given = next(t.argument for t in sample.op.inputs if t.argument not in arrays)
    inner = replace(sample, op=first.op, arrays=arrays, cotangent=sample.given[given])
    labels = sample.op.labels
    tensors = {a: _tensor(x) if a in labels or x is None else _tensor(x).requires_grad_()
               for a, x in sample.arrays.items()}  # fmt: skip
    output = output_of(inner, tensors)
    own = tensors[first.wrt.argument]
    if own is None:
        return {}
    (slope,) = torch.autograd.grad(output, [own], tensors[given], create_graph=True)
    wanted = [t.argument for t in sample.wrt]
    zeros = {a: np.zeros(tensors[a].shape) for a in wanted}
    if not slope.requires_grad:
        return zeros
    found = torch.autograd.grad(slope, [tensors[a] for a in wanted], _tensor(sample.cotangent), allow_unused=True)
    return {a: zeros[a] if g is None else g.numpy() for a, g in zip(wanted, found, strict=True)}


def _tensor(array: Any) -> Any:
    return None if array is None else torch.from_numpy(np.array(array, order="C"))


# -- names and kinks ---------------------------------------------------------------------------------------------------


def test_a_gradient_as_an_operation_reads_as_a_law() -> None:
    op = operation_of(derive.gradient("linear", "weight"))
    assert op.text == "g_W[k,c] = sum[...] g_O[...,k]*X[...,c]"
    assert [t.argument for t in op.inputs] == ["input", "weight", "bias", "grad_output"]
    assert op.output.argument == "grad_weight"
    assert op.name == "dE/dW of linear"
    again = operation_of(derive.gradient(op, "grad_output"))
    assert again.output.argument == "grad_grad_output"
    assert again.output.name == "g_g_O"


def test_a_second_derivative_takes_names_of_the_law_and_of_torch() -> None:
    first = derive.gradient("linear", "weight")
    assert derive.gradient(first, "input") == derive.gradient(first, "X")
    assert derive.gradient(first, "g_O").title == "dE/dg_O of dE/dW of linear"
    with pytest.raises(OperationError, match="got tensor 'Y'"):
        derive.gradient(first, "Y")


def test_kinks_have_second_derivative_0() -> None:
    assert derive.gradient(derive.gradient("relu", "input"), "input").formula == parse_expr("0")
    assert derive.gradient(derive.gradient("max_pool2d", "input"), "input").formula == parse_expr("0")


def test_the_hessian_of_a_quadratic_form_is_symmetric_in_its_matrix() -> None:
    first = derive.gradient(derive.op("E = sum[i,j] X[i]*A[i,j]*X[j]/2"), "X")
    second = show(derive.gradient(first, "X").formula, bounds=False)
    assert second.count("A[") == 2


def test_a_wrong_second_derivative_is_seen() -> None:
    first = firsts("GELU")[0]
    op = operation_of(first)
    right = {n: Formula(n, d.axes, d.formula) for n, d in seconds(first).items()}
    assert not all(against_double_backward(first, op, {**right, "X": right["g_O"]}))
