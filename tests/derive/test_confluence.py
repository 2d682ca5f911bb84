"""Normal forms are confluent: whatever order terms, factors and indices have, one result comes out."""

from collections.abc import Iterator, Sequence
from random import Random

import pytest

from derive.catalogue import op
from derive.derivation import Derivation
from derive.expressions.expr import Binder, Expr
from derive.language.notation import parse_expr
from derive.laws.law import LAWS as REGISTERED
from derive.laws.law import NAMING_STAGE
from derive.laws.presentation import PRESENTATION
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, chain_rule_start, gradient
from tests.derive.derivations import CASES, derived, title
from tests.derive.shuffling import canonical, shuffled, shuffled_law

ORDERS = 2
PRESENTING = {law.name for law in PRESENTATION}


def lines(d: Derivation) -> Iterator[tuple[int, Expr]]:
    """Every line before results are named, with the stage from which it goes on."""
    stage = 0
    yield stage, d.start
    for step in d.steps:
        if REGISTERED[step.law].stage == NAMING_STAGE:
            return
        stage = max(stage, int(step.law in PRESENTING))
        yield stage, step.after


def last_line(start: Expr, stages: Sequence, op: Op, free: tuple[Binder, ...]) -> Expr:
    line = start
    for step in run(start, stages, op, free):
        line = step.after
    return line


@pytest.mark.parametrize("case", CASES, ids=title)
def test_every_line_in_another_order_has_the_same_result(case):
    d = derived(case)
    wanted = canonical(d.formula)
    for k, (stage, line) in enumerate(lines(d)):
        found = last_line(shuffled(line, Random(k)), STAGES[stage:], d.op, d.axes)
        assert canonical(found) == wanted, f"line {k}"


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_law_in_another_order_has_the_same_gradient(case):
    d = derived(case)
    for seed in range(ORDERS):
        law = shuffled_law(d.op, Random(seed))
        _, start = chain_rule_start(law, d.wrt.name)
        assert canonical(last_line(start, STAGES, law, d.axes)) == canonical(d.formula), law.text


def test_equal_factors_are_gathered_however_they_are_written():
    one = gradient(op("O[i] = X[i]/(1 + Y[i]) + Y[i]/(1 + Y[i])"), "Y").formula
    other = gradient(op("O[i] = X[i]/(1 + Y[i]) + Y[i]/(Y[i] + 1)"), "Y").formula
    assert canonical(one) == canonical(other)


SAME = [
    ("X[i]*Y[j] + 2*Z[i]", "Z[i]*2 + Y[j]*X[i]"),
    ("sum[p,q] X[i+p,j+q]*F[p,q]", "sum[q,p] F[p,q]*X[i+p,j+q]"),
    ("sum[p<K,q<L] X[i+p,j+q]*F[p,q]", "sum[a<L,b<K] F[b,a]*X[i+b,j+a]"),
    ("[i+p==h]*X[i]", "X[i]*[h-p==i]"),
    ("sum[p<K] X[p]*(sum[q<K] Y[p,q])", "sum[q<K] (sum[p<K] Y[q,p])*X[q]"),
    ("max[p<K] X[i+p]", "max[q<K] X[i+q]"),
    ("d(X[i]*Y[i])/dX[a]", "d(Y[i]*X[i])/dX[a]"),
]
DIFFERENT = [
    ("X[i]*Y[j]", "X[j]*Y[i]"),
    ("X[i]*Y[j] + Z[i]", "X[i]*(Y[j] + Z[i])"),
    ("sum[p<K,q<L] X[i+p,j+q]*F[p,q]", "sum[p<K,q<L] X[i+p,j+q]*F[q,p]"),
    ("sum[p<K,q<L] X[p,q]", "sum[p<L,q<K] X[p,q]"),
    ("sum[p<K,q<K] X[p,q]*Y[p]", "sum[p<K,q<K] X[q,p]*Y[q]*Y[p]"),
    ("[i==h]*X[i]", "[i!=h]*X[i]"),
    ("[i<h]*X[i]", "[h<i]*X[i]"),
    ("X[i]/Y[i]", "Y[i]/X[i]"),
    ("exp(X[i])", "log(X[i])"),
    ("d(X[i]*Y[i])/dX[a]", "d(X[i]*Y[i])/dX[b]"),
    ("(sum[p<K] X[p])*(sum[p<K] X[p])", "sum[p<K,q<K] X[p]*X[q]"),
    ("2*X[i]", "3*X[i]"),
    ("[(p,q)==argmax[r<K,t<L] X[r,t]]", "[(q,p)==argmax[r<K,t<L] X[r,t]]"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_expressions_that_differ_in_order_and_names_have_one_canonical_text(one, other):
    assert canonical(parse_expr(one)) == canonical(parse_expr(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_expressions_have_another(one, other):
    assert canonical(parse_expr(one)) != canonical(parse_expr(other))


def test_a_shuffle_moves_something_and_changes_no_meaning():
    e = parse_expr("sum[p<K,q<L] X[i+p,j+q]*F[p,q]*(1 + Y[p] + Z[q])")
    found = [shuffled(e, Random(seed)) for seed in range(10)]
    assert len(set(found)) == 10
    assert {canonical(f) for f in found} == {canonical(e)}
