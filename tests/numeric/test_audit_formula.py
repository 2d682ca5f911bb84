"""A formula is verified, verified under a hypothesis, refuted with a true witness, or said to be open."""

import pytest

import derive
from derive.language.notation import parse_expr
from numeric.audit.canonical import same
from numeric.audit.comparison import compare

RIGHT = [
    ("conv2d", "X", {}, "sum[q<K_w,k<K,p<K_h] F[k,c,p,q]*dE/dO[n,k,(h+P_h-d_h*p)/s_h,(w+P_w-d_w*q)/s_w]"),
    ("conv2d", "F", {"stride": 1, "padding": 0, "dilation": 1}, "sum[i<I,n<N,j<J] X[n,c,i+p,j+q]*dE/dO[n,k,i,j]"),
    ("sigmoid", "X", {}, "O[...]*dE/dO[...]*(1-O[...])"),
    ("mse_loss", "X", {}, "dE/dO*(X[...]-Y[...])*2/L"),
]
WRONG = [
    ("conv2d", "X", {}, "sum[k<K,p<K_h,q<K_w] dE/dO[n,k,h+p,w+q]*F[k,c,p,q]"),
    ("conv2d", "F", {"stride": 2}, "sum[n<N,i<I,j<J] dE/dO[n,k,i,j]*X[n,c,i+p,j+q]"),
    ("sigmoid", "X", {}, "O[...]*dE/dO[...]*(1+O[...])"),
    ("relu", "X", {}, "dE/dO[...]*[0<=X[...]]"),
]


@pytest.mark.parametrize(("op", "wrt", "settings", "text"), RIGHT)
def test_a_right_formula_is_verified_for_all_sizes(op, wrt, settings, text) -> None:
    d = derive.gradient(derive.op(op, **settings), wrt)
    found = compare(d.op, d.axes, parse_expr(text), d.formula)
    assert (found.verdict, found.witness) == ("verified", None)


@pytest.mark.parametrize(("op", "wrt", "settings", "text"), WRONG)
def test_a_wrong_formula_is_refuted_with_two_values_that_differ(op, wrt, settings, text) -> None:
    d = derive.gradient(derive.op(op, **settings), wrt)
    found = compare(d.op, d.axes, parse_expr(text), d.formula)
    assert found.verdict == "refuted"
    assert found.witness is not None
    assert found.witness.got != found.witness.expected


def test_equality_up_to_names_and_order_sees_nothing_else() -> None:
    a = parse_expr("sum[i<N,j<M] A[i,j]*(x + B[j])")
    assert same(a, parse_expr("sum[u<M] sum[v<N] (B[u] + x)*A[v,u]"))
    assert not same(a, parse_expr("sum[i<N,j<M] A[j,i]*(x + B[j])"))
    assert not same(a, parse_expr("sum[i<M,j<N] A[i,j]*(x + B[j])"))
