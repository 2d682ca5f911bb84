"""The loop plan: what every target prints; extents and parameters stay symbols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.expressions.index import Index
from numeric.plans.instructions import (
    Axes,
    Copy,
    Gather,
    Instruction,
    Map,
    Matmul,
    Merge,
    Move,
    Names,
    Operand,
    Pad,
    Reduce,
    Scatter,
    Split,
    View,
    Wins,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Instructions in order, and which registers are results: the output first, then a gradient for each input.

    The cotangent is the last input; `anchor` is the input whose dtype and device the results have.
    """

    name: str
    instructions: tuple[Instruction, ...]
    inputs: tuple[tuple[str, Axes], ...]
    anchor: str
    results: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, Index], ...]
    headings: tuple[tuple[str, str], ...]

    def instruction(self, register: str) -> Instruction | None:
        """The instruction that makes a register, or None for an input."""
        return next((i for i in self.instructions if i.target == register), None)

    def needed(self, registers: tuple[str, ...], given: frozenset[str] = frozenset()) -> tuple[Instruction, ...]:
        """The instructions that lead to some registers, in order, those given not made again."""
        wanted = set(registers) - given
        found: list[Instruction] = []
        for i in reversed(self.instructions):
            if i.target in wanted:
                found.append(i)
                wanted |= set(i.sources) - given
        return tuple(reversed(found))

    def __str__(self) -> str:
        return "\n".join(map(str, self.instructions)) + "\n"


def holds_truths(made_by: Callable[[str], Instruction | None], register: str) -> bool:
    """Whether a register is an array of true and false: winners, however they are looked at."""
    made = made_by(register)
    if isinstance(made, View | Merge | Split | Gather | Pad | Copy):
        return holds_truths(made_by, made.sources[0])
    return isinstance(made, Wins)


__all__ = [
    "Axes",
    "Copy",
    "Gather",
    "Instruction",
    "Map",
    "Matmul",
    "Merge",
    "Move",
    "Names",
    "Operand",
    "Pad",
    "Plan",
    "Reduce",
    "Scatter",
    "Split",
    "View",
    "Wins",
    "holds_truths",
]
