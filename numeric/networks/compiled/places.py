"""Where every tensor of a step lies: registers by the names that nests use, memory by the registers' names.

A tensor along the batch lies in blocks of `width` samples, a sample a lane: [n // width, c, h, w, n % width]. The last
block is filled up with copies of the last sample. Parameters and their gradients lie row-major, those with two axes in
rows of whole vectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Index, divide, index
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register, in_lanes, row_major, rows_in_lanes
from numeric.nests.statements import Kind
from numeric.networks.compiled.assemble import Assembly, Shape
from numeric.networks.compiled.samples import VALID

Way = Literal["lanes", "rows", "moved", "entries"]
Owner = Literal["step", "caller", "result"]


@dataclass(frozen=True, slots=True)
class InBlocks(Register):
    """One entry of a tensor whose first axis lies in lanes."""

    width: int = 1

    def offset(self, indices: tuple[Index, ...]) -> Index:
        """The place of an entry: its block, then its lane."""
        n, *others = indices
        at = Register.offset(self, (divide("floor", n, index(self.width)), *others))
        return at + divide("mod", n, index(self.width))


@dataclass(frozen=True, slots=True)
class Place:
    """Memory: how many entries of which kind, and who owns it."""

    entries: int
    kind: Kind
    owner: Owner


@dataclass(frozen=True, slots=True)
class Step:
    """A nest and how its axes may be scheduled."""

    nest: Nest
    way: Way


@dataclass(slots=True)
class Places:
    """Registers and memory of an assembly, the axes in lanes, and the copies that moving tensors takes."""

    assembly: Assembly
    width: int
    aliases: Mapping[str, str]
    registers: dict[str, Register] = field(default_factory=dict)
    memory: dict[str, Place] = field(default_factory=dict)
    lane: dict[str, int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def blocks(self) -> int:
        """How many vectors hold all samples."""
        return -(-self.assembly.batch // self.width)

    @property
    def filled_up(self) -> bool:
        """Whether the last block holds copies."""
        return self.assembly.batch % self.width != 0

    def lay(self, t: str) -> None:
        """Give a tensor its place and its registers."""
        a, shape = self.assembly, self.assembly.shapes[t]
        kind: Kind = "integer" if t in a.graph.integers else "real"
        extents, name = tuple(map(index, shape)), identifier(self.aliases.get(t, t))
        if t in a.along_batch:
            self.registers[t] = in_lanes(name, extents, 0, self.width, kind)
            steps = self.registers[t].steps
            self.registers[f"{t}:entries"] = InBlocks(name, extents, steps, kind, width=self.width)
            self.lane[t] = 0
            entries = self.blocks * self.width * prod(shape[1:])
            owner: Owner = "step"
        elif t in a.weights and len(shape) == 2:
            self.registers[f"{t}:rows"] = rows_in_lanes(name, extents, self.width, kind)
            self.lane[f"{t}:rows"] = 1
            row = self._row(shape)
            self.registers[t] = Register(name, extents, (index(row), index(1)), kind)
            entries, owner = shape[0] * row, "result" if t in a.wanted else "step"
            if owner == "step" and row != shape[1]:
                self._copied(t, extents)
            elif owner == "step":
                owner = "caller"
        else:
            self.registers[t] = row_major(name, extents, kind)
            entries = prod(shape)
            owner = "result" if t in a.wanted else "caller" if t in (*a.graph.inputs, *a.graph.parameters) else "step"
        self.memory.setdefault(name, Place(entries, kind, owner))

    def _row(self, shape: Shape) -> int:
        return -(-shape[1] // self.width) * self.width

    def _copied(self, t: str, extents: tuple[Index, ...]) -> None:
        """A parameter of the caller's whose rows are made whole vectors long."""
        given = f"{t}:given"
        self.registers[given] = row_major(identifier(given), extents)
        self.memory[identifier(given)] = Place(prod(self.assembly.shapes[t]), "real", "caller")
        self.move(t, given, tuple(Binder(f"i{k}", e) for k, e in enumerate(extents)))

    def move(self, target: str, source: str, axes: tuple[Binder, ...], at: tuple[Index, ...] | None = None) -> None:
        """Copy the entries of one register to another, at other indices if they are given."""
        names = tuple(index(b.name) for b in axes)
        output = Output(Entry(target, names), Entry(source, at or names))
        self.steps.append(Step(Nest(target, axes, (output,)), "moved"))

    def lay_valid(self) -> None:
        """The numbers that tell samples from copies."""
        extents = (index(self.assembly.batch),)
        self.registers[VALID] = in_lanes(identifier(VALID), extents, 0, self.width)
        self.lane[VALID] = 0
        self.memory[identifier(VALID)] = Place(self.blocks * self.width, "real", "step")

    def take(self, t: str) -> None:
        """The caller's samples, one after the other, into lanes; the last one again and again to fill up."""
        shape, given = self.assembly.shapes[t], f"{t}:given"
        kind = self.registers[t].kind
        each = prod(shape[1:])
        self.registers[given] = row_major(identifier(given), (index(shape[0]), index(each)), kind)
        self.memory[identifier(given)] = Place(prod(shape), kind, "caller")
        b, c, lane = index("b"), index("c"), index("lane")
        n = self.width * b + lane
        if self.filled_up:
            n = divide("min", n, index(shape[0] - 1))
        axes = (Binder("b", index(self.blocks)), Binder("lane", index(self.width)), Binder("c", index(each)))
        output = Output(Entry(self.digits(t), (b, c, lane)), Entry(given, (n, c)))
        self.steps.append(Step(Nest(given, axes, (output,)), "moved"))

    def give(self, t: str) -> None:
        """Samples one after the other, for the caller."""
        shape = self.assembly.shapes[t]
        given = f"{t}:given"
        self.registers[given] = row_major(identifier(given), tuple(map(index, shape)))
        self.memory[identifier(given)] = Place(prod(shape), "real", "result")
        self.move(given, f"{t}:entries", tuple(Binder(f"i{k}", index(n)) for k, n in enumerate(shape)))

    def digits(self, t: str) -> str:
        """A tensor in lanes as numbers at [block, entry of a sample, lane]: the name of that view."""
        view, each = f"{t}:digits", prod(self.assembly.shapes[t][1:])
        extents = (index(self.blocks), index(each), index(self.width))
        self.registers[view] = row_major(self.registers[t].name, extents, self.registers[t].kind)
        return view

    def rows(self, t: str) -> str:
        """A copy of a tensor [n, c] as vectors along c, at [block, lane, vector]: the name of that view."""
        name, each = f"{t}:in rows", self.assembly.shapes[t][1]
        row = self._row(self.assembly.shapes[t])
        if name not in self.registers:
            place = identifier(f"{self.aliases.get(t, t)}:in rows")
            extents = (index(self.blocks), index(self.width), index(row // self.width))
            steps = (index(self.width * row), index(row), index(self.width))
            self.registers[name] = Register(place, extents, steps, lanes=True)
            self.registers[f"{name}:entries"] = Register(place, (*extents[:2], index(each)), (*steps[:2], index(1)))
            self.memory.setdefault(place, Place(self.blocks * self.width * row, "real", "step"))
            axes = (Binder("block", extents[0]), Binder("lane", extents[1]), Binder("c", index(each)))
            self.move(f"{name}:entries", self.digits(t), axes, (index("block"), index("c"), index("lane")))
        return name


def identifier(tensor: str) -> str:
    """A name for C++, different for different tensors, and none that a loop program makes: those end with a digit."""
    return "m_" + re.sub(r"[^0-9A-Za-z]", lambda m: f"_{ord(m[0]):x}_", tensor) + "_"
