"""The reference evaluator is the denotation, entry by entry, on exact numbers; in pieces it gives the same."""

from fractions import Fraction

import numpy as np
import pytest

import derive
from derive.errors import MeaningError
from derive.expressions.expr import Binder, Val
from derive.expressions.index import divide, index
from derive.language.notation import parse_expr
from derive.operation import Op
from numeric.backend import Formula, cotangent, gradient_formula
from numeric.backend import forward_formulas as stable_formulas
from numeric.calling.binding import Binding, bind, defaults
from numeric.reference import Reference
from tests.numeric.exact_world import entries, world
from tests.numeric.laws import LAWS, Law, integers
from tests.numeric.small_cases import CASES, Case, missing_from_cases


def plain_formulas(op: Op) -> tuple[Formula, ...]:
    """The equations as they are written, on which exact numbers never overflow."""
    return tuple(Formula(e.target, op.tensor(e.target).axes, e.body) for e in op.equations)


def setting(case: Case) -> tuple[Op, Binding, dict[str, np.ndarray]]:
    op = case.law()
    tensors = {t.name: x for t, x in zip(op.inputs, case.tensors(), strict=True) if x is not None}
    given = {}
    for name, value in case.settings.items():
        symbols = [p.name for p in op.parameters if p.argument == name]
        values = value if isinstance(value, tuple) else (value,) * len(symbols)
        given.update(zip(symbols, values, strict=False))
    flat = {}
    for t in op.inputs:
        if t.name in tensors:
            flat[t.name] = tensors[t.name].shape
    binding = bind(op, flat, defaults(op, given))
    for t in op.inputs:
        shape = binding.inner_shape(t)
        tensors[t.name] = tensors[t.name].reshape(shape) if t.name in tensors else np.zeros(shape, np.int64)
    return op, binding, tensors


def exactly(tensors: dict[str, np.ndarray], op: Op) -> dict[str, np.ndarray]:
    """Fractions for what is differentiable, so that every quotient is exact."""
    return {
        t.name: tensors[t.name] if t.integer else np.array(
            [Fraction(int(x), 2) for x in tensors[t.name].reshape(-1)] or [], object
        ).reshape(tensors[t.name].shape)
        for t in op.inputs
    }  # fmt: skip


def reference(op: Op, binding: Binding, tensors: dict[str, np.ndarray], lines: tuple[Formula, ...]) -> Reference:
    labels = frozenset(t.name for t in op.inputs if t.integer)
    return Reference(binding.names, tensors, labels, {f.target: (f.axes, f.body) for f in lines})


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal shapes and equal entries, as exact numbers."""
    return a.shape == b.shape and all(x == y for x, y in zip(a.reshape(-1), b.reshape(-1), strict=True))


def test_every_operation_of_the_catalogue_has_a_case() -> None:
    assert missing_from_cases() == set()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_reference_is_the_denotation_of_every_law_and_gradient(case: Case) -> None:
    op, binding, tensors = setting(case)
    tensors = exactly(tensors, op)
    lines = plain_formulas(op)
    dy = np.array(integers(binding.inner_shape(op.output), 5), object)
    tensors[cotangent(op)] = dy
    found = reference(op, binding, tensors, lines)
    meaning = world(binding.names, tensors, lines)
    for f in (*lines, *(gradient_formula(op, t) for t in op.differentiable)):
        assert same(found.value(f.axes, f.body), entries(meaning, f.axes, f.body)), f.target


def test_the_comparison_with_the_denotation_can_fail() -> None:
    op, binding, tensors = setting(CASES[0])
    lines = plain_formulas(op)
    wrong = {**tensors, "X": tensors["X"] + (tensors["X"] == tensors["X"].max())}
    right = entries(world(binding.names, tensors, lines), lines[0].axes, lines[0].body)
    assert not same(reference(op, binding, wrong, lines).value(lines[0].axes, lines[0].body), right)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_reference_is_the_denotation_of_own_laws(law: Law) -> None:
    op = derive.op(law.text, **law.settings)
    tensors = {name: integers(shape, k) for k, (name, shape) in enumerate(law.shapes.items())}
    binding = bind(op, {t: x.shape for t, x in tensors.items()}, defaults(op, {}))
    lines = plain_formulas(op)
    found = reference(op, binding, tensors, lines)
    meaning = world(binding.names, tensors, lines)
    for f in lines:
        assert same(found.value(f.axes, f.body), entries(meaning, f.axes, f.body))


@pytest.mark.parametrize("case", [c for c in CASES if c.op in ("conv2d", "max_pool2d")], ids=str)
def test_spaces_evaluated_in_pieces_give_the_same_integers(case: Case) -> None:
    op, binding, tensors = setting(case)
    whole = reference(op, binding, tensors, stable_formulas(op))
    pieces = Reference(whole.names, whole.tensors, whole.integers, whole.equations, largest=7)
    for f in stable_formulas(op):
        assert same(pieces.value(f.axes, f.body), whole.value(f.axes, f.body))


def test_a_sum_over_millions_of_points_is_evaluated_in_pieces() -> None:
    op = derive.op("O = sum[i,j] X[i]*Y[j]")
    x, y = np.arange(3000), np.arange(4000)
    binding = bind(op, {"X": x.shape, "Y": y.shape}, {})
    found = reference(op, binding, {"X": x, "Y": y}, plain_formulas(op))
    assert found.value((), op.equations[0].body) == x.sum() * y.sum()


def value_of(text: str, **tensors: np.ndarray) -> np.ndarray:
    """An expression over i < 3."""
    return Reference({}, tensors).value((Binder("i", index(3)),), parse_expr(text))


def test_a_false_guard_annihilates_nan_infinity_and_undefined_quotients() -> None:
    x = np.array([1.0, np.nan, np.inf])
    assert value_of("[i<1]*X[i]", X=x).tolist() == [1, 0, 0]
    halves = np.array([Fraction(1, 2), 0, 0], object)
    assert value_of("[0<X[i]]*(1/X[i])", X=halves).tolist() == [2, 0, 0]
    with pytest.raises(MeaningError, match="divisor 0"):
        value_of("1/X[i]", X=halves)


def test_a_window_without_a_cell_has_no_maximum() -> None:
    with pytest.raises(MeaningError, match="without a single cell"):
        value_of("max[p<2] X[i+p+2]", X=np.arange(3))


def test_an_integer_index_that_leaves_a_rest_has_no_value() -> None:
    half = Val(divide("exact", index("i"), index(2)))
    with pytest.raises(MeaningError, match="leaves a rest"):
        Reference({}, {}).value((Binder("i", index(3)),), half)


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
def test_the_reference_keeps_the_dtype(dtype: type) -> None:
    x = np.arange(3).astype(dtype)
    assert value_of("2*X[i] + i", X=x).dtype == dtype
    assert value_of("max(X[i], 1)", X=x).dtype == dtype
