"""What is one rational function is found to be one, and nothing else is."""

import pytest

from derive.cases import MOST_PAIRS, TooManyCases, every_case
from derive.expressions.build import in_order
from derive.expressions.expr import Compare, Maximum
from derive.expressions.index import index
from derive.expressions.traversal import walk
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
    "a half-integer power": ("X[i]*X[i]^(1/2)", "sqrt(X[i])^3"),
    "a root below": ("1/sqrt(V[i]+e)^3", "(V[i]+e)^(-3/2)"),
    "a third root": ("X[i]^(2/3)*X[i]^(1/3)", "X[i]"),
    "softplus": ("log(1+exp(X[i]))", "X[i] + log(1+exp(-X[i]))"),
    "softplus by the sigmoid": ("log(1+exp(X[i]))", "-log(1-sigmoid(X[i]))"),
    "a logarithm of a quotient": ("log(exp(X[i])/(sum[c<C] exp(X[c])))", "X[i] - log(sum[c<C] exp(X[c]))"),
    "a shifted log-sum-exp": ("M + log(sum[c<C] exp(X[c]-M))", "log(sum[c<C] exp(X[c]))"),
    "an exponential of a logarithm": ("exp(X[i]-log(Z[i]))", "exp(X[i])/Z[i]"),
    "a logarithm of a number": ("log(8)", "3*log(2)"),
    "a symbolic power": ("X[i]*X[i]^(k-1)", "X[i]^k"),
    "a sum in a sum": ("sum[n<N] X[n]*(sum[m<M] Y[m]*W[n,m])", "sum[n<N,m<M] X[n]*Y[m]*W[n,m]"),
    "a sum over one place": ("sum[n<1,c<C] T[n,c]*log(exp(X[n,c]))", "sum[c<C] T[0,c]*X[0,c]"),
    "a Jacobian by cases": ("cases(i==j, O[i]*(1-O[i]), -O[i]*O[j])", "O[i]*([i==j]-O[j])"),
    "the one term of a sum": ("sum[j<J] Y[j]*cases(i==j, X[i], 1)", "Y[i]*X[i] - Y[i] + sum[j<J] Y[j]"),
    "a maximum by cases": ("max(X[i], 0)", "cases(0<X[i], X[i], 0)"),
    "a maximum turned round": ("max(X[i], 0)", "-min(-X[i], 0)"),
    "a maximum of two multiples": ("max(X[i]/100, X[i])", "cases(0<X[i], X[i], X[i]/100)"),
    "a scaled guard": ("[2*X[i]+1<3]", "[X[i]<1]"),
    "a guard turned round": ("[-X[i]<=-2]", "[2<=X[i]]"),
    "a guard of what is computed": ("[0<max(X[i], 0)]", "[0<X[i]]"),
    "a minimum under a sum": ("sum[n<N] Y[n]*min(X[n], 0)", "sum[n<N] Y[n]*X[n]*[X[n]<=0]"),
    "an exponential by cases": ("exp(min(X[i], 0))-1 + max(X[i], 0)", "cases(X[i]<=0, exp(X[i])-1, X[i])"),
    "a divisor that does not move": ("sum[n<N] X[n]/S[c]", "(sum[n<N] X[n])/S[c]"),
}
DIFFERENT = {
    "a condition below, too": ("X[i]*[X[i]<9]/[X[i]<9]", "X[i]"),
    "a condition below in a product": ("[X[i]<9]/(Y[i]*[X[i]<9])", "1/Y[i]"),
    "a sum over less than nothing": ("sum[n<9-N] Y[c]", "(9-N)*Y[c]"),
    "a sum over a quotient that may be less": ("sum[n<(9-N)//2] Y[c]", "((9-N)//2)*Y[c]"),
    "a sign": ("1/(1+exp(-X[i])) + 1/(1+exp(-X[i]))^2", "(1+exp(-X[i])-1)/(1+exp(-X[i]))^2"),
    "an index": ("sum[n<N] X[n]*Y[c]", "sum[n<N] X[n]*Y[n]"),
    "a bound": ("sum[n<N] X[n]", "sum[n<M] X[n]"),
    "a function": ("log(X[i])", "exp(X[i])"),
    "a root": ("sqrt(V[i])", "V[i]"),
    "a half-integer power": ("X[i]^(3/2)", "X[i]^(1/2)"),
    "a root of a square": ("sqrt(X[i]^2)", "X[i]"),
    "a logarithm of a product of any sign": ("log(X[i]*Y[i])", "log(X[i]) + log(Y[i])"),
    "a logarithm of a sum": ("log(exp(X[i]) + exp(Y[i]))", "X[i] + Y[i]"),
    "a logarithm of the other sigmoid": ("log(1+exp(X[i]))", "-log(sigmoid(X[i]))"),
    "a symbolic power": ("X[i]^(k-1)", "X[i]^k"),
    "a sum in a sum": ("sum[n<N] X[n]*(sum[m<M] Y[m]*W[n,m])", "sum[n<N,m<M] X[n]*Y[n]*W[n,m]"),
    "probabilities of any sum": ("sum[n<N] Z[n]*(sum[c<C] T[n,c])", "sum[n<N] Z[n]"),
    "a Jacobian off the diagonal": ("cases(i==j, O[i]*(1-O[i]), O[i]*O[j])", "O[i]*([i==j]-O[j])"),
    "a Jacobian on the diagonal": ("cases(i==j, O[i]*(1+O[i]), -O[i]*O[j])", "O[i]*([i==j]-O[j])"),
    "a term of a sum that may be outside": ("sum[j<J] Y[j]*cases(k==j, X[j], 1)", "Y[k]*X[k] - Y[k] + sum[j<J] Y[j]"),
    "a maximum turned round": ("max(X[i], 0)", "-max(-X[i], 0)"),
    "a smaller multiple": ("max(X[i]/100, X[i])", "cases(0<X[i], X[i]/100, X[i])"),
    "a guard turned round": ("[-X[i]<=-2]", "[X[i]<=2]"),
    "a scaled guard": ("[2*X[i]+1<3]", "[X[i]<2]"),
    "a kink's value": ("[0<X[i]]", "[0<=X[i]]"),
    "a side of a kink": ("max(X[i], 0)", "cases(0<X[i], 0, X[i])"),
    "a kink under a sum": ("sum[n<N] Y[n]*[X[n]<=0]", "sum[n<N] Y[n]*[X[n]<0]"),
    "a maximum of what moves": ("max(X[i], Y[i])", "cases(X[i]<Y[i], X[i], Y[i])"),
}


EXTENTS = {"i": index("J"), "j": index("J")}


@pytest.mark.parametrize(("a", "b"), EQUAL.values(), ids=EQUAL)
def test_one_rational_function_is_recognised(a, b):
    assert rationally_equal(parse_expr(a), parse_expr(b), in_order, EXTENTS)


@pytest.mark.parametrize(("a", "b"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_functions_are_never_taken_for_one(a, b):
    assert not rationally_equal(parse_expr(a), parse_expr(b), in_order, EXTENTS)


def test_a_sum_that_is_assumed_to_be_one_is_one_wherever_it_stands():
    a = parse_expr("sum[n<N,c<C] T[n,c]*(X[n,c]-log(Z[n]))")
    b = parse_expr("sum[n<N] ((sum[c<C] T[n,c]*X[n,c]) - log(Z[n]))")
    one = parse_expr("sum[c<C] T[n,c]")
    assert rationally_equal(a, b, in_order, {}, lambda e: e == one)
    assert not rationally_equal(a, b, in_order)


def test_a_divisor_that_is_nothing_has_no_normal_form():
    assert not rationally_equal(parse_expr("1/(X[i]-X[i])"), parse_expr("1/(X[i]-X[i])"), in_order)


def test_more_cases_than_are_tried_are_not_decided():
    several = " + ".join(f"max(X[{k}], 0)" for k in range(MOST_PAIRS + 1))
    a, b = parse_expr(several), parse_expr(several.replace("max(X[0], 0)", "X[0]*[0<X[0]]"))
    with pytest.raises(TooManyCases):
        list(every_case((a, b), {}))
    assert not rationally_equal(a, b, in_order)


def test_the_cases_of_two_pairs_are_nine_and_in_each_nothing_is_compared():
    several = parse_expr("max(X[i], 0) + [Y[i]<X[i]]")
    found = list(every_case((several,), {}))
    assert len(found) == 9
    assert not any(isinstance(n, Compare | Maximum) for (e,) in found for n in walk(e))
