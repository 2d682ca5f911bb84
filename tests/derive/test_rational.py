"""What is one rational function is found to be one, and nothing else is."""

import pytest

from derive.language.notation import parse_expr
from derive.rational import rationally_equal

EQUAL = {
    "a quotient split": ("1/(1+exp(-X[i])) - 1/(1+exp(-X[i]))^2", "(1+exp(-X[i])-1)/(1+exp(-X[i]))^2"),
    "the sigmoid by tanh": ("(1/2)*(1+tanh(X[i]/2))", "sigmoid(X[i])"),
    "exponentials of sums": ("exp(X[i]+Y[i])/exp(Y[i])", "exp(X[i])"),
    "a root squared": ("sqrt(V[i]+e)^2", "V[i]+e"),
    "a factor before its sum": ("sum[n<N] 2*X[n]*Y[c]", "2*Y[c]*sum[n<N] X[n]"),
    "sums are linear": ("sum[n<N] (X[n]-M[c])*Y[n]", "sum[n<N] X[n]*Y[n] - M[c]*sum[n<N] Y[n]"),
    "cases by a condition": ("cases(0<X[i], 1, a)", "[0<X[i]] + a*[X[i]<=0]"),
    "a sum over two": ("sum[p<2] X[p]*Y[p]", "X[0]*Y[0] + X[1]*Y[1]"),
    "a maximum has no order": ("max(0, X[i]+X[i])", "max(2*X[i], 0)"),
    "a sum of nothing that moves": ("sum[n<N] Y[c]", "N*Y[c]"),
    "a divisor that does not move": ("sum[n<N] X[n]/S[c]", "(sum[n<N] X[n])/S[c]"),
}
DIFFERENT = {
    "a sign": ("1/(1+exp(-X[i])) + 1/(1+exp(-X[i]))^2", "(1+exp(-X[i])-1)/(1+exp(-X[i]))^2"),
    "an index": ("sum[n<N] X[n]*Y[c]", "sum[n<N] X[n]*Y[n]"),
    "a bound": ("sum[n<N] X[n]", "sum[n<M] X[n]"),
    "a function": ("log(X[i])", "exp(X[i])"),
    "a root": ("sqrt(V[i])", "V[i]"),
}


def _same(e):
    return e


@pytest.mark.parametrize(("a", "b"), EQUAL.values(), ids=EQUAL)
def test_one_rational_function_is_recognised(a, b):
    assert rationally_equal(parse_expr(a), parse_expr(b), _same)


@pytest.mark.parametrize(("a", "b"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_functions_are_never_taken_for_one(a, b):
    assert not rationally_equal(parse_expr(a), parse_expr(b), _same)


def test_a_divisor_that_is_nothing_has_no_normal_form():
    assert not rationally_equal(parse_expr("1/(X[i]-X[i])"), parse_expr("1/(X[i]-X[i])"), _same)
