"""What the lines of one printed function share: identifiers, sizes, loops, and a note of all that they use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from derive.expressions.index import Index, index
from numeric.plans.access import affine
from numeric.plans.plan import (
    Axes,
    Instruction,
    Plan,
    holds_truths,
)
from numeric.plans.plan import Names as IndexNames
from numeric.printing import python_text as py
from numeric.printing.dialect import Dialect
from numeric.printing.python_text import Text
from numeric.printing.tree_text import TreeText

INDENT = "    "


class Namer(Protocol):
    """Gives identifiers."""

    def __call__(self, kind: str, name: str, stem: str = "") -> str:
        """The identifier of a thing of some kind; like `stem`, or like its name."""


@dataclass(slots=True)
class Scribe:
    """Writes the lines of one function and notes what they use: symbols, ranges, the dtype.

    `reusable` registers are read once, so that the memory may be written over.
    """

    plan: Plan
    dialect: Dialect
    names: Namer
    reusable: frozenset[str] = frozenset()
    symbols: dict[str, None] = field(default_factory=dict)
    ranges: dict[tuple[str, Index], tuple[str, str]] = field(default_factory=dict)
    uses_dtype: bool = False
    extents: dict[str, Index] = field(default_factory=dict)

    # -- what trees ask ------------------------------------------------------------------------------------------------

    def register(self, name: str) -> str:
        return self.names("register", name)

    def is_mask(self, name: str) -> bool:
        return holds_truths(self.plan.instruction, name)

    def symbol_text(self, atom: object) -> Text:
        assert isinstance(atom, str), atom
        self.symbols[atom] = None
        return Text(self.names("symbol", atom), py.ATOM, "number")

    def range_of(self, name: str) -> str:
        key = (name, self.extents[name])
        if key not in self.ranges:
            extent = self.size(self.extents[name])
            self.ranges[key] = (self.names("range", f"{name} < {extent}", name), extent)
        return self.ranges[key][0]

    def anchor(self) -> str:
        """The tensor whose dtype and device the function's results have."""
        return self.names("register", self.plan.anchor)

    @property
    def device(self) -> str:
        return f"{self.anchor()}.device"

    # -- small pieces --------------------------------------------------------------------------------------------------

    def size(self, i: Index) -> str:
        return py.integer(i, self.symbol_text).text

    def sizes(self, extents: Iterable[Index]) -> str:
        return tuple_text([self.size(e) for e in extents])

    def extents_of(self, names: IndexNames) -> list[Index]:
        return [self.extents[n] for n in names]

    def tree(self, order: IndexNames, fixed: IndexNames = ()) -> TreeText:
        return TreeText(self, order, {n: self.names("index", n) for n in fixed})

    def loops(self, taps: Axes, inner: list[str]) -> list[str]:
        """The lines inside a loop over every tap."""
        for b in reversed(taps):
            inner = [
                f"for {self.names('index', b.name)} in range({self.size(b.extent)}):",
                *(INDENT + x for x in inner),
            ]
        return inner

    def begin(self, i: Instruction) -> str:
        """Take the extents of an instruction's indices, and give its register's identifier."""
        bound = [*i.axes, *getattr(i, "taps", ()), *getattr(i, "over", ()), *getattr(i, "cells", ())]
        bound += [m.position for m in getattr(i, "moves", ())]
        self.extents = {b.name: b.extent for b in bound}
        return self.register(i.target)

    def certain(self, i: Index, extent: Index) -> bool:
        """Whether an index is one of the loop's names over that very extent."""
        return i.name in self.extents and self.extents[i.name or ""] == extent

    def axes_of(self, register: str) -> Axes:
        made = self.plan.instruction(register)
        return made.axes if made is not None else dict(self.plan.inputs)[register]

    def volume(self, extents: list[Index]) -> str:
        return py.multiply([py.integer(e, self.symbol_text) for e in extents]).text if extents else "1"

    def steps(self, rank: int) -> list[str]:
        """The identifiers of an array's strides, from one statement to the next."""
        return [self.names("stride", f"s{k}") for k in range(rank)]

    def take_steps(self, steps: list[str], array: str) -> str:
        """The statement that reads an array's strides."""
        return f"{', '.join(steps)}{',' if len(steps) == 1 else ''} = {self.dialect.strides(array)}"

    def strides_of(self, axes: Axes, steps: list[str], indices: list[Index]) -> str:
        """The steps of a view with these axes of an array with the given steps, read at affine indices."""
        parts = [affine(k, self.extents) for k in indices]
        found = []
        for b in axes:
            along = [(step, k) for k, p in enumerate(parts) if p is not None for n, step in p.steps if n == b.name]
            found.append(py.add([self.stride(step, steps[k]) for step, k in along]).text)
        return tuple_text(found)

    def stride(self, step: Index, along: str) -> Text:
        unit = Text(along, py.ATOM, "number")
        return unit if step == index(1) else py.multiply([py.integer(step, self.symbol_text), unit])


def tuple_text(parts: list[str]) -> str:
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"
