"""Nodes that exist for readers only: a part that a step has changed, and a number put in for a symbol."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from derive.expressions.expr import Expr

DIGITS = 4


@dataclass(frozen=True, slots=True)
class Focus(Expr):
    """What a step has changed: it means what `inner` means."""

    inner: Expr

    @property
    def parts(self) -> tuple[Expr, ...]:
        return (self.inner,)

    def with_parts(self, parts: tuple[Expr, ...]) -> Expr:
        return Focus(parts[0])


@dataclass(frozen=True, slots=True)
class Known(Expr):
    """A number in place of an entry: in brackets where it is negative, multiplied with a dot."""

    value: int | Fraction | float


def bare(e: Expr) -> Expr:
    """What stands under marks of change."""
    return bare(e.inner) if isinstance(e, Focus) else e


def unmarked(e: Expr) -> Expr:
    """The expression without marks of change, at any depth."""
    e = bare(e)
    return e.with_parts(tuple(unmarked(p) for p in e.parts)) if e.parts else e


def flat(e: Expr) -> list[Expr]:
    """What a nest of maxima, or of minima, chooses from."""
    return [x for p in e.parts for x in (flat(p) if isinstance(p, type(e)) else [p])]


def decimal(value: float) -> str:
    """A number that is not whole, to four places."""
    text = f"{value:.{DIGITS}f}"
    return text.removeprefix("-") if float(text) == 0 else text
