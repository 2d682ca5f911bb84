"""Formulas in LaTeX, as lecturers write them, are read as the notation says them, and every choice is told."""

from __future__ import annotations

from functools import cache

import pytest

import derive
from derive.catalogue import names
from derive.language.latex import Line, lines, looks_like_latex, to_notation
from derive.language.notation import parse_expr
from derive.operation import Op
from tests.derive.latex_formulas import READ

FORMULAS = [(name, latex, text) for name, pairs in READ.items() for latex, text in pairs]


@cache
def operation(name: str) -> Op | None:
    return derive.op(name) if name else None


@pytest.mark.parametrize(("name", "latex", "text"), FORMULAS)
def test_a_formula_is_read_as_the_notation_says_it(name: str, latex: str, text: str) -> None:
    assert to_notation(latex, operation(name)).text == text


@pytest.mark.parametrize(("name", "latex", "text"), FORMULAS)
def test_what_is_read_is_notation(name: str, latex: str, text: str) -> None:
    for equation in text.split("; "):
        for side in equation.split(" = "):
            parse_expr(side)


def test_the_table_is_long_and_has_no_formula_twice() -> None:
    assert len(FORMULAS) >= 80
    assert len(FORMULAS) == len({(name, latex) for name, latex, _ in FORMULAS})


@pytest.mark.parametrize(
    "delimiters", ["${}$", "$${}$$", r"\[{}\]", r"\begin{{equation*}}{}\end{{equation*}}", " {} . "]
)
def test_delimiters_around_a_formula_mean_nothing(delimiters: str) -> None:
    assert to_notation(delimiters.format(r"y_i = 2 x_i")).text == "y[i] = 2*x[i]"


@pytest.mark.parametrize(("latex", "told"), [
    (r"\sum_{i=1}^{n} x_i y_{i+1}", "subscripts count from 1, as the sums' limits show"),
    (r"F_{2,2} + F_{1,1}", "subscripts count from 1, as the entries show"),
    (r"\frac{\partial E}{\partial F_{p}} = \sum_i \frac{\partial E}{\partial O_i} X_{i+p-1}", "the offsets of the"),
    (r"\frac{\partial E}{\partial F_{p}} = \frac{\partial E}{\partial O_i} X_{s i+p}", "nothing shows where"),
    (r"\sum_{i=0}^{n} \sum_{j=1}^{m} x_{i+j}", "speak for 0 and for 1"),
    (r"\delta_{ij} x_j", "Kronecker"),
    (r"\begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", "otherwise"),
    (r"\sigma'(x)", "derivative of sigmoid is written out"),
])  # fmt: skip
def test_a_choice_is_told(latex: str, told: str) -> None:
    assert any(told in note for note in to_notation(latex).notes)


@pytest.mark.parametrize(("name", "latex", "told"), [
    ("conv2d", r"\frac{\partial E}{\partial X} = \operatorname{rot180}(F) \circledast \frac{\partial E}{\partial O}",
     "the sizes demand the full correlation"),
    ("conv2d", r"\frac{\partial E}{\partial F} = X \circledast \frac{\partial E}{\partial O}", "valid cross-corr"),
    ("conv2d", r"\frac{\partial E}{\partial F} = \delta \circledast X", "though it stands first"),
    ("conv2d", r"\frac{\partial E}{\partial K_{p}} = \sum_{i=1}^{m} \delta_i X_{i+p-1}", "m of the sum over i is"),
    ("linear", r"\frac{\partial E}{\partial X} = \delta W", "vectors are rows"),
    ("linear", r"\frac{\partial E}{\partial X} = W \delta", "fit only where their extents are equal"),
    ("linear", r"\frac{\partial E}{\partial W} = \delta x^T", "summed over ..."),
    ("linear", r"dW = \delta x^T", "dW is read as the gradient by W"),
    ("linear", r"z = W a + b", "a is read as X, the operation's input"),
    ("cross_entropy", r"\frac{\partial L}{\partial z} = p - y", "one-hot"),
    ("cross_entropy", r"\frac{\partial L}{\partial z} = p - y", "multiplied by dE/dO"),
])  # fmt: skip
def test_a_choice_about_an_operation_is_told(name: str, latex: str, told: str) -> None:
    assert any(told in note for note in to_notation(latex, operation(name)).notes)


def test_subscripts_count_from_the_base_that_is_told() -> None:
    latex = r"y_i = \sum_p X_{i+p} F_p"
    assert to_notation(latex, base=0).text == "y[i] = sum[p] X[i+p]*F[p]"
    assert to_notation(latex, base=1).text == "y[i] = sum[p] X[i+1+p]*F[p]"
    shifted = to_notation(r"y_i = \sum_{p=1}^{K} X_{i+p-1} F_p")
    assert shifted.text == "y[i] = sum[p<K] X[i+p]*F[p]"
    assert to_notation(r"y_i = \sum_{p=-m}^{m} X_{i+p} F_p", base=0).text == "y[i] = sum[p<2*m+1] X[i+p-m]*F[p-m]"


def test_guards_and_labels_are_shifted_with_the_subscripts() -> None:
    op = operation("cross_entropy")
    assert to_notation(r"\sum_{c=1}^{C} [c = t_n] x_{n,c}", op).text == "sum[c<C] [c==T[n]]*X[n,c]"
    assert to_notation(r"\sum_{h=1}^{H} [1 \le h - p \le H] x_h").text == "sum[h<H] [0<=h-p<H]*x[h]"


def test_a_letter_means_what_it_is_told_to_mean() -> None:
    op = operation("conv2d")
    told = to_notation(r"\frac{\partial E}{\partial F} = X \circledast \theta", op, names={"theta": "dE/dO"})
    assert told.text == "dE/dF[k,c,p,q] = sum[n,i,j] X[n,c,p+i,q+j]*dE/dO[n,k,i,j]"
    latex = r"\frac{\partial E}{\partial X} = \delta * F"
    correlation = to_notation(latex, op).text
    convolution = to_notation(latex, op, star="convolution").text
    assert correlation.endswith("*F[k,c,p,q]")
    assert convolution.endswith("*F[k,c,K_h-1-p,K_w-1-q]")


def test_a_derivation_is_cut_into_its_steps() -> None:
    text = r"""
    \begin{align*}
    \frac{\partial E}{\partial F_{p}} &= \sum_{i=1}^{I} \frac{\partial E}{\partial O_{i}}
        \frac{\partial O_i}{\partial F_p} \\
      &= \sum_{i=1}^{I} \frac{\partial E}{\partial O_i} X_{i+p-1} \\
      &\quad + 0 \nonumber \\
      &= X_p = 3
    \end{align*}"""
    found = lines(text, operation("conv1d"))
    assert [(x.left, x.right, x.line, x.goes_on) for x in found] == [
        ("dE/dF[p]", "sum[i<I] dE/dO[i]*d(O[i])/dF[p]", 3, False),
        ("dE/dF[p]", "sum[i<I] dE/dO[i]*X[i+p] + 0", 5, True),
        ("dE/dF[p]", "X[p]", 7, True),
        ("dE/dF[p]", "3", 7, True),
    ]
    assert found[3].source == "= 3"
    assert isinstance(found[0], Line)


def test_each_cell_of_a_matrix_that_follows_no_rule_is_an_equation() -> None:
    found = lines(r"\begin{bmatrix} y_1 \\ y_2 \end{bmatrix} = \begin{pmatrix} x_2 \\ x_2 \end{pmatrix}")
    assert [(x.left, x.right) for x in found] == [("y[0]", "x[1]"), ("y[1]", "x[1]")]


def test_matrices_written_out_tell_sizes() -> None:
    entries = r"\frac{\partial E}{\partial O_{1,1}} & \frac{\partial E}{\partial O_{1,2}}"
    latex = rf"\frac{{\partial E}}{{\partial F}} = X \circledast \begin{{bmatrix}} {entries} \end{{bmatrix}}"
    read = to_notation(latex, operation("conv2d"))
    assert read.text == "dE/dF[p,q] = sum[i<1,j<2] X[p+i,q+j]*dE/dO[i,j]"
    assert read.sizes == (("I", 1), ("J", 2))


@pytest.mark.parametrize("latex", [r"\frac{1}{2}", "$x$", "X_{i,j}", "∂E/∂F", r"a \\ b", "y^{2}"])
def test_latex_is_recognised(latex: str) -> None:
    assert looks_like_latex(latex)


@pytest.mark.parametrize("name", names())
def test_notation_is_no_latex(name: str) -> None:
    op = operation(name)
    assert op is not None
    assert not looks_like_latex(op.text)
