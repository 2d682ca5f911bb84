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
    """A catalogue operation; `law` and `stable` may depend on the arguments that are choices."""

    name: str
    summary: str
    law: Laws
    tensors: Mapping[str, str]
    arguments: tuple[Argument, ...] = ()
    optional: frozenset[str] = frozenset()
    require: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    stable: Laws = ""
    source: str = ""
    examples: tuple[str, ...] = field(default=())

    def law_for(self, choices: tuple[str, ...]) -> str:
        """The law under these choices."""
        return self.law if isinstance(self.law, str) else self.law[choices]

    def stable_for(self, choices: tuple[str, ...]) -> str:
        """The law as it is computed, equal to `law` and safe from overflow; empty where they are the same."""
        return self.stable if isinstance(self.stable, str) else self.stable[choices]
