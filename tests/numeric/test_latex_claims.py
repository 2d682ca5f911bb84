"""Formulas in LaTeX as textbooks and decks print them: the right ones hold, their wrong siblings are refuted."""

import pytest

from derive.errors import NotationError
from numeric.audit.formula import check_formula

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
]  # fmt: skip


@pytest.mark.parametrize(("op", "right", "needs", "wrong"), PAIRS)
def test_a_textbook_formula_holds_and_its_wrong_sibling_is_refuted(op, right, needs, wrong) -> None:
    found = check_formula(right, op)
    assert (found.verdict, found.hypothesis) == ("verified-under" if needs else "verified", needs)
    assert check_formula(wrong, op).verdict == "refuted"


def test_a_gradient_at_the_label_alone_is_not_taken_for_one_at_every_class() -> None:
    with pytest.raises(NotationError, match="column 30: got a gradient at the label y alone"):
        check_formula(r"\frac{\partial L}{\partial z_y} = p_y - 1", "cross_entropy")
