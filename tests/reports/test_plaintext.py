"""Plain text is the notation in other signs, and a step's marks touch nothing but what is new."""

import re

import pytest

import derive
from derive.catalogue import names
from derive.derivation import Derivation
from derive.expressions.expr import Add, Contract, Expr, Mul
from derive.expressions.traversal import walk
from derive.language.notation import parse_expr
from derive.language.show import show
from reports.mathematics.abbreviations import abbreviated
from reports.mathematics.display_nodes import Focus, Known, unmarked
from reports.mathematics.plaintext import in_signs, plaintext
from reports.sections.marks import marked

DERIVATIONS: list[Derivation] = [
    derive.gradient(op, t.name) for op in map(derive.op, names()) for t in op.differentiable
]  # fmt: skip
TITLES = [d.title for d in DERIVATIONS]

_BACK = [("∂E/∂", "dE/d"), ("Σ", "sum"), ("·", "*"), ("≤", "<="), ("≠", "!=")]
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def notation(text: str) -> str:
    """The notation that a line of plain text stands for."""
    for sign, word in _BACK:
        text = text.replace(sign, word)
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "^" + m[0].translate(_DIGITS), text)
    text = re.sub(r"∂([A-Za-z]\w*(?:\[[^][]*\])?)/∂", r"d(\1)/d", text)
    text = text.replace("∂(", "d(").replace(")/∂", ")/d")
    return re.sub(r"(?<![<>=!])=(?!=)", "==", text)


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_plain_text_is_the_notation_in_other_signs(d: Derivation) -> None:
    for line in d.lines:
        assert notation(plaintext(line)) == show(line, bounds=False)
        assert notation(plaintext(line, limits=True)) == show(line)


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_plain_text_reads_back_as_the_formula(d: Derivation) -> None:
    text = show(d.formula)
    if "argmax" not in text:  # a winner has no notation
        assert show(parse_expr(notation(plaintext(d.formula, limits=True)))) == text


def test_a_name_that_starts_like_a_derivative_stays_a_name() -> None:
    assert in_signs("X[(h-p)/d_h]*d*(a+b)/dim") == "X[(h-p)/d_h]·d·(a+b)/dim"
    assert in_signs("d(X[i]*(a+b))/dX[h]/dim") == "∂(X[i]·(a+b))/∂X[h]/dim"
    assert in_signs("d(O[i,j])/dX[h]") == "∂O[i,j]/∂X[h]"
    assert in_signs("sum1[i]*sum[i] x^12") == "sum1[i]·Σ[i] x¹²"


def test_numbers_that_were_put_in_are_in_brackets_where_they_are_negative() -> None:
    assert plaintext(Add((Mul((Known(2), Known(-3))), Known(4)))) == "2·(-3) + 4"
    assert plaintext(Mul((Known(0.66524096), Known(-0.5)))) == "0.6652·(-0.5000)"


@pytest.mark.parametrize("d", DERIVATIONS, ids=TITLES)
def test_marks_change_no_line_and_touch_only_what_is_new(d: Derivation) -> None:
    for step in d.steps:
        line = marked(step.before, step.after)
        assert unmarked(line) == step.after
        old = frozenset(walk(step.before))
        assert not [f for f in walk(line) if isinstance(f, Focus) and f.inner in old]
        assert not isinstance(line, Focus)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("a*b", "a*c", ["c"]),
        ("sum[i<N] X[i]*d", "sum[i<N] X[i]*Y[i]", ["Y[i]"]),
        ("[i==a]*X[i]", "X[i]", []),
        ("a + b*c", "a + b*(c + e)", ["c + e"]),
    ],
)
def test_a_step_marks_what_it_made(before: str, after: str, new: list[str]) -> None:
    line = marked(parse_expr(before), parse_expr(after))
    assert [show(f.inner, bounds=False) for f in walk(line) if isinstance(f, Focus)] == new


def test_quotients_are_called_by_the_axis_they_stand_on() -> None:
    d = derive.gradient("conv2d", "input")
    short = abbreviated(d.formula, d.op)
    assert plaintext(short.expr) == "Σ[k,p,q] ∂E/∂O[n,k,i,j]·F[k,c,p,q]"
    assert [n for n, _ in short.meanings] == ["i", "j"]


def test_a_name_in_use_is_not_used_again() -> None:
    op = derive.op("conv2d")
    e = parse_expr("sum[i<I] dE/dO[n,k,(h-p)/s_h,i]")
    assert abbreviated(e, op).expr == e


def test_unmarked_keeps_what_was_under_the_marks() -> None:
    inner: Expr = parse_expr("sum[i<N] X[i]")
    assert unmarked(Mul((Focus(inner), Known(1)))) == Mul((inner, Known(1)))
    assert isinstance(unmarked(Focus(Focus(inner))), Contract)
