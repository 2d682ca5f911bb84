"""Cuts a text into tokens, within bounds, and says where a reader stands when something does not fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from derive.errors import NotationError

MAX_LENGTH, MAX_DEPTH, MAX_DIGITS, MAX_EXPONENT, MAX_TERMS, MAX_AXES = 10_000, 60, 15, 64, 100, 24
NAME = r"[A-Za-z][A-Za-z0-9_]*"
_TOKEN = re.compile(
    rf"(?P<space>[ \t\r]+)|(?P<end>[;\n])|(?P<cotangent>dE/d{NAME})|(?P<name>{NAME})|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<sign>\.\.\.|\*\*|==|!=|<=|>=|//|[-+*/%^()\[\],<>=|.])"
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    column: int


def place(text: str, column: int) -> str:
    """Where the n-th character stands, from 1: with its line where the text has several."""
    if "\n" not in text:
        return f"notation, column {column}"
    before = text[: column - 1].split("\n")
    return f"notation, line {len(before)}, column {len(before[-1]) + 1}"


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens. Raises NotationError at the first character that is none."""
    if len(text) > MAX_LENGTH:
        raise NotationError(f"notation: got {len(text)} characters, expected at most {MAX_LENGTH}; split the law")
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise NotationError(
                f"{place(text, at + 1)}: got {text[at]!r}, expected a name, a number or one of"
                " + - * / // % ^ ( ) [ ] < <= == != , ; write names with letters, digits and _"
            )
        if found.lastgroup == "number" and len(found.group()) > MAX_DIGITS:
            raise NotationError(
                f"{place(text, at + 1)}: got a number of {len(found.group())} digits, expected at most {MAX_DIGITS};"
                " use a parameter"
            )
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup or "", found.group(), at + 1))
        at = found.end()
    tokens.append(Token("end", "", len(text) + 1))
    return tokens


class Reader:
    """A place in a text: looks at a token, accepts it, or says what was expected there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def accept(self, *texts: str) -> Token | None:
        if self.here.kind != "end" and self.here.text in texts:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def expect(self, text: str, remedy: str) -> None:
        if not self.accept(text):
            self.fail(repr(text), remedy)

    def name(self, what: str) -> str:
        if self.here.kind != "name":
            self.fail(what, "a name starts with a letter and has letters, digits and _")
        self.at += 1
        return self.tokens[self.at - 1].text

    def fail(self, expected: str, remedy: str, at: int | None = None) -> NoReturn:
        """Raises: NotationError at the token in hand, or at an earlier one."""
        here = self.here if at is None else self.tokens[at]
        got = "the end of the line" if here.text == "\n" else repr(here.text) if here.text else "the end"
        raise NotationError(f"{place(self.text, here.column)}: got {got}, expected {expected}; {remedy}")

    def accept_end(self) -> bool:
        """Step over the end of a statement."""
        ended = self.here.kind == "end"
        self.at += ended
        return ended

    def expect_end(self) -> None:
        if self.here.kind != "end":
            self.fail(
                "an operator or the end",
                "separate equations by ';' and factors by '*'; only sum and max run over indices",
            )

    def expect_last(self) -> None:
        """Nothing may follow."""
        while self.at < len(self.tokens) - 1 and self.here.kind == "end":
            self.at += 1
        if self.at < len(self.tokens) - 1 or self.here.kind != "end":
            self.fail("an operator or the end", "write one expression")
