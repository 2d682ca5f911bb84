"""A stack of cases is one sample of the stacked law, and each of its cases is a sample of the law."""

from dataclasses import replace

import numpy as np
import pytest

from derive.catalogue import names, op, variants
from derive.operation import Op
from numeric.backend import gradient_formula
from numeric.checks.bounds import bounds_on
from numeric.checks.checking import relative_error
from numeric.checks.rounding import FLOAT64
from numeric.checks.samples import SMALL, Limits, points
from numeric.checks.stacks import CASES, draw_stack, forms_of, stacked, stacked_formula
from numeric.oracle import autograd, autograd_of_stack

LAWS = [*names(), "O[n,d] = W[T[n],d]; W[v<V,d<D]; T[n<N]; integer T", "O[i] = X[i]*Y[i]^2 + X[i+1]"]


def law(name: str) -> Op:
    return replace(next(iter(variants(name))) if name in names() else op(name), hypotheses=())


@pytest.mark.parametrize("name", LAWS)
def test_the_stacked_law_has_the_values_of_each_case(name: str) -> None:
    own = law(name)
    formulas = {t.name: gradient_formula(own, t) for t in own.differentiable}
    stack = draw_stack(next(forms_of(own, 3, Limits(most=200, most_backward=2000))), 3, "positive")
    with np.errstate(all="ignore"):
        together = bounds_on(stacked(own), {n: stacked_formula(f) for n, f in formulas.items()}, stack.whole, FLOAT64)
        for k in range(stack.cases):
            alone = bounds_on(own, formulas, stack.case(k), FLOAT64)
            for key in alone.balls:
                # sums over other axes may be added in another order
                apart = alone.error(key) + together.error(key)[k]
                assert (relative_error(together.value(key)[k], alone.value(key), apart) <= 1).all()
                assert ((together.error(key)[k] <= 2 * alone.error(key)) | np.isinf(alone.error(key))).all()


@pytest.mark.parametrize("name", LAWS)
def test_autograd_of_a_stack_is_that_of_each_case(name: str) -> None:
    stack = draw_stack(next(forms_of(law(name), 5, SMALL)), 3, "integer", 9)
    output, gradients = autograd_of_stack(stack)
    for k in range(stack.cases):
        alone, each = autograd(stack.case(k))
        assert np.array_equal(output[k], alone, equal_nan=True)
        assert gradients.keys() == each.keys()
        for argument, g in each.items():
            own = law(name)
            formulas = {t.name: gradient_formula(own, t) for t in own.differentiable}
            apart = 2 * bounds_on(own, formulas, stack.case(k), FLOAT64).error(argument)
            flat = stack.case(k).flat(own.tensor(argument), g)
            assert (relative_error(stack.flat(own.tensor(argument), gradients[argument])[k], flat, apart) <= 1).all()


@pytest.mark.parametrize("kind", ["integer", "plain", "saturated"])
def test_a_case_is_the_same_however_many_are_drawn(kind: str) -> None:
    form = next(forms_of(law("cross_entropy"), 1, SMALL))
    few, many = draw_stack(form, 2, kind), draw_stack(form, CASES, kind)
    assert (few.cases, many.cases) == (2, CASES)
    for k in range(2):
        assert np.array_equal(few.case(k).cotangent, many.case(k).cotangent)
        for argument, array in few.case(k).given.items():
            assert np.array_equal(array, many.case(k).given[argument])
    assert not np.array_equal(many.case(0).given["input"], many.case(1).given["input"])


def test_integers_have_ties_and_zeros_and_stay_within_the_largest() -> None:
    for largest in (1, 2, 9, 1000):
        stack = draw_stack(next(forms_of(law("conv2d"), 0, SMALL)), CASES, "integer", largest, 6)
        for array in stack.given.values():
            assert np.abs(array).max() <= 6 * largest
            assert {0.0, 6.0, -6.0} <= {*array.flat}
            assert (array % 6 == 0).all()


def test_some_stacks_store_each_case_in_reverse() -> None:
    own = law("conv2d")
    stacks = [draw_stack(next(forms_of(own, seed, SMALL)), 2, "integer") for seed in range(16)]
    assert {s.case(0).given["weight"].flags.c_contiguous for s in stacks} == {True, False}
    assert all(
        s.case(0).given["weight"].flags.c_contiguous or s.case(0).given["weight"].flags.f_contiguous for s in stacks
    )


def test_limits_hold_from_both_sides() -> None:
    own = law("conv2d")
    for seed in range(4):
        form = next(forms_of(own, seed, Limits(extent=14, most=20_000, most_backward=10**9, least=5_000)))
        assert 5_000 <= points(own, form.names)[0] <= 20_000
