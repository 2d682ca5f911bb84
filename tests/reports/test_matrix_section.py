"""An operation as a matrix on paper: its entries in symbols and numbers, its transpose beside the derived gradient."""

from __future__ import annotations

from dataclasses import replace

import pytest

from derive.catalogue import op
from derive.errors import OperationError
from derive.linear_map import linear_map
from derive.sweep import gradient
from reports.by_hand.friendly import Example, example
from reports.by_hand.scale import scale
from reports.by_hand.worked import worked_example
from reports.document import Document, Equation, parts, plain
from reports.mathematics.names import Names
from reports.sections import matrix_section as page
from reports.writers.output import render

CORRELATION = op("O[i] = sum[p] X[i+p]*F[p]")


def drawn(law: str, *shapes: tuple[int, ...]) -> Example:
    own = op(law)
    return example(scale(own, shapes), tuple(gradient(own, t.name) for t in own.inputs), 0)


def told(ex: Example) -> list[str]:
    section = page.matrix_section(ex, Names.of(ex.at.op))
    return [b.plain if isinstance(b, Equation) else plain(b.spans) for b in section.blocks]  # type: ignore[union-attr]


def test_a_correlation_is_shown_as_its_toeplitz_matrix() -> None:
    _, symbols, facts, numbers, _, back = told(drawn(CORRELATION.text, (4,), (2,)))
    assert symbols.splitlines() == [
        "[O[1]]     [F[1] F[2]    0    0]  [X[1]]",
        "[O[2]]  =  [   0 F[1] F[2]    0]  [X[2]]",
        "[O[3]]     [   0    0 F[1] F[2]]  [X[3]]",
        "                                  [X[4]]",
    ]
    assert facts == (
        "6 of its 12 entries are not 0; they take 2 different values. Along every diagonal it is the same: a Toeplitz"
        " matrix."
    )
    assert numbers.splitlines()[0] == "[0 1 0 0]  [0]     [1]"
    assert back.splitlines()[1] == "∂E/∂X  =  [1 0 0]  [-1]  =  [ 1]"


def test_the_rest_of_an_affine_law_is_added() -> None:
    first, symbols, facts, numbers, _, _ = told(drawn("O[i] = 2*X[i] + Y[i]", (2,), (2,)))
    assert first.endswith("the law is a matrix times X plus r, which does not read X:")
    assert symbols.splitlines()[0] == "[O[1]]  =  [2 0]  [X[1]]  + r"
    assert facts.startswith("2 of its 4 entries are not 0; they are all the same.")
    assert numbers.splitlines()[1] == "[0 2]  [1]     [1]     [3]"


def test_a_correlation_of_images_is_said_to_be_doubly_block_toeplitz() -> None:
    text = render(worked_example("conv2d", (4, 4), (3, 3), matrix=True), "text")
    assert "36 of its 64 entries are not 0; they take 9 different values." in text
    assert "doubly block Toeplitz" in " ".join(text.split())
    strided = render(worked_example("conv2d", (5, 5), (3, 3), matrix=True, stride=2), "text")
    assert "Toeplitz" not in strided


@pytest.mark.parametrize("form", ["text", "md", "html", "tex", "ipynb"])
def test_every_format_shows_the_matrix(form: str) -> None:
    document = worked_example("linear", (3,), matrix=True)
    assert "As a matrix" in [plain(s.title) for s in document.blocks]  # type: ignore[union-attr]
    assert render(document, form)


def test_without_being_asked_for_there_is_no_matrix() -> None:
    document: Document = worked_example("linear", (3,))
    assert "As a matrix" not in [plain(p.title) for p in parts(document.blocks) if hasattr(p, "title")]


def test_a_matrix_that_is_not_the_gradient_s_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    ex = drawn(CORRELATION.text, (4,), (2,))

    def other(at, wrt):
        m = linear_map(at, wrt)
        return replace(m, cells=dict(list(m.cells.items())[:-1]))

    monkeypatch.setattr(page, "linear_map", other)
    with pytest.raises(AssertionError, match="the transposed matrix does not give the derived gradient"):
        told(ex)


def test_what_is_not_linear_or_does_not_fit_a_page_is_refused() -> None:
    with pytest.raises(OperationError, match="relu: got wrt='input', which stands in a maximum"):
        worked_example("relu", matrix=True)
    with pytest.raises(OperationError, match="conv2d: got a matrix of 16 x 49, expected at most 16 x 36 to be shown"):
        worked_example("conv2d", (7, 7), (4, 4), matrix=True)
