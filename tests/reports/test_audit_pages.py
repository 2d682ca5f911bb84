"""What an audit's page is made of: typeset lines, the sizes of a witness, the authors of conventions."""

import pytest

from numeric.audit.formula import check_formula
from numeric.audit.verdict import Witness
from reports.document import Code, Math, Table, parts
from reports.sections.audit_conventions import authors, plainly
from reports.sections.audit_formula import formula_document
from reports.sections.audit_notation import same_line, typeset, typeset_sum
from reports.sections.audit_witness import sizes
from reports.writers.output import render

ONE_BASED = (
    r"\frac{\partial E}{\partial X_{h,w}} = \sum_{p=1}^{P}\sum_{q=1}^{Q}"
    r" \frac{\partial E}{\partial O_{h+p-1,w+q-1}} F_{p,q}"
)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("dE/dX[i] = dE/dO[i]*[X[i]>=0]", r"\frac{\partial E}{\partial X_{i}} = "),
        ("dE/db[i] = delta[i]", r"\frac{\partial E}{\partial b_{i}} = \delta_{i}"),
        ("dE/dX[i] = dO/dX[i]", r"\frac{\partial E}{\partial X_{i}} = \frac{\partial O}{\partial X_{i}}"),
        ("dO[m]/dX[n] = [m==n]", r"\frac{\partial O_{m}}{\partial X_{n}} = "),
        ("I = floor((H + 2*P - K)/s) + 1", r"I = \left\lfloor\frac{H + 2 P - K}{s}\right\rfloor + 1"),
        ("2*O[i]*O[i] = 2*O[i]^2", r"2\,O_{i}\,O_{i} = "),
        ("    = sum[j] X[i+j]", r"= \sum_{j} X_{i + j}"),
    ],
)
def test_a_line_of_notation_is_typeset_and_its_plain_text_stays(text, latex) -> None:
    found = typeset(text)
    assert isinstance(found, Math)
    assert found.latex.startswith(latex)
    assert found.plain == text


@pytest.mark.parametrize("text", [r"\frac{a}{b} = 1", "dE/dX[i", "", "= ", "O[i] = " + "(" * 500])
def test_what_is_no_notation_stands_as_it_was_written(text) -> None:
    assert typeset(text) == Code(text)


def test_lines_are_alike_that_are_typeset_alike() -> None:
    assert same_line("dE/dX[i] = [X[i]>=0]", "dE/dX[i]=[0<=X[i]]")
    assert not same_line("dE/dX[i] = [X[i]>0]", "dE/dX[i] = [0<=X[i]]")
    assert same_line(r"\a  b", r"\ab")


def test_summands_stand_with_their_signs() -> None:
    assert typeset_sum(("O[0]", "-O[0]^2")) == Math("O_{0} - O_{0}^{2}", "O[0] - O[0]^2")


@pytest.mark.parametrize(
    ("found", "least", "said"),
    [
        ({"H": 2, "K": 1}, {"K"}, "H=2, all other sizes as small as they can be"),
        ({"K": 1}, {"K"}, "all sizes as small as they can be"),
        ({"H": 2, "K": 1}, set(), "H=2, K=1"),
    ],
)
def test_of_the_sizes_those_are_told_that_are_not_as_small_as_they_can_be(found, least, said) -> None:
    assert sizes(Witness(found, {}, 1, 2, least=frozenset(least))) == said


def test_a_convention_is_told_by_what_it_chooses_and_by_whom() -> None:
    assert plainly("N=1, convention deck D1: ReLU'(0) = 1") == "N=1, ReLU'(0) = 1 (the convention of deck D1)"
    (told,) = authors("convention deck D1: ReLU'(0) = 1")
    assert "Houben" in told
    assert "torch has relu'(0) = 0" in told
    assert authors("stride=1") == ()


def test_beside_a_claim_that_counts_from_1_ours_says_that_it_counts_from_0() -> None:
    shown = render(formula_document(check_formula(ONE_BASED, "conv2d"), "conv2d"))
    assert "read as, from 0: dE/dX[h,w] = sum[p] sum[q] dE/dO[h+p,w+q]*F[p,q]" in shown
    assert "right, from 0: dE/dX[h,w] = sum[p,q] dE/dO[h-p,w-q]*F[p,q]" in shown


def test_the_witness_is_a_table_of_both_sides() -> None:
    page = formula_document(check_formula("dE/dX[i] = dE/dO[i]*(1+O[i])", "tanh"), "tanh")
    (table,) = (part for part in parts(page) if isinstance(part, Table))
    assert [cell[0].text for cell in table.header] == ["", "the claim", "right"]
    assert len(table.rows) == 2
