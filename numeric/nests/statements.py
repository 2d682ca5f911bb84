"""The loop program: named values, loops, updates and stores. A printer of it needs one line a statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, TypeAlias

from derive.expressions.index import Index

Kind = Literal["real", "integer", "truth"]


@dataclass(frozen=True, slots=True)
class Value:
    """A value by its name; one with `lanes` is a vector, an entry for each lane."""

    name: str
    kind: Kind
    lanes: bool


Operand: TypeAlias = Value | Fraction | Index


class Statement:
    """One step of a loop program."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Let(Statement):
    """`target = operation(operands)`, never changed again; `add`, `multiply`, `exp`, `choose`, `<`, `inside`, ...

    `better` of a value, the best so far and its place: whether the value is larger, or no number, or the first.
    """

    target: Value
    operation: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Load(Statement):
    """`target = register[offset]`; 0, and nothing is read, where one of the conditions is false."""

    target: Value
    register: str
    offset: Index
    where: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Begin(Statement):
    """An accumulator before its loops: 0 of a sum, the lowest value of a maximum, no position of a winner."""

    target: Value
    start: Literal["zero", "lowest", "none"]


@dataclass(frozen=True, slots=True)
class Update(Statement):
    """`target = target operation operand`: `add`, a fused multiply-add of two `add`ed factors, or `maximum`.

    Entries where one of the conditions is false stay.
    """

    target: Value
    operation: Literal["add", "maximum", "set"]
    operands: tuple[Operand, ...]
    where: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Store(Statement):
    """`register[offset] = value` where all conditions hold."""

    register: str
    offset: Index
    value: Operand
    where: tuple[Value, ...] = ()


@dataclass(slots=True)
class Block(Statement):
    """Statements in order."""

    body: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Loop(Block):
    """`for name in max(starts) .. min(stops) step`; a parallel one has turns that no other turn waits for."""

    name: str = ""
    starts: tuple[Index, ...] = ()
    stops: tuple[Index, ...] = ()
    step: int = 1
    parallel: bool = False


@dataclass(slots=True)
class If(Block):
    """Statements that run only where all conditions, each the same for every lane, hold."""

    conditions: tuple[Value, ...] = ()


def flat(block: Block) -> Iterator[Statement]:
    """Every statement inside a block, loops before their bodies."""
    for s in block.body:
        yield s
        if isinstance(s, Block):
            yield from flat(s)
