"""A sum over an axis whose entries lie in lanes: first over the vectors, then over the lanes of the result."""

from __future__ import annotations

from dataclasses import dataclass

from derive.expressions.expr import Binding


@dataclass(frozen=True, slots=True)
class AcrossLanes(Binding):
    """The sum of the lanes of its body; it binds nothing."""
