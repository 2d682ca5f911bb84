"""Formulas in LaTeX as textbooks and decks print them: the right ones hold, their wrong siblings are refuted."""

import pytest

from derive.errors import BackproofError, NotationError
from numeric.audit.formula import check_formula

_MATRIX = (
    r"\begin{bmatrix} \frac{\partial E}{\partial O_{11}} & \frac{\partial E}{\partial O_{12}} \\"
    r" \frac{\partial E}{\partial O_{21}} & \frac{\partial E}{\partial O_{22}} \end{bmatrix}"
)
_TERMS = (
    r"\frac{\partial E}{\partial F_{11}} = \frac{\partial E}{\partial O_{11}}X_{11}"
    r" + \frac{\partial E}{\partial O_{12}}X_{12}"
    r" + \frac{\partial E}{\partial O_{21}}X_{21}+ \frac{\partial E}{\partial O_{22}}X_{22}"
)
# operation, a right formula, what it needs, and a wrong sibling
PAIRS = [
    ("cross_entropy", r"\frac{\partial L}{\partial x_i} = p_i - \mathbb{1}[i=t]", "N=1",
     r"\frac{\partial L}{\partial x_i} = p_i + \mathbb{1}[i=t]"),
    ("cross_entropy", r"\frac{\partial L}{\partial z_i} = p_i - \mathbb{1}_{i=y}", "N=1",
     r"\frac{\partial L}{\partial z_i} = p_i - \mathbb{1}_{i \ne y}"),
    ("cross_entropy", r"\frac{\partial L}{\partial z_i} = p_i - \delta_{iy}", "N=1",
     r"\frac{\partial L}{\partial z_i} = \delta_{iy} - p_i"),
    ("cross_entropy", r"\frac{\partial L_i}{\partial f_k} = p_k - \mathbb{1}(y_i = k)", "N=1",
     r"\frac{\partial L_i}{\partial f_k} = p_k - \mathbb{1}(y_i = k) p_k"),
    ("cross_entropy", r"\frac{\partial L}{\partial x_{n,c}} = \frac1N(p_{n,c} - \mathbb{1}[c=t^{(n)}])", "",
     r"\frac{\partial L}{\partial x_{n,c}} = p_{n,c} - \mathbb{1}[c=t^{(n)}]"),
    ("cross_entropy", r"\frac{\partial L}{\partial z_i} = \begin{cases} p_i - 1 & i = y \\ p_i & i \ne y \end{cases}",
     "N=1", r"\frac{\partial L}{\partial z_i} = \begin{cases} p_i & i = y \\ p_i - 1 & i \ne y \end{cases}"),
    ("cross_entropy", r"\frac{\partial E}{\partial a_k} = y_k - t_k", "N=1",
     r"\frac{\partial E}{\partial a_k} = t_k - y_k"),
    ("mse_loss", r"\frac{\partial E}{\partial y_i} = \frac{2}{n}(y_i - t_i)", "",
     r"\frac{\partial E}{\partial y_i} = \frac{1}{n}(y_i - t_i)"),
    ("mse_loss", r"\frac{\partial E}{\partial x_i} = \frac{2}{n}(x_i - y_i)", "",
     r"\frac{\partial E}{\partial x_i} = \frac{2}{n}(y_i - x_i)"),
    ("linear", r"\frac{\partial E}{\partial b_k} = \sum_{i=1}^m \delta^{(i)}_k", "",
     r"\frac{\partial E}{\partial b_k} = \frac1m\sum_{i=1}^m \delta^{(i)}_k"),
    ("linear", r"\frac{\partial E}{\partial W_{kc}} = \sum_{i=1}^m \delta^{(i)}_k x^{(i)}_c", "",
     r"\frac{\partial E}{\partial W_{kc}} = \sum_{i=1}^m \delta^{(i)}_c x^{(i)}_k"),
    ("sigmoid", r"\frac{d\sigma(x)}{dx} = \sigma(x)(1-\sigma(x))", "",
     r"\frac{d\sigma(x)}{dx} = \sigma(x)(1+\sigma(x))"),
    ("sigmoid", r"d\sigma/dx = \sigma(1-\sigma)", "", r"d\sigma/dx = \sigma(1+\sigma)"),
    ("sigmoid", r"\sigma' = \sigma(1-\sigma)", "", r"\sigma' = \sigma(1-\sigma)^2"),
    ("sigmoid", "f'(x) = f(x)(1-f(x))", "", "f'(x) = f(x)(1+f(x))"),
    ("tanh", r"\frac{d}{dx}\tanh(x) = 1 - \tanh^2(x)", "", r"\frac{d}{dx}\tanh(x) = 1 - \tanh(x)"),
    ("tanh", r"\frac{\partial E}{\partial x} = \frac{\partial E}{\partial y} f'(x)", "",
     r"\frac{\partial E}{\partial x} = \frac{\partial E}{\partial y} f(x)"),
    ("relu", r"f'(x) = \mathbb{1}_{x>0}", "", r"f'(x) = \mathbb{1}_{x<0}"),
    ("relu", r"\frac{d}{dx}\max(0,x) = \mathbb{1}_{x>0}", "", r"\frac{d}{dx}\max(0,x) = \mathbb{1}_{x<0}"),
    ("relu", r"\operatorname{ReLU}'(x) = \begin{cases} 1 & x>0 \\ 0 & \text{otherwise}\end{cases}", "",
     r"\operatorname{ReLU}'(x) = \begin{cases} 0 & x>0 \\ 1 & \text{otherwise}\end{cases}"),
    ("softmax", r"\frac{\partial p}{\partial z} = \operatorname{diag}(p) - p p^\top", "",
     r"\frac{\partial p}{\partial z} = \operatorname{diag}(p) + p p^\top"),
    ("softmax", r"\frac{\partial E}{\partial z} = (\operatorname{diag}(p) - p p^\top) g", "",
     r"\frac{\partial E}{\partial z} = \operatorname{diag}(p) g"),
    ("softmax", r"\frac{\partial E}{\partial z} = p \odot (g - p^\top g)", "",
     r"\frac{\partial E}{\partial z} = p \odot (g + p^\top g)"),
    ("linear", r"\frac{\partial z}{\partial x} = W", "", r"\frac{\partial z}{\partial x} = W^\top"),
    ("linear", r"\frac{\partial E}{\partial b} = \mathbf{1}^\top \delta", "",
     r"\frac{\partial E}{\partial b} = \frac1N \mathbf{1}^\top \delta"),
    ("conv2d", r"W_2 = \frac{W_1 - F + 2P}{S} + 1", "dilation=1, s_w divides W+2*P_w-K_w",
     r"W_2 = \frac{W_1 - F + P}{S} + 1"),
    ("conv2d", r"n_H^{[l]} = \lfloor \frac{n_H^{[l-1]} + 2p - f}{s} \rfloor + 1", "dilation=1",
     r"n_H^{[l]} = \lfloor \frac{n_H^{[l-1]} + p - f}{s} \rfloor + 1"),
    ("conv2d", "I = (H + 2P - K_h)//s_h + 1", "dilation=1", "I = (H + 2P - K_h)//s_h"),
    ("cross_entropy", r"\partial_{o_j} l(y, \hat y) = \hat y_j - y_j", "N=1",
     r"\partial_{o_j} l(y, \hat y) = y_j - \hat y_j"),
    ("cross_entropy", r"\frac{\partial l}{\partial o_j} = \operatorname{softmax}(o)_j - y_j", "N=1",
     r"\frac{\partial l}{\partial o_j} = \operatorname{softmax}(o)_j + y_j"),
    ("sigmoid", r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial h} \odot h \odot (1-h)", "",
     r"\frac{\partial L}{\partial a} = \frac{\partial L}{\partial h} \odot h \odot (1+h)"),
    ("softmax", r"\hat y_i = \frac{\exp(o_i)}{\sum_j \exp(o_j)}", "L=1",
     r"\hat y_i = \frac{\exp(-o_i)}{\sum_j \exp(o_j)}"),
    ("softmax", r"\frac{\partial S_i}{\partial a_j} = S_i(\delta_{ij} - S_j)", "L=1",
     r"\frac{\partial S_i}{\partial a_j} = S_i(\delta_{ij} + S_j)"),
    ("linear", r"h_i = \sum_j w_{ij} x_j + b_i", "L=1", r"h_i = \sum_j w_{ji} x_j + b_i"),
    ("conv2d", r"\frac{\partial L}{\partial F} = \operatorname{Convolution}(X, \frac{\partial L}{\partial O})",
     "stride=1, padding=0, dilation=1",
     r"\frac{\partial L}{\partial F} = 2 \operatorname{Convolution}(X, \frac{\partial L}{\partial O})"),
    ("conv2d", _TERMS, "H=1+K_h, W=1+K_w, K=1, C=1, N=1, padding=0", _TERMS.replace("X_{12}", "X_{21}", 1)),
    ("conv2d", rf"\frac{{\partial E}}{{\partial F}} = X \circledast {_MATRIX}",
     "H=1+K_h, W=1+K_w, K=1, C=1, N=1, entries outside a tensor count as 0, padding=0, dilation=1",
     rf"\frac{{\partial E}}{{\partial F}} = X \circledast \operatorname{{rot180}}({_MATRIX})"),
    ("linear", r"z_1 = w_{11} x_1 + w_{12} x_2 + b_1", "C=2, L=1", r"z_1 = w_{11} x_1 + w_{21} x_2 + b_1"),
    ("softmax", r"p_1 = \frac{e^{z_1}}{e^{z_1} + e^{z_2}}", "C=2, L=1", r"p_1 = \frac{e^{z_2}}{e^{z_1} + e^{z_2}}"),
]  # fmt: skip


_SOFTMAX = r"y_i = \frac{e^{x_i}}{\sum_{%s} e^{x_j}}"
_WEIGHT = r"\frac{\partial E}{\partial W_{k,c}} = \sum_{%s} \frac{\partial E}{\partial O_{n,k}} X_{n,c}"
_SQUARES = r"E = \frac1n\sum_{%s} (x_i - y_i)^2"
# operation, formula, limits that are its whole axis, limits that stop elsewhere, and limits that nobody can place
LIMITS = [
    ("linear", _WEIGHT, ("n=1}^{N", "n=0}^{m-1", r"1 \le n \le N"),
     ("n=1}^{N-1", "n=0}^{N-2", "n=2}^{N", "n=1}^{K", "n=1}^{k"),
     ("n=1}^{m-1", "n=1}^{m/2", "n=2}^{m", "n=1}^{m+1", "n=1}^{n", "n=1}^{m-p", "n=k}^{m")),
    ("softmax", _SOFTMAX, ("j=1}^{n", "j=1}^{K", "j=0}^{K-1", "j=1}^{C"),
     ("j=1}^{i", "j=0}^{i", "j=0}^{C", "j=1}^{C-1", "j=2}^{C"),
     ("j=1}^{K-1", "j=1}^{n-1", "j=1}^{K/2", "j=0}^{K-2", "j=i}^{K")),
    ("mse_loss", _SQUARES, ("i=1}^{n", "i=0}^{n-1"), ("i=1}^{n-1", "i=2}^{n"), ("i=1}^{m-1",)),
]  # fmt: skip


@pytest.mark.parametrize(("op", "formula", "limits"), [(o, f, h) for o, f, whole, _, _ in LIMITS for h in whole])
def test_a_sum_to_the_writers_own_letter_runs_over_its_axis(op, formula, limits) -> None:
    assert check_formula(formula % limits, op).good


@pytest.mark.parametrize(("op", "formula", "limits"), [(o, f, h) for o, f, _, wrong, _ in LIMITS for h in wrong])
def test_a_sum_that_stops_elsewhere_is_refuted(op, formula, limits) -> None:
    assert check_formula(formula % limits, op).verdict == "refuted"


@pytest.mark.parametrize(("op", "formula", "limits"), [(o, f, h) for o, f, *_, unread in LIMITS for h in unread])
def test_a_limit_that_nobody_can_place_is_refused(op, formula, limits) -> None:
    with pytest.raises(NotationError, match=r"got a limit in .* expected all of its axis"):
        check_formula(formula % limits, op)


def test_a_sum_beyond_an_axis_is_right_where_nothing_is_there() -> None:
    assert check_formula(_WEIGHT % "n=0}^{N", "linear").hypothesis == "entries outside a tensor count as 0"


_FILTER = r"\frac{\partial E}{\partial F_{k,c,p,q}} = \sum_{n,i,j} \delta_{n,k,i,j} X_{n,c,%s}"
_IMAGE = r"O_{i,j} = \sum_{p,q} X_{%s} F_{p,q} + b"
# formula, its offsets, arguments, and from where subscripts count if it is right
BASES = [
    (_FILTER, "i+p-1,j+q-1", {"padding": 1}, 0), (_FILTER, "i+p-1,j+q-1", {"padding": 0}, 1),
    (_FILTER, "i+p-2,j+q-2", {"padding": 1}, 1), (_FILTER, "i+p-2,j+q-2", {"padding": 0}, None),
    (_FILTER, "i+p-2,j+q-1", {"padding": 1}, None), (_IMAGE, "i+p-1,j+q-1", {"padding": 1}, 0),
    (_IMAGE, "2i+p-2,2j+q-2", {"stride": 2}, 1), (_IMAGE, "2i+p-1,2j+q-1", {"stride": 2}, None),
]  # fmt: skip


@pytest.mark.parametrize(("formula", "offsets", "settings", "base"), BASES)
def test_a_formula_with_offsets_alone_may_count_from_0_or_from_1(formula, offsets, settings, base) -> None:
    found = check_formula(formula % offsets, "conv2d", **settings)
    assert found.good == (base is not None)
    assert base is None or any(note.startswith(f"subscripts count from {base}") for note in found.notes)


def test_limits_show_from_where_subscripts_count_whatever_the_offsets() -> None:
    claim = r"O_{i,j} = \sum_{p=1}^{k} \sum_{q=1}^{k} X_{i+p-1,j+q-1} F_{p,q} + b"
    assert check_formula(claim, "conv2d", padding=0).good
    assert check_formula(claim, "conv2d", padding=1).verdict == "refuted"


def test_one_letter_is_the_limit_over_axes_of_one_length() -> None:
    claim = r"\frac{\partial E}{\partial b_k} = \sum_{n=1}^%s \sum_{i=1}^m \sum_{j=1}^m \delta_{n,k,i,j}"
    assert check_formula(claim % "M", "conv2d").verdict == "verified"
    with pytest.raises(NotationError, match="got m as the limit of the sum over n, and of one over another axis"):
        check_formula(claim % "m", "conv2d")


@pytest.mark.parametrize(("op", "right", "needs", "wrong"), PAIRS)
def test_a_textbook_formula_holds_and_its_wrong_sibling_is_refuted(op, right, needs, wrong) -> None:
    found = check_formula(right, op)
    assert (found.verdict, found.hypothesis) == ("verified-under" if needs else "verified", needs)
    assert check_formula(wrong, op).verdict == "refuted"


def test_a_gradient_at_the_label_alone_is_not_taken_for_one_at_every_class() -> None:
    with pytest.raises(NotationError, match="column 30: got a gradient at the label y alone"):
        check_formula(r"\frac{\partial L}{\partial z_y} = p_y - 1", "cross_entropy")


@pytest.mark.parametrize("missing", [r"+ \frac{\partial E}{\partial O_{22}}X_{22}", r"X_{22}"])
def test_a_term_that_is_missing_is_no_smaller_size(missing) -> None:
    assert check_formula(_TERMS.replace(missing, ""), "conv2d").verdict == "refuted"


@pytest.mark.parametrize(("op", "text", "said"), [
    ("sigmoid", r"\sigma(x)(1-\sigma(x))", "alone, expected left = right"),
    ("conv2d", r"\frac{\partial E}{\partial F_{p,q}} = \sum_{i,j} \frac{\partial E}{\partial O_{i,j}} X_{i+p,j+u}",
     "read as: dE/dF[p,q] = sum[i,j] dE/dO[i,j]*X[i+p,j+u]"),
])  # fmt: skip
def test_an_error_about_the_translation_shows_it(op, text, said) -> None:
    with pytest.raises(BackproofError) as error:
        check_formula(text, op)
    assert said in str(error.value)
