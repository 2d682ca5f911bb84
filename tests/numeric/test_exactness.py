"""Where the analysis says that nothing rounds, nothing does: float32 gives what integers give, on the worst data."""

from dataclasses import replace

import numpy as np
import pytest

from derive.catalogue import names, op, variants
from numeric.backend import gradient_formula
from numeric.checks.bounds import bounds_on
from numeric.checks.exactness import largest_exact
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision
from numeric.checks.samples import SMALL, Limits, Sample
from numeric.checks.stacks import draw_stack, forms_of
from numeric.oracle import autograd
from tests.numeric.float_orders import shuffled

EXACT = ["conv2d", "conv_transpose2d", "max_pool2d", "avg_pool2d", "linear", "add", "relu", "prelu", "flatten"]
ROUNDED = ["softmax", "tanh", "layer_norm", "cross_entropy", "elu", "lp_pool2d"]


def forms(name: str, count: int = 4, limits: Limits = SMALL) -> list[Sample]:
    laws = [replace(v, hypotheses=()) for v in variants(name)]
    return [next(forms_of(laws[seed % len(laws)], seed, limits)) for seed in range(count)]


def data_of(form: Sample, precision: Precision) -> tuple[int, int] | None:
    formulas = [gradient_formula(form.op, t) for t in form.op.differentiable]
    return largest_exact(form.op, formulas, form.names, precision)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("extreme", [False, True])
def test_data_that_are_called_exact_round_nowhere(name: str, extreme: bool) -> None:
    for form in forms(name):
        found = data_of(form, FLOAT32)
        if found is None:
            continue
        stack = draw_stack(form, 2, "integer", *found)
        sample = stack.case(0)
        if extreme:  # all at their largest, so that nothing cancels
            top = float(found[0] * found[1])
            labels = form.op.labels
            arrays = {a: x if x is None or a in labels else np.full(x.shape, top) for a, x in sample.arrays.items()}
            sample = replace(sample, arrays=arrays, cotangent=np.full(sample.cotangent.shape, top))
        formulas = {t.name: gradient_formula(form.op, t) for t in form.op.differentiable}
        assert bounds_on(form.op, formulas, sample, FLOAT32).exact


@pytest.mark.parametrize("name", EXACT)
def test_float32_in_a_shuffled_order_equals_int64(name: str) -> None:
    for form in forms(name, 2):
        found = data_of(form, FLOAT32)
        assert found is not None
        stack = draw_stack(form, 1, "integer", *found)
        run = shuffled({t.name: gradient_formula(form.op, t) for t in form.op.differentiable})
        sample = stack.case(0)
        results = [run(sample, sample.cast(dtype), sample.cotangent.astype(dtype)) for dtype in ("float32", "float64")]
        for key in results[0]:
            assert np.array_equal(results[0][key], results[1][key])


@pytest.mark.parametrize("name", ROUNDED)
def test_functions_and_roots_are_never_called_exact(name: str) -> None:
    assert [data_of(form, FLOAT64) for form in forms(name)] == [None] * 4


def test_more_terms_leave_smaller_integers() -> None:
    law = op("O[i] = sum[p] X[i,p]*F[p]")
    formulas = [gradient_formula(law, t) for t in law.differentiable]
    found = [largest_exact(law, formulas, {"I": 1, "P": count}, FLOAT32) for count in (1, 1677, 1678, 2**24)]
    assert found == [(100, 1), (100, 1), (9, 1), None]


def test_data_are_multiples_of_the_cells_of_every_window() -> None:
    law = op("avg_pool1d", count_include_pad=False)
    for seed in range(4):
        form = next(forms_of(law, seed, SMALL))
        found = data_of(form, FLOAT64)
        assert found is not None
        output, gradient = autograd(draw_stack(form, 1, "integer", *found).case(0))
        assert (output == np.rint(output)).all()
        assert (gradient["input"] == np.rint(gradient["input"])).all()


def test_a_fraction_is_not_taken_for_a_quotient() -> None:
    law = op("O[i] = X[i]/6 + Y[i]/4")
    assert largest_exact(law, [gradient_formula(law, t) for t in law.differentiable], {"I": 3}, FLOAT64) is None


def test_a_divisor_that_data_decide_is_refused() -> None:
    law = op("O[i] = X[i]/(Y[i]^2 + 1)")
    assert largest_exact(law, [], {"I": 3}, FLOAT64) is None
