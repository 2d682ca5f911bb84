"""A check is true only where every entry is within its bound, and says where it is not."""

import math

import numpy as np
import pytest

from derive.language.notation import parse_expr
from numeric.checks.checking import (
    Check,
    as_float,
    compare_bounded,
    compare_exact,
    formula_of_entry,
    relative_error,
    worst_of,
)

NAN, INF = math.nan, math.inf
A = np.array([[1.0, 2.0], [NAN, -0.0]])


def with_entry(at: tuple[int, ...], value: float) -> np.ndarray:
    """A with one entry replaced."""
    changed = A.copy()
    changed[at] = value
    return changed


def test_equal_arrays_pass_with_error_zero_nan_and_signed_zero_included() -> None:
    check = compare_exact(A, np.array([[1.0, 2.0], [NAN, 0.0]]), "same", 6)
    assert check
    assert check.error == 0


@pytest.mark.parametrize(
    ("got", "want", "index"),
    [
        (A, with_entry((0, 1), 2 + 1e-16), None),
        (A, with_entry((0, 1), 2 + 4.5e-16), (0, 1)),
        (A, with_entry((1, 1), 5e-324), (1, 1)),
        (np.zeros(3), [0, NAN, 0], (1,)),
        ([NAN, 1], [1, 1], (0,)),
        ([INF, 1], [1, 1], (0,)),
        ([-INF], [INF], (0,)),
        (np.float32(0.1), 0.1, ()),
    ],
)
def test_one_different_bit_fails_an_exact_comparison(got: object, want: object, index: tuple[int, ...] | None) -> None:
    check = compare_exact(got, want, "same", 6)  # type: ignore[arg-type]
    assert bool(check) == (index is None)
    if index is not None:
        assert check.error == INF
        assert check.index == index


def test_integers_are_compared_with_floats_exactly() -> None:
    assert compare_exact(np.array([2.0**53]), np.array([2**53]), "same", 6)
    assert not compare_exact(np.array([2.0**53 - 1]), np.array([2**53]), "same", 6)
    with pytest.raises(ValueError, match="up to 2\\^53"):
        as_float(np.array([2**53 + 1]))


def test_a_bound_is_met_or_not_entry_by_entry() -> None:
    want, bound = np.array([1.0, 2.0, 3.0]), np.array([0.125, 0.25, 0.0])  # floats hold them: nothing rounds here
    assert compare_bounded(want + np.array([0.125, -0.25, 0]), want, bound, "close", 7).error == 1
    check = compare_bounded(want + np.array([0.0625, 0.375, 0]), want, bound, "close", 7)
    assert not check
    assert check.index == (1,)
    assert check.error == 1.5
    assert (check.got, check.want, check.bound) == (2.375, 2.0, 0.25)
    assert not compare_bounded(want + np.array([0, 0, 1e-12]), want, bound, "close", 7)
    assert not compare_bounded([NAN, 2, 3], want, bound, "close", 7)


def test_an_infinite_bound_claims_nothing_but_something_must_be_claimed() -> None:
    assert compare_bounded([5.0, 1.0], [1.0, 1.0], [INF, 0.0], "partly", 7)
    assert not compare_bounded([1.0, 1.0], [1.0, 1.0], INF, "nothing", 7)
    assert not compare_exact(np.zeros((0, 3)), np.zeros((0, 3)), "empty", 6)


def test_shapes_that_differ_fail_even_where_they_would_broadcast() -> None:
    check = compare_exact(np.ones(3), np.ones((1, 3)), "same", 6)
    assert not check
    assert "shape [3], expected [1, 3]" in str(check)


def test_a_failure_prints_index_values_bound_seed_and_the_formula_of_the_entry() -> None:
    formula = parse_expr("sum[n<N,i<I] dE/dO[n,k,i]*X[n,c,s*i+p-P]")
    names = {"N": 2, "I": 5, "s": 2, "P": 1}
    check = compare_bounded(
        np.ones((1, 2, 3)),
        np.zeros((1, 2, 3)),
        0.5,
        "dE/dF is right",
        6,
        seed=17,
        explain=lambda at: formula_of_entry("dE/dF", ("k", "c", "p"), formula, names, at),
    )
    text = str(check)
    for part in ("FAILED", "[0, 0, 0]", "1.0", "0.0", "0.5", "seed 17", "layer 6"):
        assert part in text
    assert "dE/dF[0,0,0] = sum[n<2,i<5] dE/dO[n,0,i]*X[n,0,2*i-1]" in text


def test_a_success_prints_one_line() -> None:
    assert str(Check("a is b", 6, 0.0)) == "layer 6: a is b: equal"
    assert str(Check("a is b", 7, 0.25, cases=3)) == "layer 7: a is b: at most 0.25 of the bound (3 configurations)"


def test_the_worst_configuration_speaks_for_a_claim() -> None:
    checks = [Check("a", 6, 0.0, seed=1), Check("b", 6, 0.5, seed=1), Check("a", 6, INF, seed=2), Check("a", 7, 0.0)]
    a, b, other = worst_of(checks)
    assert (a.seed, a.cases, bool(a)) == (2, 2, False)
    assert (b.seed, b.cases, bool(b)) == (1, 1, True)
    assert other.layer == 7


def test_relative_error_is_never_nan() -> None:
    values = np.array([0.0, 1.0, NAN, INF, -INF])
    got, want, bound = np.meshgrid(values, values, [0.0, 1.0, INF])
    error = relative_error(got, want, bound)
    assert not np.isnan(error).any()
    assert (error[(got != want) & ~(np.isnan(got) & np.isnan(want)) & (bound == 0)] == INF).all()
