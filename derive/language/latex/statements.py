"""From a whole text to claims `left = right`: environments, rows, chains of equations, rows that go on."""

from __future__ import annotations

from dataclasses import dataclass

from derive.language.latex.grammar import Grammar
from derive.language.latex.nodes import Node
from derive.language.latex.tokens import Source, Token, tokenize
from derive.language.latex.tokens import words as words_of

MAX_CLAIMS = 200
_DISPLAYS = words_of(
    "align aligned equation gather gathered split eqnarray multline displaymath math alignat flalign array:l array:rl"
    " array:rcl array:c array:r"
)
_TAIL = (".", ",", ";", r"\Rightarrow", r"\implies", r"\therefore", r"\iff", r"\Leftrightarrow", r"\Longrightarrow")


@dataclass(frozen=True, slots=True)
class Claim:
    """One `left = right`; `left` is None where a row goes on with the one before; `right` None for a bare value."""

    at: int
    left: Node | None
    right: Node | None
    end: int


def claims(text: str, words: frozenset[str] = frozenset()) -> tuple[Claim, ...]:
    """The claims of a text in their order. Raises: NotationError."""
    source = Source(text)
    tokens = _joined(_without_displays(tokenize(source, words)))
    return tuple(_Statements(source, tokens).all())


def _without_displays(tokens: list[Token]) -> list[Token]:
    """The tokens without environments that only lay out, and without the & of their rows."""
    kept: list[Token] = []
    inside: list[str] = []
    braces = 0
    for token in tokens:
        if token.kind == "begin":
            display = token.text in _DISPLAYS and not inside and not braces
            if not display:
                inside.append(token.text)
                kept.append(token)
        elif token.kind == "close":
            if inside:
                inside.pop()
                kept.append(token)
            elif token.text not in {d.partition(":")[0] for d in _DISPLAYS}:
                kept.append(token)
        elif not (token.text == "&" and token.kind == "sign" and not inside):
            braces += (token.text == "{") - (token.text == "}")
            kept.append(token)
    return kept


def _joined(tokens: list[Token]) -> list[Token]:
    """The tokens with `:=` as `=`, and without the ends of rows that go on in the next row.

    A row without a relation goes on the row before it, if that has one.
    """
    kept: list[Token] = []
    for row in _rows(tokens):
        has = any(_is_equality(t, depth) for t, depth in _depths(row))
        earlier = any(_is_equality(t, depth) for t, depth in _depths(kept))
        if kept and kept[-1].kind == "row" and (not row or (not has and earlier and row[0].kind != "end")):
            kept.pop()
        kept += row
    return [t for k, t in enumerate(kept) if not (t.text == ":" and kept[min(k + 1, len(kept) - 1)].text == "=")]


def _rows(tokens: list[Token]) -> list[list[Token]]:
    """The tokens cut behind each end of a row that is in no environment."""
    rows: list[list[Token]] = [[]]
    inside = 0
    for token in tokens:
        inside += (token.kind == "begin") - (token.kind == "close")
        rows[-1].append(token)
        if token.kind == "row" and inside == 0:
            rows.append([])
    return rows


def _depths(tokens: list[Token]) -> list[tuple[Token, int]]:
    depth, found = 0, []
    for t in tokens:
        opens = t.kind == "begin" or (t.kind in ("sign", "command") and t.text in ("(", "[", "{", r"\{"))
        closes = t.kind == "close" or (t.kind in ("sign", "command") and t.text in (")", "]", "}", r"\}"))
        depth += opens - closes
        found.append((t, depth))
    return found


def _is_equality(token: Token, depth: int) -> bool:
    return token.text == "=" and depth == 0


class _Statements(Grammar):
    """Reads claims one after the other."""

    def all(self) -> list[Claim]:
        found: list[Claim] = []
        while True:
            while self.here.kind == "row" or self.sees(*_TAIL):
                self.take()
            if self.here.kind == "end":
                break
            found += self.chain()
            if len(found) > MAX_CLAIMS:
                self.fail(f"at most {MAX_CLAIMS} equations", "check a part at a time")
            if self.here.kind not in ("row", "end") and not self.sees(*_TAIL):
                self.fail("an operator, '=' or the end", "write one equation a line, without prose")
        if not found:
            self.fail("a formula", r"write one such as \frac{\partial E}{\partial F_{p,q}} = ...")
        return found

    def chain(self) -> list[Claim]:
        """`a = b = c` is a = b and then = c; a row that starts with = goes on."""
        start, self.claim = self.here.at, self.at
        left = None if self.sees("=") else self.nested(self.sum)
        if not self.sees("="):
            return [Claim(start, left, None, self.here.at)]
        found: list[Claim] = []
        while sign := self.accept("="):
            self.accept("=")
            right = self.nested(self.sum)
            found.append(Claim(sign.at if found or left is None else start, left, right, self.here.at))
            left = None
        return found
