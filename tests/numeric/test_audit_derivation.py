"""Derivations as lecturers and students write them: the right ones are proved, of the others the wrong lines named."""

import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import BackproofError, NotationError, OperationError
from numeric.audit.derivation import check_text
from numeric.audit.derivation_text import read
from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDER, VERIFIED

CORPUS = sorted((Path(__file__).parents[1] / "audit").glob("*.md"))
EXPECT = re.compile(r"^expect: (right|wrong at ([\d, ]+))$", re.MULTILINE)


def _expected(text):
    found = EXPECT.search(text)
    return [int(n) for n in re.findall(r"\d+", found[2] or "")]


@cache
def _judged(path):
    return check_text(path.read_text(), where=path.name)


def _right():
    return [p for p in CORPUS if not _expected(p.read_text())]


def _wrong():
    return [p for p in CORPUS if _expected(p.read_text())]


def test_the_corpus_has_derivations_of_both_kinds_in_both_languages():
    latex = [p for p in CORPUS if "\\frac" in p.read_text()]
    assert len(CORPUS) >= 60
    assert len(_right()) >= 25
    assert len(_wrong()) >= 25
    assert 20 <= len(latex) <= len(CORPUS) - 20


@pytest.mark.parametrize("path", _right(), ids=lambda p: p.stem)
def test_a_right_derivation_is_proved_in_every_line(path):
    found = _judged(path)
    assert [x.notation for x in found.lines if not x.verdict.good] == []
    assert found.verdict in (VERIFIED, UNDER)
    assert found.first is None


@pytest.mark.parametrize("path", _wrong(), ids=lambda p: p.stem)
def test_of_a_wrong_derivation_the_wrong_lines_are_named_and_no_others(path):
    found = _judged(path)
    assert list(found.wrong_lines) == _expected(path.read_text())
    assert found.verdict == REFUTED
    witness = found.first.verdict.witness
    assert witness.got != witness.expected
    assert found.first.verdict.right


def test_most_mistakes_have_a_name_and_none_has_to_have_one():
    named = [p.stem for p in _wrong() if _judged(p).first.verdict.diagnosis != NO_MISTAKE]
    assert len(named) >= 0.9 * len(_wrong())


# -- one sign of a right derivation turned over ------------------------------------------------------------------------

SIGN = re.compile(r"(?<=[\w)\]}])(\s*)([+-])(?=\s*[\w(\\{])")


def _one_sign_turned(path):
    """The text with one of its signs turned, and the line; signs in the header and in prose are left."""
    lines = path.read_text().split("\n")
    body = {x.line for x in _judged(path).lines}
    places = [(n, m) for n in sorted(body) for m in SIGN.finditer(lines[n - 1])]
    if not places:
        return None
    number, found = Random(path.stem).choice(places)
    turned = {"+": "-", "-": "+"}[found[2]]
    lines[number - 1] = lines[number - 1][: found.start(2)] + turned + lines[number - 1][found.end(2) :]
    return "\n".join(lines), number


@pytest.mark.parametrize("path", _right(), ids=lambda p: p.stem)
def test_a_sign_turned_at_random_is_found_in_its_line(path):
    mutant = _one_sign_turned(path)
    if mutant is None:
        pytest.skip("the derivation has no sign")
    text, number = mutant
    found = check_text(text, where=path.name)
    assert found.verdict == REFUTED
    assert found.first.line == number


# -- diagnoses are true ------------------------------------------------------------------------------------------------

NET = "law: Z[i] = sum[j] W[i,j]*X[j]; A[i] = sigmoid(Z[i]); O[k] = sum[i] V[k,i]*A[i]"
MADE = {
    "slope of the sigmoid": ("dE/dZ[i] = A[i]*(1+A[i])*sum[k] V[k,i]*dE/dO[k]", "sigmoid is s*(1 - s), not s*(1 + s)"),
    "slope left out": ("dE/dZ[i] = sum[k] V[k,i]*dE/dO[k]", "the derivative of A[i] was left out"),
    "indices exchanged": ("dE/dA[i] = sum[k] V[i,k]*dE/dO[k]", "V[i,k] stands where V[k,i] is due"),
    "a factor": ("dE/dV[k,i] = dE/dO[k]", "A[i]"),
    "a minus too many": ("dE/dV[k,i] = -dE/dO[k]*A[i]", "sign"),
    "a factor too many": ("dE/dV[k,i] = 3*dE/dO[k]*A[i]", "3 is one too many"),
}


@pytest.mark.parametrize(("line", "said"), MADE.values(), ids=MADE)
def test_a_mistake_that_was_made_is_the_one_that_is_named(line, said):
    assert said in check_text(f"{NET}\n\n{line}").first.verdict.diagnosis


@pytest.mark.parametrize("wrong", ["7*X[1]", "A[i]^5*V[k,0]", "exp(A[i])*dE/dO[k]^2"])
def test_nonsense_has_no_diagnosis(wrong):
    found = check_text(f"{NET}\n\ndE/dV[k,i] = {wrong}")
    assert found.first.verdict.diagnosis == NO_MISTAKE


# -- what follows, what is assumed -------------------------------------------------------------------------------------


def test_two_errors_that_cancel_are_both_named():
    found = check_text("op: tanh\n\ndO[i]/dX[i] = 1 - O[i]^2\n = 1 + O[i]^2\n = 1 - O[i]^2")
    assert found.wrong_lines == (4, 5)
    assert "makes up" in found.lines[2].verdict.diagnosis
    assert found.lines[2].against == 4


def test_what_only_follows_from_a_wrong_line_is_not_wrong_itself():
    text = f"{NET}\n\ndE/dZ[i] = A[i]*sum[k] V[k,i]*dE/dO[k]\ndE/dW[i,j] = X[j]*A[i]*sum[k] V[k,i]*dE/dO[k]"
    found = check_text(text)
    assert found.wrong_lines == (3,)
    assert found.lines[1].follows == 3
    assert found.lines[1].verdict.hypothesis == "line 3"


def test_a_partial_derivative_may_hold_other_intermediates_fixed():
    law = "law: M = sum[n] X[n]; O[n] = X[n]*M"
    text = f"{law}\n\ndE/dX[n] = sum[m] dE/dO[m]*dO[m]/dX[n] + dE/dM*dM/dX[n]"
    (line,) = check_text(text).lines
    assert line.verdict.verdict == UNDER
    assert "fixed" in line.verdict.hypothesis


@pytest.mark.parametrize(
    ("op", "line"),
    [
        ("relu", "dE/dX[i] = dE/dO[i]*[X[i]>=0]*[i<50]"),
        ("max_pool1d", "dE/dX[n,c,j] = [j<30]*sum[i,p] dE/dO[n,c,i]*[S*i+p==j]*[X[n,c,j]==O[n,c,i]]"),
    ],
    ids=["relu", "max_pool1d"],
)
def test_what_differs_at_ties_is_not_verified_for_all_other_numbers(op, line):
    (found,) = check_text(f"op: {op}\n\n{line}").lines
    assert not found.verdict.good


def test_another_choice_at_a_kink_holds_where_there_is_no_kink():
    (found,) = check_text("op: relu\n\ndE/dX[i] = dE/dO[i]*[X[i]>=0]").lines
    assert found.verdict.verdict == UNDER
    assert "no zeros and no ties" in found.verdict.hypothesis


def test_a_name_for_what_the_operation_computes_is_that():
    text = "op: softmax\n\ns = sum[k] exp(X[k])\np[i] = exp(X[i])/s\ndE/dX[i] = p[i]*(dE/dp[i] - sum[k] dE/dp[k]*p[k])"
    assert check_text(text).verdict == VERIFIED


def test_a_line_is_compared_with_the_line_before_and_not_with_the_truth():
    text = "op: sigmoid\n\ndO[i]/dX[i] = O[i]*(1+O[i])\n = O[i] + O[i]^2"
    found = check_text(text)
    assert found.wrong_lines == (3,)
    assert found.lines[1].verdict.verdict == VERIFIED


def test_a_loss_of_any_name_is_the_loss():
    for loss in ("E", "L", "J", "loss"):
        assert check_text(f"op: sigmoid\n\nd{loss}/dX[i] = d{loss}/dO[i]*O[i]*(1-O[i])").verdict == VERIFIED


def test_a_letter_for_an_argument_is_that_argument():
    sizes = "op: conv2d\nset: padding=0, dilation=1\n\ndE/dF[p,q] = sum[i,j] dE/dO[i,j]*X[s*i+p,s*j+q]"
    found = check_text(sizes)
    assert found.verdict == VERIFIED
    assert "s_h=s_w" in found.notes


def test_a_letter_for_nothing_is_any_number():
    found = check_text("op: sigmoid\n\n```\nc*O[i] = c*sigmoid(X[i])\n = sigmoid(c*X[i])\n```")
    assert found.wrong_lines == (5,)
    assert "c is any number" in found.notes


def test_sizes_may_be_fixed_so_that_sums_can_be_written_out():
    text = "\n\ndE/dF[0] = dE/dO[0]*X[0] + dE/dO[1]*X[1]"
    assert check_text(f"op: conv1d\nsizes: H=3, M=2{text}").verdict == VERIFIED
    assert check_text(f"op: conv1d{text}").verdict == REFUTED


def test_the_same_text_gives_the_same_answer():
    text = "op: tanh\n\ndE/dX[i] = dE/dO[i]*(1-O[i])"
    assert check_text(text).plain() == check_text(text).plain()


def test_the_answer_for_programs_has_what_is_promised():
    found = check_text("op: tanh\n\ndE/dX[i] = dE/dO[i]*(1-O[i])", where="a.md").plain()
    assert found["file"] == "a.md"
    assert (found["verdict"], found["first_wrong_line"], found["wrong_lines"]) == (REFUTED, 3, [3])
    assert found["witness"]["sizes"]
    (line,) = found["lines"]
    assert {"line", "text", "verdict", "witness", "diagnosis", "right"} <= line.keys()


# -- the text ----------------------------------------------------------------------------------------------------------


def test_prose_is_passed_over_and_lines_are_counted_in_the_file():
    text = "# Title\n\nWith stride = 2 we get nothing.\n\n$$\na_i\n= b_i \\\\\n= c_i\n$$\n- O[i] = X[i]   [by law]\n"
    assert [(x.number, x.left, x.right) for x in read(text, "f").links] == [
        (7, "a_i", "b_i"),
        (8, "", "c_i"),
        (10, "O[i]", "X[i]"),
    ]


def test_code_in_other_languages_is_no_mathematics():
    text = "```python\nx = 3\n```\n\n```\nO[i] = X[i]\n```\n"
    assert [x.right for x in read(text, "f").links] == ["X[i]"]


def test_rows_are_cut_outside_of_matrices_and_cases_only():
    text = "$$\nO_i = \\begin{cases} 1 & X_i > 0 \\\\ 0 & X_i \\le 0 \\end{cases} \\\\\n= 1\n$$"
    assert [x.number for x in read(text, "f").links] == [2, 3]


UNREADABLE = {
    "nothing": ("", NotationError, "got no line of mathematics"),
    "no operation": ("O[i] = X[i]", OperationError, "got no operation"),
    "no left side": ("op: sigmoid\n\n```\n= O[i]\n```", NotationError, "line 4"),
    "an unknown tensor": ("op: sigmoid\n\nO[i] = Q[i]*R[i]", NotationError, "line 3"),
    "half a formula": ("op: sigmoid\n\nO[i] = sigmoid(X[i]", NotationError, "line 3"),
    "LaTeX that ends early": ("op: sigmoid\n\n$$O_i = \\frac{1}{$$", NotationError, "line 3"),
    "LaTeX that goes on from notation": ("op: sigmoid\n\nO[i] = O[i]\n$$= \\frac{1}{$$", NotationError, "line 4"),
    "an unknown operation": ("op: sigmoit\n\nO[i] = X[i]", OperationError, "sigmoid"),
    "too much": ("op: sigmoid\n" + "x" * 300_000, NotationError, "at most"),
}


@pytest.mark.parametrize(("text", "error", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_said_with_its_line(text, error, said):
    with pytest.raises(error, match=re.escape(said)):
        check_text(text, where="homework.md")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"[]()=+-*/^_{}\\&$;,.\n ", "$$", "\\frac", "\\sum", "dE/dX", "O[i]", "X", "sum[i]", "1"])
    )
)
def test_no_text_makes_it_stumble(pieces):
    with suppress(BackproofError):
        check_text("op: sigmoid\n\n" + "".join(pieces))
