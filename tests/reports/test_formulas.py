"""LaTeX on its way into pages: which formulas are let through, how each format writes them, and MathML."""

import re
import threading
from contextlib import suppress

import pytest

from reports.document import Equation, Math, parts
from reports.writers.mathml import MathError, formula
from reports.writers.tex import after, coloured_focus, in_markdown, tame, without_focus
from tests.reports.specimen import specimen

FORMULAS = [
    *sorted({part.latex for part in parts(specimen()) if isinstance(part, Math | Equation)}),
    r"\begin{aligned} a &= b + c \\ &= d \end{aligned}",
    r"\left\lfloor \frac{H + 2P - d(K-1) - 1}{s} \right\rfloor + 1",
    r"\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_{j} e^{x_j}}",
    r"\begin{pmatrix} x_{11} & x_{12} \\ x_{21} & x_{22} \end{pmatrix}^{\mathsf T}",
    r"1 \cdot 3 + 2 \cdot \left(-4\right) = -5",
    r"\lVert x \rVert_2, \quad \lvert x \rvert, \quad \hat{y}, \quad \bar{x}, \quad \dot{x}, \quad \sqrt[3]{x}",
    r"\mathcal{L}, \mathbb{R}^{n \times m}, \mathfrak{g}, \boldsymbol{\theta}, \mathtt{pad}, \text{if } x > 0",
    r"\underbrace{a + b}_{c} \overline{ab} \binom{n}{k} \prod_{i=1}^n \int_0^1 \lim_{h \to 0}",
]


@pytest.mark.parametrize("latex", FORMULAS)
@pytest.mark.parametrize("display", [False, True])
def test_a_formula_becomes_mathml_with_its_tex_inside(latex: str, display: bool) -> None:
    made = formula(latex, display)
    assert made.mathml.startswith("<math")
    assert made.mathml.count('<annotation encoding="application/x-tex">') == 1
    assert 'display="block"' in made.mathml or not display
    assert made.width > 0.3


WILD = [
    "",
    "   ",
    r"\frac{1",
    r"a}",
    r"}{",
    r"\nosuchcommand",
    r"\input{/etc/passwd}",
    r"\includegraphics{x}",
    r"\href{javascript:alert(1)}{x}",
    r"\class{evil}{x}",
    r"\style{color:red}{x}",
    r"\htmlData{x=y}{z}",
    r"\def\a{\a\a}\a",
    r"\newcommand{\x}{y}",
    r"\write18{ls}",
    r"\begin{document}",
    r"\end{verbatim}",
    r"\text{$x$}",
    "x % y",
    "a $ b",
    "a \\",
    "a ` b",
    "\x1b[31m",
    "x" * 20_001,
]


@pytest.mark.parametrize("latex", WILD)
def test_what_is_no_formula_is_refused(latex: str) -> None:
    with pytest.raises(MathError):
        formula(latex)


def test_every_formula_is_tame_and_what_is_wild_is_mostly_refused_before_it_is_read() -> None:
    assert all(map(tame, FORMULAS))
    assert [latex for latex in WILD if tame(latex)] == [r"\nosuchcommand"]


@pytest.mark.parametrize(
    "deep", ["{" * 5000 + "x" + "}" * 5000, r"\sqrt" * 3000 + "x", "x" + "_{x" * 4000 + "}" * 4000]
)
def test_a_formula_without_bottom_is_refused_or_shown_and_harms_nothing(deep: str) -> None:
    with suppress(MathError):
        assert formula(deep).mathml
    assert formula("x+1").mathml


def test_words_in_a_formula_are_escaped() -> None:
    made = formula(r"\text{</mtext><script>alert(1)</script> \& more}").mathml
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def test_the_part_that_a_step_changed_is_marked_by_a_class_and_leaves_no_trace_in_the_tex() -> None:
    made = formula(r"a + \focus{b_i}").mathml
    assert 'class="focus"' in made
    assert "focus" not in re.findall(r"<annotation.*?</annotation>", made)[0]


def test_a_prime_stands_beside_its_letter_at_full_size() -> None:
    assert "msup" not in formula("n'").mathml
    assert formula("n'_i").mathml.count("<msub>") == 1
    assert "<msup>" in formula("n^2").mathml


def test_operators_in_an_index_are_set_tight_and_others_are_not() -> None:
    index, line = formula("X_{i+p,j}").mathml, formula("i+p,j").mathml
    assert 'lspace="0.1em" rspace="0.1em">+' in index
    assert 'lspace="0em" rspace="0.1em">,' in index
    assert "lspace" not in line


def test_longer_formulas_are_estimated_wider() -> None:
    widths = [formula("+".join(["x"] * n)).width for n in (1, 3, 9, 27)]
    assert widths == sorted(widths)
    assert widths[-1] > 20
    assert formula(r"\begin{matrix} a & b & c \end{matrix}").width > 2 * formula("a").width


def test_formulas_are_read_in_other_threads_too() -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(formula("thread_{17}").mathml))
    thread.start()
    thread.join()
    assert found == [formula("thread_{17}").mathml]


@pytest.mark.parametrize(
    ("latex", "written"),
    [
        (r"\left\{ a \right\}", r"\left\lbrace a \right\rbrace"),
        (r"a\,b\;c\!d", r"a\thinspace b\hspace{0.28em}c\negthinspace d"),
        (r"a \\ b", r"a \cr b"),
        (r"|x| < 3 * 4", r"\vert x\vert \lt 3 \ast 4"),
        (r"[p<K](x)", r"[p\lt K] (x)"),
        (r"\sum_{p}X_{i}", r"\sum_{p}X_{i}"),
        (r"\hat{y}_i", r"\hat{y}_ i"),
        (r"\text{a<b, |c|}", r"\text{a < b, |c|}"),
        ("a\nb", "a b"),
        (r"\begin{array}{c|c} a & b \end{array}", r"\begin{array}{cc} a & b \end{array}"),
    ],
)
def test_formulas_in_markdown_use_words_where_signs_would_be_read(latex: str, written: str) -> None:
    assert in_markdown(latex) == written


@pytest.mark.parametrize("latex", FORMULAS)
def test_a_formula_rewritten_for_markdown_is_still_the_same_formula(latex: str) -> None:
    def letters(text: str) -> str:
        made = re.sub(r"<annotation.*?</annotation>|<mspace[^>]*>", "", formula(text).mathml)
        return re.sub(r"<[^>]*>", "", made).replace("|", "∣")

    assert letters(in_markdown(without_focus(latex))) == letters(without_focus(latex))


@pytest.mark.parametrize("latex", FORMULAS)
def test_no_formula_in_markdown_has_what_commonmark_would_unescape(latex: str) -> None:
    unescaped = re.findall(r"""\\[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]""", in_markdown(latex))
    assert unescaped == []


def test_marks_of_change_become_a_colour_or_nothing() -> None:
    assert coloured_focus(r"a \focus{b_{i}} c", "teal") == r"a {\color{teal}{b_{i}}} c"
    assert coloured_focus(r"\focus {\focus{x}}", "teal") == r" {\color{teal}{{\color{teal}{x}}}}"
    assert without_focus(r"a \focus{b} \focusx") == r"a {b} \focusx"


def test_a_relation_stands_in_the_first_of_several_rows() -> None:
    assert after("=", "x") == "{} = x"
    assert after("=", r"\begin{array}{l}a \\ b\end{array}") == r"\begin{array}{l}{} = a \\ b\end{array}"
    assert after("=", r"\begin{aligned} & a \\ & b\end{aligned}") == r"\begin{aligned} &{} = a \\ & b\end{aligned}"
    assert after("=", r"\begin{cases} a \\ b\end{cases}") == r"{} = \begin{cases} a \\ b\end{cases}"
