"""A place in a row of tokens: looks, accepts, or says what was expected there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from derive.language.latex.tokens import Source, Token

MAX_DEPTH = 30
_T = TypeVar("_T")


class Cursor:
    """Reads tokens from left to right and never goes back over one that it accepted."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source, self.tokens, self.at, self.depth = source, tokens, 0, 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    @property
    def after(self) -> Token:
        """The token behind the one in hand."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def sees(self, *texts: str) -> bool:
        """Whether a sign or command of that text stands here."""
        return self.here.kind in ("sign", "command") and self.here.text in texts

    def accept(self, *texts: str) -> Token | None:
        if self.sees(*texts):
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def take(self) -> Token:
        """The token in hand."""
        token = self.here
        self.at += token.kind != "end"
        return token

    def expect(self, text: str, remedy: str) -> None:
        if not self.accept(text):
            self.fail(repr(text), remedy)

    def fail(self, expected: str, remedy: str, token: Token | None = None) -> NoReturn:
        """Raises: NotationError at a token."""
        token = token or self.here
        got = repr(token.text) if token.text else "the end"
        self.source.fail(token.at, got, expected, remedy)

    def nested(self, rule: Callable[[], _T]) -> _T:
        """What a rule reads, one level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} levels of nesting", "name a part in an equation of its own")
        result = rule()
        self.depth -= 1
        return result

    def group(self, rule: Callable[[], _T]) -> _T:
        """What a rule reads in braces."""
        self.expect("{", "put it in braces")
        result = self.nested(rule)
        self.expect("}", "close the brace")
        return result

    def word_in_group(self) -> str | None:
        """The one word in the braces that stand here, stepped over; None and nothing read where it is more."""
        kinds = ("word", "name", "number", "text")
        if self.here.kind in kinds:
            return self.take().text
        inner = self.tokens[self.at + 1 : self.at + 3]
        if self.sees("{") and len(inner) == 2 and inner[0].kind in kinds and inner[1].text == "}":
            self.at += 3
            return inner[0].text
        return None
