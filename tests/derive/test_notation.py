"""Laws are read, printed, and read back as the same laws; statements say what they say."""

from __future__ import annotations

import pytest

import derive
from derive.catalogue import RECIPES
from derive.catalogue.recipe import text
from derive.expressions.expr import (
    Apply,
    Compare,
    Contract,
    D,
    Div,
    Entry,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Val,
    Winner,
)
from derive.expressions.index import index
from derive.expressions.traversal import reads
from derive.language.elaborate import from_text
from derive.language.notation import parse, parse_expr, parse_index
from derive.language.show import show, show_index
from derive.operation import Op
from tests.derive.laws import DECKS, LAWS

CATALOGUE = {
    f"{r.name} {' '.join(kinds.values())}": text(which, kinds)
    for r in RECIPES.values()
    for kinds in map(r.kinds, r.variants())
    for which in (r.law, r.stable)
    if text(which, kinds)
}
TEXTS = {**{f"field: {n}": t for n, t in LAWS.items()}, **{f"deck: {n}": t for n, t in DECKS.items()}, **CATALOGUE}


def statement(op: Op) -> str:
    """An operation as the whole text of its law: equations with bounds, declarations, sizes."""
    lines = [f"{t.name}[{','.join(f'{b.name}<{show_index(b.extent)}' for b in t.axes)}]" for t in op.inputs if t.axes]
    scalars = ", ".join(t.name for t in op.inputs if not t.axes)
    lines += [f"scalar {scalars}"] if scalars else []
    labels = ", ".join(t.name for t in op.inputs if t.integer)
    lines += [f"integer {labels}"] if labels else []
    symbols = {b.extent.name: b.name for e in op.equations for b in op.tensor(e.target).axes}
    lines += [f"size {symbols[n]} = {show_index(size)}" for n, size in op.sizes]
    # what an equation reads in a bracket alone does not say how far its indices run
    shares = [e.target for e in op.equations if e.names and all(r.tensor == labels for r in reads(e.body))]
    given = {b.extent.name for t in op.inputs for b in t.axes}
    for t in (op.tensor(name) for name in shares):
        if t.role == "intermediate" and {b.extent.name for b in t.axes} <= given:
            lines.append(f"{t.name}[{','.join(f'{b.name}<{show_index(b.extent)}' for b in t.axes)}]")
    for e in op.equations:
        left = f"{e.target}[{','.join(e.names)}]" if e.names else e.target
        lines.append(f"{left} = {show(e.body)}")
    return "\n".join(lines)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_law_prints_back_to_an_equal_law(text: str) -> None:
    op = from_text(text)
    again = from_text(statement(op))
    assert [(e.target, e.names, e.body) for e in again.equations] == [(e.target, e.names, e.body) for e in op.equations]
    assert {t.name: [b.extent for b in t.axes] for t in again.inputs} == {
        t.name: [b.extent for b in t.axes] for t in op.inputs
    }
    assert [i for _, i in again.sizes] == [i for _, i in op.sizes]


def test_the_printed_text_matters() -> None:
    # the test above can fail: another stride, another bound or another guard is another law
    text = statement(from_text(LAWS["max_pool1d"]))
    for old, new in (("s*i", "i"), ("p<T", "p<T+1"), ("max[", "sum[")):
        assert old in text
        assert from_text(text.replace(old, new)).equations != from_text(text).equations


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("X[i]", Entry("X", (index("i"),))),
        ("dE/dO[i]", Entry("dE/dO", (index("i"),))),
        ("2", Num(2)),
        ("i", Val(index("i"))),
        ("[i==2*j]", Compare("==", Val(index("i")), Val(index("j") * 2))),
        ("[i>j]", Compare("<", Val(index("j")), Val(index("i")))),
        ("[0<=i<N]", InRange(index("i"), index("N"))),
        ("exp(X[i])", Fn("exp", Entry("X", (index("i"),)))),
        ("max(X[i], 0)", Maximum(Entry("X", (index("i"),)), Num(0))),
        ("min(X[i], 0)", Minimum(Entry("X", (index("i"),)), Num(0))),
        ("d(X[i])/dX[a]", D(Entry("X", (index("i"),)), Entry("X", (index("a"),)))),
    ],
)
def test_an_expression_is_read_as_its_node(text: str, node: object) -> None:
    assert parse_expr(text) == node


def test_a_sum_takes_the_product_behind_it_and_not_what_is_added() -> None:
    assert parse_expr("sum[p<K] X[p]*F[p] + b") == parse_expr("(sum[p<K] (X[p]*F[p])) + b")
    assert parse_expr("sum[p<K] X[p]*F[p] + b") != parse_expr("sum[p<K] (X[p]*F[p] + b)")


def test_a_sum_of_a_quotient_divides_every_term() -> None:
    assert isinstance(parse_expr("sum[p<K] X[p]/K"), Contract)
    assert isinstance(parse_expr("(sum[p<K] X[p])/K"), Div)


def test_a_minus_binds_less_than_a_power() -> None:
    assert parse_expr("-X[i]^2") == parse_expr("-(X[i]^2)") != parse_expr("(-X[i])^2")


def test_quotients_of_numbers_read_from_the_left() -> None:
    assert parse_expr("X[i]/2/3") == parse_expr("(X[i]/2)/3") != parse_expr("X[i]/(2/3)")


def test_a_decimal_is_an_exact_fraction() -> None:
    assert parse_expr("0.01") == parse_expr("1/100")


def test_the_smaller_of_two_index_expressions_is_an_index() -> None:
    i = parse_index("min(H+2, 3*W)")
    assert parse_index(show_index(i)) == i
    assert parse_expr("[0<=h<min(H+2, 3*W)]") == InRange(index("h"), i)


def test_a_quotient_in_a_guard_is_exact_under_equality_and_rational_under_order() -> None:
    assert parse_expr("[h/2==i]") == Compare("==", Val(parse_index("h/2")), Val(index("i")))
    assert isinstance(parse_expr("[h/2<i]").left, Div)


def test_a_winner_is_found_behind_long_indices() -> None:
    at = ",".join(f"(h_{k}+P_{k}-d_{k}*p_{k})/s_{k}" for k in range(8))
    text = f"[({at})==argmax[{','.join(f'r{k}<2' for k in range(8))}] X[r0]]"
    assert isinstance(parse_expr(text), Winner)


def test_a_winner_may_be_an_entry_of_labels() -> None:
    won = parse_expr("[T[n]==argmax[c<C] X[n,c]]")
    assert isinstance(won, Winner)
    assert parse_expr(show(won)) == won


def test_a_named_result_is_read() -> None:
    text = "correlation_1d(X, dE/dO | I,1,P)[p]"
    assert isinstance(parse_expr(text), Apply)
    assert show(parse_expr(text)) == text


def test_an_abbreviation_stands_for_its_index_and_hides_no_axis() -> None:
    short = derive.op("where h = 2*i+p; O[i] = sum[p] X[h]*F[p]; X[h<H]")
    assert short.equations == derive.op("O[i] = sum[p] X[2*i+p]*F[p]; X[h<H]").equations


def test_a_scalar_is_an_input_without_axes() -> None:
    op = derive.op("O[i] = w*X[i]; scalar w")
    assert [(t.name, t.axes) for t in op.inputs if t.name == "w"] == [("w", ())]
    assert derive.gradient(op, "w").axes == ()


def test_products_need_no_star_before_a_guard() -> None:
    assert parse_expr("X[i][i<3]") == parse_expr("X[i]*[i<3]") == Mul((parse_expr("X[i]"), parse_expr("[i<3]")))


def test_a_law_over_lines_is_the_law_in_one_line() -> None:
    assert parse("A[i] = X[i]\nO[i] = A[i]") == parse("A[i] = X[i]; O[i] = A[i]")


@pytest.mark.parametrize("name", RECIPES)
def test_every_line_of_a_derivation_reads_back(name: str) -> None:
    op = derive.op(name)
    scalars = frozenset(t.name for t in op.tensors if not t.axes)
    for t in op.differentiable:
        for line in derive.gradient(op, t.name).lines:
            assert parse_expr(show(line), scalars) == line
