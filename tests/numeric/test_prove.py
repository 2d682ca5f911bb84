"""Two formulas are proved equal for all sizes, or told apart by the smallest sizes at which their values differ."""

from random import Random

import pytest

import derive
from derive.catalogue import op
from derive.expressions.expr import D
from derive.expressions.traversal import walk
from derive.language.notation import parse_expr
from derive.meaning.denote import denote
from derive.meaning.small_sizes import fitted
from derive.meaning.worlds import drawn
from numeric.prove import Counterexample, Proved, Unknown, equal

pytest.importorskip("z3", reason="proofs for all sizes need the package z3-solver")

WRONG = {
    "the filter is not flipped": "sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,M-1-p]",
    "the padding is one more": "sum[k<K,p<M] dE/dO[n,k,(h+P+1-d*p)/s]*F[k,c,p]",
    "the divisibility test is removed": "sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)//s]*F[k,c,p]",
    "the stride is forgotten": "sum[k<K,p<M] dE/dO[n,k,h+P-d*p]*F[k,c,p]",
    "the dilation is forgotten": "sum[k<K,p<M] dE/dO[n,k,(h+P-p)/s]*F[k,c,p]",
    "the last tap is dropped": "sum[k<K,p<M-1] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p]",
    "the channels are exchanged": "sum[k<K,p<M] dE/dO[n,c,(h+P-d*p)/s]*F[k,k,p]",
    "it is divided by the samples": "(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p])/N",
    "it is doubled": "2*(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p])",
}  # fmt: skip


def differs(law, d, wrong, sizes):
    world, _ = drawn(law, sizes, Random(0))
    return any(denote(wrong, world, at) != denote(d.formula, world, at) for at in world.tuples(d.axes, {}))


def without_derivatives(d):
    return next(line for line in d.lines if not any(isinstance(n, D) for n in walk(line)))


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_gradient_comes_back_with_the_smallest_sizes_at_which_it_is_wrong(mistake):
    law = op("conv1d")
    d = derive.gradient(law, "X")
    wrong = parse_expr(WRONG[mistake])
    found = equal(law, d.axes, wrong, d.formula)
    assert isinstance(found, Counterexample)
    assert found.got != found.want
    world_sizes = fitted(law, {n: v for n, v in found.sizes.items() if n not in dict(law.sizes)})
    assert world_sizes == dict(found.sizes)
    assert differs(law, d, wrong, world_sizes)


@pytest.mark.parametrize(
    "name", ["conv1d", "conv2d", "conv_transpose2d", "max_pool2d", "avg_pool1d", "linear", "softmax"]
)
def test_the_deltas_of_a_derivation_and_its_result_are_proved_equal(name):
    law = op(name)
    for t in law.differentiable:
        d = derive.gradient(law, t.name)
        for line in (d.formula, d.result):
            assert isinstance(equal(law, d.axes, without_derivatives(d), line), Proved), t.name


def test_what_an_operation_requires_is_told_as_a_hypothesis():
    law = op("max_pool1d")
    d = derive.gradient(law, "X")
    found = equal(law, d.axes, without_derivatives(d), d.formula)
    assert found == Proved(("[2*P<=M]",))


def test_a_formula_outside_the_method_is_unknown_with_the_reason():
    law = op("conv1d")
    d = derive.gradient(law, "X")
    squares = parse_expr("sum[k<K,p<M,j<H] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p]*X[n,c,j*j]")
    assert equal(law, d.axes, squares, d.formula) == Unknown("what is read does not determine the index j")


EQUAL = {
    "taps backwards": ("sum[p<M] X[i+p]*F[p]", "sum[p<M] X[i+M-1-p]*F[M-1-p]"),
    "a part apart": ("sum[p<M] F[p]", "F[0] + sum[p<M] [1<=p]*F[p]"),
    "factors exchanged": ("sum[p<M,q<M] [p<q]*F[p]*F[q]", "sum[p<M,q<M] [q<p]*F[p]*F[q]"),
    "a count": ("sum[p<M,q<M] F[p]", "M*sum[p<M] F[p]"),
    "a count under a condition": ("sum[p<M,q<M] [q<i]*F[p]", "(sum[q<M] [q<i])*sum[p<M] F[p]"),
    "a square": ("(sum[p<M] F[p])^2", "sum[p<M,q<M] F[q]*F[p]"),
    "deviations": ("sum[p<M] (F[p] - (sum[q<M] F[q])/M)", "0*F[i]"),
    "a quotient of sums": ("1/(1+F[i])", "1 - F[i]/(1+F[i])"),
    "both branches": ("cases([i<M], F[i], X[i])", "[i<M]*F[i] + [M<=i]*X[i]"),
    "mixed radix": ("sum[p<M,q<M] F[p*M+q]", "sum[p<M*M] F[p]"),
}
DIFFERENT = {
    "one tap less": ("sum[p<M] X[i+p]*F[p]", "sum[p<M-1] X[i+p]*F[p]"),
    "the part twice": ("sum[p<M] F[p]", "F[0] + sum[p<M] F[p]"),
    "the diagonal": ("sum[p<M,q<M] [p<q]*F[p]*F[q]", "sum[p<M,q<M] [q<=p]*F[p]*F[q]"),
    "the count": ("sum[p<M,q<M] F[p]", "(M+1)*sum[p<M] F[p]"),
    "a square without products": ("(sum[p<M] F[p])^2", "sum[p<M] F[p]^2"),
    "deviations from half": ("sum[p<M] (F[p] - (sum[q<M] F[q])/M)", "F[i]"),
    "mixed radix, one on": ("sum[p<M*M] F[p]", "sum[p<M,q<M] F[p*M+q+1]"),
}
OWN = "O[i] = sum[p<M] X[i+p]*F[p]"


TAKEN_FOR_INTEGERS = {
    "an entry is no half": ("[X[i]==1/2]", "0"),
    "an entry is no half of a size": ("[2*X[i]==2*M+1]", "0"),
    "no entry is between 0 and 1": ("[X[i]<1]", "[X[i]<=0]"),
    "an entry in a range is one of its integers": ("[0<=X[i]<M]", "sum[p<M] [X[i]==p]"),
    "an entry has a rest": ("[2 | X[i]] + [2 | X[i]+1]", "1"),
    "a cotangent is no half": ("cases(dE/dO[i]==1/2, 1, 0)", "0"),
    "an entry is an index": ("F[X[i]]", "sum[p<M] [X[i]==p]*F[p]"),
}
PARAMETER_TAKEN_FOR_INTEGER = {
    "it is not between 0 and 1": ("[0<a]", "[1<=a]"),
    "it is odd or even": ("[2 | a] + [2 | a+1]", "1"),
    "it is an index": ("X[a]", "sum[i<L] [a==i]*X[i]"),
}
TAKEN_FOR_GRANTED = {
    "a condition is not false": ("X[i]*[X[i]<9]/[X[i]<9]", "X[i]"),
    "a condition on indices is not false": ("X[i]*[i<9]/[i<9]", "X[i]"),
    "an extent is not negative": ("sum[p<9-M] F[0]", "(9-M)*F[0]"),
    "a quotient as extent is not negative": ("sum[p<(9-M)//2] F[0]", "((9-M)//2)*F[0]"),
}

AT_ZERO_OUTSIDE = {
    "a quotient": "F[p]*X[p]/F[p]^2",
    "a power": "X[p]*F[p]*2^(1/F[p])",
    "a root": "sqrt(F[p])*F[p]",
    "a logarithm": "log(F[p])*F[p]",
    "a quotient under a function": "F[p]*exp(X[p]/F[p])",
    "a condition": "F[p]^2/(F[p]*[p<M])",
}
AVERAGE = "sum[p<M] [0<=((h+P-p)/s)<{}]*dE/dO[n,c,(h+P-p)/s]/R[(h+P-p)/s]"


@pytest.mark.parametrize("which", AT_ZERO_OUTSIDE)
def test_a_factor_without_a_value_outside_is_not_saved_by_one_that_is_0_there(which):
    law = op(OWN)
    short, long = (parse_expr(f"sum[p<{m}] {AT_ZERO_OUTSIDE[which]}") for m in ("M", "M+1"))
    assert isinstance(equal(law, (), short, short), Proved)
    assert isinstance(equal(law, (), long, short), Unknown)


@pytest.mark.parametrize(("extent", "verdict"), [("I", Proved), ("I+1", Unknown)])
def test_a_count_of_cells_divides_only_where_there_is_a_window(extent, verdict):
    law = op("avg_pool1d", ceil_mode=True, count_include_pad=False)
    d = derive.gradient(law, "X")
    assert isinstance(equal(law, d.axes, parse_expr(AVERAGE.format(extent)), d.formula), verdict)


@pytest.mark.parametrize("which", TAKEN_FOR_INTEGERS)
def test_entries_that_are_real_are_not_taken_for_integers(which):
    law = op(OWN)
    a, b = map(parse_expr, TAKEN_FOR_INTEGERS[which])
    assert not equal(law, law.output.axes, a, b)


@pytest.mark.parametrize("which", PARAMETER_TAKEN_FOR_INTEGER)
def test_a_real_parameter_is_not_taken_for_an_integer(which):
    a, b = map(parse_expr, PARAMETER_TAKEN_FOR_INTEGER[which])
    assert not equal(op("leaky_relu"), (), a, b)


@pytest.mark.parametrize("which", TAKEN_FOR_GRANTED)
def test_nothing_is_taken_for_granted_that_may_fail(which):
    law = op(OWN)
    a, b = map(parse_expr, TAKEN_FOR_GRANTED[which])
    assert not equal(law, law.output.axes, a, b)


@pytest.mark.parametrize("which", EQUAL)
def test_formulas_that_differ_in_form_alone_are_proved_equal(which):
    law = op(OWN)
    a, b = map(parse_expr, EQUAL[which])
    assert isinstance(equal(law, law.output.axes, a, b), Proved)


@pytest.mark.parametrize("which", DIFFERENT)
def test_formulas_that_are_not_equal_come_back_with_sizes(which):
    law = op(OWN)
    a, b = map(parse_expr, DIFFERENT[which])
    assert isinstance(equal(law, law.output.axes, a, b), Counterexample)


def test_a_real_parameter_times_an_index_is_not_taken_for_a_constant():
    law = op("leaky_relu")
    a, b = map(parse_expr, ("sum[p<L] a*p*dE/dO[p]", "a*(sum[p<L] dE/dO[p])"))
    assert not equal(law, (), a, b)


def test_hypotheses_of_the_caller_are_used_and_told():
    law = op("conv1d")
    d = derive.gradient(law, "X")
    without_padding = parse_expr("sum[k<K,p<M] dE/dO[n,k,(h-d*p)/s]*F[k,c,p]")
    assert isinstance(equal(law, d.axes, without_padding, d.formula), Counterexample)
    found = equal(law, d.axes, without_padding, d.formula, [parse_expr("[P==0]")])
    assert found == Proved(("[P==0]",))
