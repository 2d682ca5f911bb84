"""Laws that anyone may write, beyond the catalogue: each is derived, and all of its lines agree at every entry."""

from __future__ import annotations

import pytest

import derive
from derive.errors import MeaningError
from derive.expressions.traversal import free_names
from derive.language.notation import parse_expr
from derive.meaning.denote import World, denote
from derive.meaning.integers import Array
from derive.meaning.linevalues import check_lines
from derive.rewrite import MOVES, VISITS
from tests.derive.laws import LAWS

OWN = {
    "a quotient of entries": "O[i] = X[i]/Y[i]",
    "a parameter that divides": "O[i] = X[i]/k",
    "a logarithm": "O[i] = log(X[i])",
    "a comparison after tanh": "O[i] = max(tanh(X[i]), 0)",
    "a triangular sum": "O[n] = sum[i<N] sum[j<i+1] X[i,j]*A[n]; X[i<N,j<N]",
    "Huber's loss": "d[i] = X[i]-Y[i]; O = sum[i] cases(d[i]*d[i]<=1, d[i]^2/2, max(d[i],-d[i]) - 1/2)",
    "label smoothing": LAWS["cross_entropy of labels"],
    "normalisation": LAWS["batch_norm"],
    "windows of real cells": LAWS["avg_pool1d excluded ceil"],
    "groups": LAWS["conv1d grouped"],
    "a transposed convolution": LAWS["conv_transpose1d"],
    "a wide window": "O[i] = max[p<9] X[4*i+p]",
    "a guarded maximum": "O[i] = max[p<K] [0<=i+p-P<H]*X[i+p-P]; X[h<H]; pad X.h by P, P",
    "a difference of neighbours": "O[i] = X[i+2] - X[i]; size i fit",
    "rows by label": "O[n,d] = W[T[n],d]; integer T",
    "a range of shifted labels": "O[n] = [0<=2*T[n]-1<3]*X[n]; integer T",
    "a step inside a bounded sum": "O[j] = sum[p<K] X[s*p+1]; X[n<N]; O[j<J]",
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_a_law_of_ones_own_is_derived_and_all_lines_agree_at_every_entry(text: str) -> None:
    op = derive.op(text)
    for t in op.differentiable:
        d = derive.gradient(op, t.name)
        assert check_lines(op, d.axes, d.lines, d.title, every=True) > 0
        for line in d.lines:
            assert free_names(line) <= {b.name for b in d.axes} | op.symbols


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("avg_pool2d", {"count_include_pad": "False"}),
        ("avg_pool2d", {"kernel_size": 8, "padding": 0}),
        ("max_pool2d", {"kernel_size": (7, 3), "stride": 2}),
        ("conv2d", {"stride": (4, 1), "padding": 2, "dilation": 3}),
    ],
)
def test_a_large_or_unusual_setting_is_derived(name: str, settings: dict) -> None:
    assert derive.gradient(name, "input", **settings).steps


@pytest.mark.parametrize(
    ("text", "wrt", "name"),
    [
        ("O[n,d] = W[T[n],d]; integer T", "W", ""),
        ("O[i] = sum[p] X[i+T-1-p]*F[p]; X[h<H]; F[p<T]", "F", "cross-correlation of dE/dO with X"),
        ("E = sum[i,j] x[i]*A[i,j]*x[j]", "x", ""),
        ("O[i] = sum[p] X[i-p]*F[p]; X[h<H]; F[p<T]; size i touch", "X", "cross-correlation of dE/dO with F"),
    ],
)
def test_a_result_is_named_whole_or_not_at_all(text: str, wrt: str, name: str) -> None:
    assert derive.gradient(derive.op(text), wrt).name == name


def test_a_maximum_leaves_out_a_tuple_whose_guarded_read_is_out_of_range() -> None:
    world = World({}, {"X": Array((2,), (-3, -5))})
    assert denote(parse_expr("max[p<4] [1<=p]*X[p-1]"), world) == -3


def test_a_false_guard_annihilates_the_quotient_it_stands_above() -> None:
    world = World({}, {"X": Array((1,), (0,))})
    assert denote(parse_expr("[1==2]*3/X[0]"), world) == 0
    with pytest.raises(MeaningError, match="divisor 0"):
        denote(parse_expr("[1==1]*3/X[0]"), world)


def test_an_exponent_that_moves_has_no_derivative_here() -> None:
    world = World({}, {"X": Array((1,), (2,))})
    with pytest.raises(MeaningError, match="an exponent that moves"):
        denote(parse_expr("d(2^X[0])/dX[0]"), world)


def test_fuel_is_far_above_what_these_laws_need() -> None:
    op = derive.op(OWN["normalisation"])
    moves = sum(len(s.moves) for s in derive.gradient(op, "X").steps)
    assert 0 < moves < MOVES // 4 < VISITS
