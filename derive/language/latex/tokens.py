"""Cuts LaTeX into tokens, within bounds; what only sets type (spaces, sizes, fonts) is left out here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from derive.errors import NotationError

MAX_LENGTH, MAX_TOKENS, MAX_DIGITS, EXCERPT = 10_000, 4_000, 15, 60

_TOKEN = re.compile(
    r"(?P<space>\s+|~|%[^\n]*)|(?P<row>\\\\(?:\s*\[[^\]\n]{0,20}\])?)|(?P<command>\\[A-Za-z]+\*?|\\.)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<letters>[A-Za-z]+)|(?P<other>.)",
    re.DOTALL,
)
_GROUP = re.compile(r"\s*\{((?:[^{}\\$]|\\_)*)\}")
_ONE = re.compile(r"\s*([A-Za-z0-9])")


def words(text: str) -> frozenset[str]:
    """A set of words."""
    return frozenset(text.split())


_DROPPED = words(
    r"\, \; \: \! \> \quad \qquad \displaystyle \textstyle \scriptstyle \limits \nolimits \left \right \middle \big"
    r" \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr \Biggl \Biggr \nonumber \notag \hline \[ \] \( \) \mathbf"
    r" \boldsymbol \bm \mathit \vec \mathcal \mathscr \mathfrak \pmb \bf \rm \it \mathop"
) | {"\\ "}
_MUTE = words(r"\label \tag \tag* \hspace \vspace")  # commands whose argument is no mathematics
_UPRIGHT = words(r"\text \mathrm \operatorname \operatorname* \textrm \textbf \textit \textsf \mathsf \mathtt \mbox")
_INDICATOR = words(r"\mathbf \mathbb \mathbbm \mathds \boldsymbol \bm")
_GREEK = re.compile(
    r"\\(?:var)?(alpha|beta|[gG]amma|[dD]elta|epsilon|zeta|eta|[tT]heta|iota|kappa|[lL]ambda|mu|nu|[xX]i|[pP]i|rho"
    r"|[sS]igma|tau|[uU]psilon|[pP]hi|chi|[pP]si|[oO]mega|ell)$"
)
_NAMED = {
    r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\cfrac": r"\frac", r"\leq": r"\le", r"\leqslant": r"\le",
    r"\geq": r"\ge", r"\geqslant": r"\ge", r"\neq": r"\ne", r"\lt": "<", r"\gt": ">", r"\lbrace": r"\{",
    r"\rbrace": r"\}", r"\lbrack": "[", r"\rbrack": "]", r"\vert": "|", r"\lvert": "|", r"\rvert": "|",
    r"\lVert": r"\|", r"\rVert": r"\|", r"\Vert": r"\|", r"\widehat": r"\hat", r"\widetilde": r"\tilde",
    r"\overline": r"\bar", r"\ast": "*", r"\star": "*", r"\triangleq": "=", r"\coloneqq": "=", r"\equiv": "=",
    r"\intercal": r"\top", r"\colon": ":",
}  # fmt: skip
_UNICODE = {
    "∂": r"\partial", "∑": r"\sum", "Σ": r"\sum", "⊛": r"\circledast", "⊙": r"\odot", "∘": r"\circ", "⊗": r"\otimes",
    "·": r"\cdot", "⋅": r"\cdot", "×": r"\times", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "−": "-", "′": "'", "’": "'",
    "⊤": r"\top", "∇": r"\nabla", "⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "∞": r"\infty",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\epsilon", "η": r"\eta", "θ": r"\theta",
    "λ": r"\lambda", "μ": r"\mu", "σ": r"\sigma", "φ": r"\phi", "∗": "*", "∈": r"\in", "ℓ": r"\ell", "√": r"\sqrt",
    "¹": "^1", "²": "^2", "³": "^3",
}  # fmt: skip
WORDS = words(
    "exp log ln tanh sin cos sqrt max min sigmoid softmax relu ReLU argmax arg mean conv rot rot180 flip full diag"
    " out in new old prev pad stride padding dilation sech cosh sinh loss Loss MSE NLL CE otherwise else if and for or"
    " all with sign sgn convolution fullconvolution"
)
"""Runs of letters that are one word also in italics."""
_LOWER = frozenset(w.lower() for w in WORDS)
_BARE_INDICATOR = re.compile(r"\s*(?:\{\s*[1I]\s*\}|1)")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text: its kind (name, word, text, number, sign, command, begin, close, row, end) and where."""

    kind: str
    text: str
    at: int


class Source:
    """The text, and errors that show where in it something does not fit."""

    def __init__(self, text: str) -> None:
        self.text = text

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, from 1."""
        before = self.text[:at]
        return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1

    def fail(self, at: int, got: str, expected: str, remedy: str) -> NoReturn:
        """Raises: NotationError with line, column, and the piece of the text with a caret under the place."""
        line, column = self.place(at)
        whole = self.text.split("\n")[line - 1].replace("\t", " ").replace("\r", " ")
        start = max(0, column - 1 - EXCERPT // 2)
        piece = whole[start : start + EXCERPT]
        raise NotationError(
            f"LaTeX, line {line}, column {column}: got {got}, expected {expected}; {remedy}"
            f"\n    {piece}\n    {' ' * (column - 1 - start)}^"
        )


def tokenize(source: Source, words: frozenset[str] = frozenset()) -> list[Token]:
    """Cut the text; runs of letters in `words` stay one name. Raises: NotationError at what cannot be read."""
    if len(source.text) > MAX_LENGTH:
        raise NotationError(
            f"LaTeX: got {len(source.text)} characters, expected at most {MAX_LENGTH}; check fewer lines at a time"
        )
    tokens = list(_Cutter(source, words).tokens())
    if len(tokens) > MAX_TOKENS:
        source.fail(tokens[MAX_TOKENS].at, "one symbol more", f"at most {MAX_TOKENS} symbols", "check fewer lines")
    return [*tokens, Token("end", "", len(source.text))]


class _Cutter:
    """A place in the text; one method a kind of piece."""

    def __init__(self, source: Source, words: frozenset[str]) -> None:
        self.source, self.words, self.at = source, words, 0

    def tokens(self) -> Iterator[Token]:
        text = self.source.text
        while self.at < len(text):
            found = _TOKEN.match(text, self.at)
            assert found is not None  # every character is a piece
            start, self.at = self.at, found.end()
            piece = found.group()
            match found.lastgroup:
                case "space":
                    continue
                case "row":
                    yield Token("row", r"\\", start)
                case "number":
                    if len(piece) > MAX_DIGITS:
                        self.source.fail(
                            start, f"a number of {len(piece)} digits", f"at most {MAX_DIGITS}", "shorten it"
                        )
                    yield Token("number", piece, start)
                case "letters":
                    yield from self.letters(piece, start)
                case "command":
                    yield from self.command(piece, start)
                case _:
                    yield from self.other(piece, start)

    def letters(self, run: str, start: int) -> Iterator[Token]:
        """One name where the run is known, else one name a letter."""
        if run in WORDS:
            yield Token("word", run, start)
        elif run in self.words:
            yield Token("name", run, start)
        else:
            yield from (Token("name", letter, start + k) for k, letter in enumerate(run))

    def other(self, piece: str, start: int) -> Iterator[Token]:
        """A sign, perhaps one that stands for a command."""
        piece = _UNICODE.get(piece, piece)
        if piece == "$":
            return
        if len(piece) > 1 and piece[0] == "^":
            yield from (Token("sign", "^", start), Token("number", piece[1], start))
        elif piece[0] == "\\":
            yield from self.command(piece, start)
        elif piece in "+-*/=<>()[]{}_^'&,|.;:!":
            yield Token("sign", piece, start)
        else:
            self.source.fail(start, repr(piece), "mathematics in LaTeX", "write the formula alone, without prose")

    def command(self, piece: str, start: int) -> Iterator[Token]:
        greek = _GREEK.match(piece)
        piece = _NAMED.get(piece, piece)
        if piece in _INDICATOR and self.indicator(piece):
            yield Token("command", r"\indicator", start)
        elif piece in (r"\begin", r"\end"):
            yield self.environment(piece, start)
        elif piece in _UPRIGHT:
            yield from self.upright(start)
        elif piece in _MUTE or piece == r"\rule":
            self.group(start)
            if piece == r"\rule":
                self.group(start)
        elif piece in _DROPPED:
            undrawn = piece in (r"\left", r"\right") and self.source.text[self.at : self.at + 1] == "."
            self.at += undrawn
        elif greek or piece[1:] in WORDS:
            yield Token("name", greek.group(1), start) if greek else Token("word", piece[1:], start)
        else:
            yield Token("command" if piece[0] == "\\" else "sign", piece, start)

    def indicator(self, piece: str) -> bool:
        """Steps over the 1 of an indicator function, or the I in blackboard letters."""
        found = _BARE_INDICATOR.match(self.source.text, self.at)
        if not found or ("1" not in found.group() and piece not in (r"\mathbb", r"\mathbbm", r"\mathds")):
            return False
        self.at = found.end()
        return True

    def environment(self, piece: str, start: int) -> Token:
        """The begin or the end of an environment; an array's columns are written behind its name."""
        name = self.group(start).rstrip("*")
        if piece == r"\end":
            return Token("close", name, start)
        columns = ":" + re.sub(r"[^lcr]", "", self.group(start)) if name == "array" else ""
        return Token("begin", name + columns, start)

    def upright(self, start: int) -> Iterator[Token]:
        """A name or a word in upright letters, or prose."""
        inner = self.group(start).strip().strip(".,;:").strip()
        if inner.lower() in _LOWER:
            yield Token("word", inner if inner in WORDS else inner.lower(), start)
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", inner):
            yield Token("name", inner, start)
        elif re.fullmatch(r"[0-9]+", inner):
            yield Token("number", inner[:MAX_DIGITS], start)
        elif inner and inner.replace("-", "").isalnum() and inner[0].isalpha() and inner.isascii():
            yield Token("name", inner.replace("-", "_"), start)
        elif inner:
            yield Token("text", inner, start)

    def group(self, start: int) -> str:
        """What stands in braces behind a command, as text."""
        found = _GROUP.match(self.source.text, self.at) or _ONE.match(self.source.text, self.at)
        if not found:
            self.source.fail(
                start, "a command without its {...}", "plain text in braces behind it", "write \\text{word}"
            )
        self.at = found.end()
        return found.group(1).replace(r"\_", "_")
