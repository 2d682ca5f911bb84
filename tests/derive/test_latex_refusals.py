"""What cannot be read in LaTeX is refused in one error that shows the place; nothing hangs, nothing else is raised."""

from __future__ import annotations

import sys
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import derive
from derive.errors import NotationError
from derive.language.latex import lines, to_notation
from derive.operation import Op
from tests.derive.latex_formulas import READ

OPS = ("", "conv2d", "convolve2d", "linear", "relu", "softmax", "cross_entropy", "layer_norm", "max_pool2d")
_SOUP = (
    r"\frac { } { } \partial E F X O W _ ^ _{ ^{ } ( ) [ ] i j p q k n , + - = / * \cdot \sum_{i} \sum _{i=1} ^{n}"
    r" \circledast \odot \sigma \sigma' ' T \top \delta \begin{cases} \end{cases} & \\ \begin{bmatrix} \end{bmatrix}"
    r" \text{if} \text{otherwise} < > \le 1 2 0 22 3.5 \max \max_{p} \log \exp e^ \tanh softmax \operatorname{rot180}"
    r" \lfloor \rfloor | \| \hat \mathbf{1} \nabla_F \left( \right) $ : \ell d dE dF \begin{align} \end{align} \int ! ;"
    r" \{ \} \underset{j}{argmax} \operatorname{argmax}_{p} \mid \bmod \otimes ^{(l)} ^{(l+1)} ^T Y Z L P S s_h K_h"
    r" \hat{y} \sqrt{ \frac12 x_{ij} X_{i+p,j+q} \frac{\partial{E}}{\partial{X}} \frac{\partial{E}}{\partial{O}} \foo é"
)
PIECES = _SOUP.split()
SEEDS = [latex for pairs in READ.values() for latex, _ in pairs]


@cache
def operation(name: str) -> Op | None:
    return derive.op(name) if name else None


@pytest.mark.parametrize(("latex", "got", "place"), [
    (r"\int x", r"'\\int'", "line 1, column 1"),
    (r"x = \prod_i a_i", r"'\\prod'", "line 1, column 5"),
    ("x +\n* y", "'*'", "line 2, column 1"),
    (r"\frac{a}{", "the end", "line 1, column 10"),
    (r"(x", "the end", "line 1, column 3"),
    (r"x \approx y", r"'\\approx'", "line 1, column 3"),
    (r"\sigma'(x) \le \frac14", r"'\\le'", "line 1, column 12"),
    (r"\operatorname{softmax}(x, y)", "2 arguments", "line 1, column 1"),
    (r"X \circledast F", "a convolution of numbers", "line 1, column 3"),
    (r"\operatorname{rot180}(F)", "a turned number", "line 1, column 1"),
    (r"\frac{\partial^2 E}{\partial x}", r"'\\partial'", "line 1, column 7"),
    (r"\begin{pmatrix} y_1 \\ \vdots \end{pmatrix}", r"'\\vdots'", "line 1, column 24"),
    (r"W_{:,1:2} x", "':'", "line 1, column 4"),
    (r"x_{1/0} + y_{a(}", "','", ""),
    (r"\log a b", "'b'", "line 1, column 8"),
    (r"f(x) + f(y)", "'f'", "line 1, column 1"),
    (r"x = \text{the mean of } y", "'the mean of'", "line 1, column 5"),
    (r"", "the end", "line 1, column 1"),
    (r"x § y", "'§'", "line 1, column 3"),
    (r"\|x\|'", "a prime", ""),
])  # fmt: skip
def test_what_cannot_be_read_is_shown_with_its_place(latex: str, got: str, place: str) -> None:
    with pytest.raises(NotationError) as error:
        to_notation(latex)
    said, excerpt, caret = str(error.value).split("\n")
    if place:
        assert f"LaTeX, {place}: got {got}" in said
        column = int(place.rpartition(" ")[2])
        assert caret.index("^") - 4 == column - 1
        assert excerpt.strip() in latex
    assert ", expected " in said
    assert "; " in said


def test_a_long_line_is_cut_around_the_place() -> None:
    with pytest.raises(NotationError) as error:
        to_notation("x + " * 40 + r"\int" + " + y" * 10)
    _, excerpt, caret = str(error.value).split("\n")
    assert len(excerpt) <= 64
    assert excerpt[caret.index("^") :].startswith(r"\int")


@pytest.mark.parametrize(("name", "latex"), [
    ("linear", r"\frac{\partial E}{\partial b} = \frac{\partial E}{\partial W}"),
    ("conv2d", r"\frac{\partial E}{\partial b} = \frac{\partial E}{\partial O}"),
    ("conv2d", r"\frac{\partial E}{\partial F} = X \frac{\partial E}{\partial O}"),
    ("linear", r"\frac{\partial E}{\partial W} = \delta x"),
])  # fmt: skip
def test_whole_tensors_that_do_not_fit_are_refused(name: str, latex: str) -> None:
    with pytest.raises(NotationError, match="whole tensors whose axes do not fit"):
        to_notation(latex, operation(name))


@pytest.mark.parametrize("latex", [
    "(" * 500, "{" * 29 + "x" + "}" * 29, r"\frac{" * 200, "a_{" * 40, "x" * 3000, "-" * 500 + "x", "|" * 200,
    "\\" * 10_001,
    "9" * 40, r"\operatorname{softmax}(" * 20 + "z" + ")" * 20, r"\sigma'(" * 20 + "z" + ")" * 20,
    r"\begin{cases}" + r"1 & i=j \text{ and } k=l \\" * 90 + r"\end{cases}", "x_{" + "(i+j+k+l)" * 30 + "}",
    r"\sum_{i}" * 40 + "x_i", "x = " * 250 + "x", r"\begin{bmatrix}" + "1 & " * 120 + r"1\end{bmatrix}",
    "(" + "(".join(["+".join(["x"] * 60)] * 25), "x^{" * 40, r"\left[" * 100, "[" * 100, r"\hat{" * 60,
])  # fmt: skip
@pytest.mark.parametrize("name", ["", "softmax"])
def test_size_and_nesting_are_bounded(name: str, latex: str) -> None:
    with pytest.raises(NotationError):
        to_notation(latex, operation(name))


def test_reading_stays_far_from_the_recursion_limit() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(700)
    try:
        assert to_notation("(" * 12 + "x" + ")" * 12).text == "x"
    finally:
        sys.setrecursionlimit(before)


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(NotationError, match="expected 0 or 1"):
        to_notation("x", base=2)
    with pytest.raises(NotationError, match="expected correlation or convolution"):
        to_notation("x", star="circle")


def _reads_or_refuses(latex: str, op: Op | None) -> None:
    try:
        read = to_notation(latex, op)
    except NotationError:
        with pytest.raises(NotationError, match="expected"):
            lines(latex, op)
        return
    said = [" = ".join(s for s in (x.left, x.right) if s) for x in lines(latex, op)]
    assert read.text == "; ".join(said)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16), st.sampled_from(OPS))
def test_a_soup_of_pieces_is_read_or_refused(pieces: list[str], name: str) -> None:
    _reads_or_refuses(" ".join(pieces), operation(name))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_an_edited_formula_is_read_or_refused(seed: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(seed)))
    gone = data.draw(st.integers(0, 6))
    new = data.draw(st.sampled_from(["", *PIECES]))
    _reads_or_refuses(seed[:at] + new + seed[at + gone :], operation(data.draw(st.sampled_from(OPS))))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    _reads_or_refuses(text, None)
