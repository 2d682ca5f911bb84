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
]  # fmt: skip


@pytest.mark.parametrize(("op", "right", "needs", "wrong"), PAIRS)
def test_a_textbook_formula_holds_and_its_wrong_sibling_is_refuted(op, right, needs, wrong) -> None:
    found = check_formula(right, op)
    assert (found.verdict, found.hypothesis) == ("verified-under" if needs else "verified", needs)
    assert check_formula(wrong, op).verdict == "refuted"


def test_a_gradient_at_the_label_alone_is_not_taken_for_one_at_every_class() -> None:
    with pytest.raises(NotationError, match="column 30: got a gradient at the label y alone"):
        check_formula(r"\frac{\partial L}{\partial z_y} = p_y - 1", "cross_entropy")
