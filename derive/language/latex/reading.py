"""LaTeX to notation: the formula, or the steps of a derivation, and notes on every choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from derive.language.latex.session import Session
from derive.operation import Op

_TAIL = re.compile(r"(\\end\{\w+\*?\}|\\\\|&|\\nonumber|\\notag|\s)+$")
_LATEX = re.compile(
    r"\\[A-Za-z]+|\b[0-9]+[A-DF-Za-df-z]|\b[HW]_[12]\b|[A-Za-z]'\s*\(|\\\\|\$|[A-Za-z)\]}]\s*[_^]\s*\{|[∂∑Σ⊛⊙σδ∇·]"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A formula in the notation, and the choices that reading it took.

    `sizes` are the operation's sizes that matrices written out entry by entry tell, as (("I", 2), ("J", 2)).
    `other_base` is the number from which subscripts may count as well, where nothing but their offsets shows it.
    """

    text: str
    notes: tuple[str, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    other_base: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a derivation: `left = right` in the notation; `right` is empty where there is no equation.

    `source` is the step in LaTeX, `line` its number in the text, from 1. A step that `goes_on` is written without its
    left side, which is that of the step before.
    """

    left: str
    right: str
    source: str
    line: int
    goes_on: bool = False
    notes: tuple[str, ...] = ()


def looks_like_latex(text: str) -> bool:
    """Whether a text is LaTeX: it has commands, `$`, subscripts in braces, products such as 2P, or primes."""
    return _LATEX.search(text) is not None


def to_notation(
    text: str, op: Op | None = None, *, base: int | None = None, names: Mapping[str, str] | None = None, star: str = ""
) -> Reading:
    """The formula in the notation, equations parted by `; `, and notes on every choice.

    `base` is the number from which subscripts count; None finds it out. `names` tells what a letter stands for, as in
    {"delta": "dE/dO"}. `star` says whether a * between whole tensors is the `correlation` of networks (as without it)
    or the `convolution` of mathematics.

    Raises: NotationError with line, column and an excerpt where the text cannot be read.
    """
    session = Session(text, op, base, names or {}, star)
    sides = [pair for claim in session.claims for pair in session.equations(claim)]
    text = "; ".join(" = ".join(s for s in pair if s) for pair in sides)
    return Reading(text, session.notes.all(), tuple(sorted(session.words.sizes.items())), session.other_base)


def lines(
    text: str, op: Op | None = None, *, base: int | None = None, names: Mapping[str, str] | None = None, star: str = ""
) -> tuple[Line, ...]:
    """The steps of a derivation, one for each `=`; all of them count subscripts from the same number.

    Raises: NotationError.
    """
    session = Session(text, op, base, names or {}, star)
    found: list[Line] = []
    for claim in session.claims:
        before = len(session.notes.all()) if found else 0  # what was seen of the whole is told with the first line
        place, _ = session.source.place(claim.at)
        piece = _TAIL.sub("", " ".join(text[claim.at : claim.end].split()))
        for left, right in session.equations(claim):
            found.append(Line(left, right, piece, place, claim.left is None, session.notes.all()[before:]))
    return tuple(found)
