"""About how wide a formula is, from its LaTeX: enough to choose where a line ends, not to set it."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(r"\\[A-Za-z]+\*?|\\.|\s+|.", re.DOTALL)
_LETTER, _SCRIPT = 0.55, 0.7
_EM = {piece: em for em, pieces in {
    0.0: r"\left \right \displaystyle \focus \operatorname \operatorname* \mathrm \text { }",
    0.17: r"\,",
    0.35: "' , ( ) [ ]",
    0.9: r"\cdot \mid",
    1.1: r"\sum \circledast \ast",
    1.4: r"= + - < \le \ne",
    1.9: r"\max \min \log \exp \tanh",
    2.0: r"\qquad",
}.items() for piece in pieces.split()}  # fmt: skip


def width(latex: str) -> float:
    """The width in em."""
    return _run(iter(_PIECE.findall(latex)))


def _run(pieces: Iterator[str]) -> float:
    """The width up to the brace that closes the current group; the wider one of two scripts counts."""
    total = below = above = 0.0
    for piece in pieces:
        if piece == "}":
            break
        if piece == "_":
            below = _SCRIPT * _group(pieces)
        elif piece == "^":
            above = _SCRIPT * _group(pieces)
        else:
            total, below, above = total + max(below, above) + _one(piece, pieces), 0.0, 0.0
    return total + max(below, above)


def _group(pieces: Iterator[str]) -> float:
    return _one(next(pieces, "}"), pieces)


def _one(piece: str, pieces: Iterator[str]) -> float:
    if piece == "{":
        return _run(pieces)
    if piece == r"\frac":
        return max(_group(pieces), _group(pieces)) + 0.3
    return 0.0 if piece.isspace() else _EM.get(piece, _LETTER)
