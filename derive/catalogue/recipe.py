"""The form in which an operation is written down: a law and torch's arguments for its symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Setting = int | str | Fraction | tuple[int | str, ...] | list[int | str]
Laws = str | Mapping[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Argument:
    """One of torch's arguments: the symbols it sets (one an axis), or the choices that pick the law."""

    name: str
    symbols: tuple[str, ...] = ()
    default: int | str | tuple[str, ...] | None = None
    minimum: int = 0
    choices: tuple[str, ...] = ()
    real: bool = False
    meaning: str = ""

    def default_for(self, axis: int) -> int | str | None:
        """torch's default for one axis: a number, the symbol it repeats, or None where it must be given."""
        return self.default[axis] if isinstance(self.default, tuple) else self.default


@dataclass(frozen=True, slots=True)
class Recipe:
    """A catalogue operation; what is a `Laws` may depend on the arguments that are choices.

    `stable` is the law as it is computed where the law itself could overflow; `hypotheses` are sums that are assumed
    to be 1.
    """

    name: str
    summary: str
    law: Laws
    tensors: Mapping[str, str]
    arguments: tuple[Argument, ...] = ()
    optional: frozenset[str] = frozenset()
    require: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    hypotheses: Laws = ""
    stable: Laws = ""
    source: str = ""
    examples: tuple[str, ...] = field(default=())

    def text(self, which: Laws, choices: tuple[str, ...]) -> str:
        """A law, its stable form or its hypotheses under these choices; empty where there are none."""
        return which if isinstance(which, str) else which.get(choices, "")
