"""The winner of a maximum as a position: the row-major number of the first cell that attains it."""

from __future__ import annotations

from dataclasses import dataclass

from derive.expressions.expr import Binding, Compare, Winner, val
from derive.expressions.index import index


@dataclass(frozen=True, slots=True)
class Position(Binding):
    """The row-major number of the first tuple at which `max[binders] body` is attained; -1 where none is in range."""


def as_position(e: Winner) -> Compare:
    """`[at == argmax body]` as `[number of at == position]`."""
    number = index(0)
    for i, b in zip(e.at, e.binders, strict=True):
        number = number * b.extent + i
    return Compare("==", val(number), Position(e.binders, e.body))
