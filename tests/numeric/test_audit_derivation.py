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
from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED

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
    found = check_text(text)
    assert (found.verdict, found.hypothesis) == (UNDER, "L = 1")


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
    assert found.verdict == UNDER
    assert found.hypothesis == "C = 1, K = 1, N = 1, s_h=s_w"
    assert "s_h=s_w" in found.notes


def test_a_letter_for_nothing_is_any_number():
    found = check_text("op: sigmoid\n\n```\nc*O[i] = c*sigmoid(X[i])\n = sigmoid(c*X[i])\n```")
    assert found.wrong_lines == (5,)
    assert "c is any number" in found.notes


def test_sizes_may_be_fixed_so_that_sums_can_be_written_out():
    text = "\n\ndE/dF[0] = dE/dO[0]*X[0] + dE/dO[1]*X[1]"
    found = check_text(f"op: conv1d\nsizes: H=3, M=2{text}")
    assert found.verdict == UNDER
    assert found.hypothesis == "stride = 1, padding = 0, dilation = 1, C = 1, K = 1, N = 1, H = 3, M = 2"
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


# -- nothing that looks like mathematics is passed over ----------------------------------------------------------------

TRUE = "dE/dX[i] = dE/dO[i]*(1-O[i]^2)"
FALSE = "dE/dX[i] = dE/dO[i]*(1-O[i])"
LATEX = r"\frac{\partial E}{\partial x_i} = \frac{\partial E}{\partial y_i}(1-y_i)"
DRESSED = {
    "quoted": f"> {FALSE}",
    "quoted twice": f"> > {FALSE}",
    "numbered": f"3. {FALSE}",
    "numbered in brackets": f"(1) {FALSE}",
    "lettered": f"a) {FALSE}",
    "an item": f"* {FALSE}",
    "bold": f"**{FALSE}**",
    "in an item and bold": f"- **{FALSE}**",
    "a step with a number": f"Step 2: {FALSE}",
    "numbered as the Romans did": f"(ii) {FALSE}",
    "with rounded d": "Hence ∂E/∂X[i] = ∂E/∂O[i]",
    "in backticks": f"`{FALSE}`",
    "behind an arrow": f"=> {FALSE}",
    "in a table": f"| {FALSE} |",
    "in a cell of a table": f"| step 2 | {FALSE} |",
    "behind a word": f"Hence {FALSE}",
    "behind words": f"From this, we get {FALSE}",
    "within words": f"We get {FALSE} by the chain rule.",
    "with :=": FALSE.replace("=", ":="),
    "with ==": FALSE.replace("=", "=="),
    "behind a colon": f"Hence: {FALSE}",
    "in dollars in a sentence": f"It follows that ${LATEX}$, as is known.",
    "in an item in dollars": f"1. ${LATEX}$",
    "behind a display": f"$$O_i = O_i$$ $${LATEX}$$",
    "before a display": f"It is ${LATEX}$ and $$O_i = O_i$$",
}
LEFT = {
    "added to": "dE/dX[i] += dE/dO[i]",
    "an arrow": "-> dE/dO[i]",
    "of a tensor in a sentence": "We take $O_i$ where y_i = 0.",
    "of a function": "f'(x) = 1 - f(x)",
    "of a nabla": "∇X = 5",
    "in round brackets": rf"\\({LATEX}\\)",
    "nearly": "dE/dX[i] ≈ dE/dO[i]",
    "in proportion": r"$$\frac{\partial E}{\partial x_i} \propto y_i$$",
    "in words": "dE/dX[i] is 3*dE/dO[i]",
    "with words behind it": "We get dE/dX[i] = dE/dO[i] wherever 3 samples are left",
    "code": f"```python\n{FALSE}\n```",
    "a comment": f"<!-- {FALSE} -->",
    "a reason": f"{TRUE}  (where S = sum[i] X[i])",
    "a heading": "# dE/dX is E = m*c^2 here",
    "a display that is no equation": "$$y_i + 1$$",
    "beside an equation": r"$$O_i = O_i; x_i \le 1$$",
    "text in a display": r"$$O_i = O_i \qquad \text{(as S = T)}$$",
    "a remark in a block": f"```\n{TRUE}\n# E = m*c^2\n```",
}


@pytest.mark.parametrize("line", DRESSED.values(), ids=DRESSED)
def test_a_line_in_any_dress_is_judged(line):
    found = check_text(f"op: tanh\n\n{TRUE}\n\n{line}\n")
    assert (found.verdict, found.wrong_lines) == (REFUTED, (5,))


@pytest.mark.parametrize("line", LEFT.values(), ids=LEFT)
def test_what_looks_like_mathematics_and_is_not_read_leaves_the_text_open(line):
    found = check_text(f"op: tanh\n\n{TRUE}\n\n{line}\n")
    assert found.verdict == UNDECIDED
    (left,) = found.plain()["unread"]
    assert left["line"] in (5, 6, 7)
    assert f"line {left['line']} was not read" in found.not_read


# -- every hypothesis is told ------------------------------------------------------------------------------------------

CONV1D = "dE/dF[k,c,p] = sum[n,i] dE/dO[n,k,i]*X[n,c,{}]"
GENERAL, PLAIN = CONV1D.format("s*i+d*p-P"), CONV1D.format("i+p")
OTHERS = "set: padding=0, dilation=1"
SUPPOSED = {
    "a default": (f"op: conv1d\n\n{PLAIN}", UNDER, "stride = 1, padding = 0, dilation = 1"),
    "a sentence": (f"op: conv1d\n{OTHERS}\n\nLet the stride be 1.\n\n{PLAIN}", UNDER, "stride = 1"),
    "a sentence that makes it wrong": (
        f"op: conv1d\n{OTHERS}\n\nLet the stride be 3.\n\n{PLAIN}",
        REFUTED,
        "stride = 3",
    ),
    "a sentence against the header": (
        f"op: conv1d\nset: stride=1\n{OTHERS}\n\nLet the stride be 3.\n\n{PLAIN}",
        UNDER,
        "stride = 1, though line 5 says 3",
    ),
    "a letter against the header": (
        f"op: conv1d\nset: stride=1\n{OTHERS}\n\nHere s = 3.\n\n{PLAIN}",
        UNDER,
        "s = 1, though line 5 says 3",
    ),
    "letters after a general line": (
        f"op: conv1d\n\n{GENERAL}\n\nwith s = 1, d = 1 and P = 0\n\n{PLAIN}",
        UNDER,
        "s = 1, d = 1, P = 0",
    ),
    "a line for a letter": (
        f"op: conv1d\n\n{GENERAL}\ns = 1\nd = 1\nP = 0\n = {PLAIN[15:]}",
        UNDER,
        "P = 0, d = 1, s = 1",
    ),
    "other letters after a general line": (
        f"op: conv1d\n\n{GENERAL}\n\nwith s = 2, d = 1 and P = 0\n\n{PLAIN}",
        REFUTED,
        "",
    ),
    "sizes that the text repeats": (
        f"op: conv1d\nsizes: H=3\n{OTHERS}\n\nLet H = 3.\n\n{PLAIN}",
        UNDER,
        "stride = 1, H = 3",
    ),
    "a definition in a sentence": (
        "op: linear\n\nLet $O = X W^T + b$.\n\ndE/db[k] = sum[n] dE/dO[n,k]",
        UNDER,
        "line 3 supposes O = X W^T + b",
    ),
}


@pytest.mark.parametrize(("text", "word", "told"), SUPPOSED.values(), ids=SUPPOSED)
def test_what_is_supposed_is_a_hypothesis(text, word, told):
    found = check_text(text)
    assert found.verdict == word
    assert set(told.split(", ")) <= set(re.split("[,;] ", found.hypothesis)) | {""}


def test_an_argument_that_is_named_only_later_leaves_the_lines_before_it_right():
    text = "\n".join(CONV1D.format(at) for at in ("s*i+p", "i+p", "i+d*p"))
    assert check_text(f"op: conv1d\n\n{text}").wrong_lines == (4, 5)


def test_a_remark_on_indices_is_told():
    found = check_text(f"op: tanh\n\nOnly m = k is left, for d = 1.\n\n{TRUE}  (where p = h-i)")
    assert found.verdict == VERIFIED
    assert found.notes == (
        "line 3: d = 1 is no size or argument of tanh, and not judged",
        "line 3: m = k is said of indices, and not judged",
        "line 5: p = h-i is said of indices, and not judged",
    )


def test_lines_that_choose_differently_at_a_kink_are_told_apart():
    lines = (f"dE/dX[i] = dE/dO[i]*[X[i]{sign}0]" for sign in (">", ">=", ">"))
    found = check_text("op: relu\n\n" + "\n".join(lines))
    assert [x.verdict.verdict for x in found.lines] == [VERIFIED, UNDER, UNDER]
    assert "lines 3 and 4 differ there" in found.hypothesis


AT_ZERO = {
    "relu": ("dE/dX[i] = dE/dO[i]*[X[i]>0]", " + 5*[X[i]==0]"),
    "tanh": (TRUE, "*[X[i]!=0]"),
    "softmax": ("dE/dX[n,c] = O[n,c]*(dE/dO[n,c] - sum[k] dE/dO[n,k]*O[n,k])", "*[X[n,c]!=0]"),
}


@pytest.mark.parametrize(("op", "line", "more"), [(op, *x) for op, x in AT_ZERO.items()], ids=AT_ZERO)
def test_a_value_at_zero_that_no_convention_has_is_wrong(op, line, more):
    assert check_text(f"op: {op}\n\n{line}\n{line}{more}").wrong_lines == (4,)


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
    "two operations": ("op: tanh\nop: relu\n\nO[i] = X[i]", NotationError, "got the operations tanh and relu"),
    "an operation and a law": ("op: tanh\nlaw: O[i] = X[i]\n\nO[i] = X[i]", NotationError, "leave one"),
    "an argument twice": ("op: conv1d\nset: stride=1\nset: stride=2\n\nO[i] = X[i]", NotationError, "stride twice"),
    "a size twice": ("op: conv1d\nsizes: H=1, H=2\n\nO[i] = X[i]", NotationError, "H twice"),
    "a size of 0": ("op: linear\nsizes: L=0\n\nO[n,k] = O[n,k]", NotationError, "at least 1"),
    "a header in the body": ("op: tanh\n\nO[i] = O[i]\nset: stride=2", NotationError, "line 4: got set:"),
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
