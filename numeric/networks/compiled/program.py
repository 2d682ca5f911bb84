"""A step's nests as one C++ function over one block of memory, compiled once and called with the caller's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from numeric.backend import Array
from numeric.native.library import library
from numeric.nests.cost import Machine
from numeric.nests.nest import Schedule, write
from numeric.nests.statements import Load, Store, flat
from numeric.networks.compiled.assemble import Assembly
from numeric.networks.compiled.choices import chosen
from numeric.networks.compiled.layout import VALID, Layout, Place, Step, identifier
from numeric.printing.cpp_module import function, module

ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Taken:
    """A tensor of the caller's: where its address goes, and as what numbers it is read."""

    slot: int
    dtype: np.dtype


@dataclass(frozen=True, slots=True)
class Given:
    """A result: where its address goes, and where it lies in the block of memory that a call gives back."""

    slot: int
    dtype: np.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(slots=True)
class Program:
    """A compiled step for one batch and dtype; its memory is its own, so that one call runs at a time."""

    assembly: Assembly
    dtype: str
    machine: Machine
    threads: int = 1
    layout: Layout = field(init=False)
    source: str = field(init=False)
    _run: ctypes._NamedFuncPointer = field(init=False, repr=False)
    _names: list[str] = field(init=False, repr=False)
    _own: dict[str, NDArray] = field(init=False, repr=False)
    _at: ctypes.Array[ctypes.c_void_p] = field(init=False, repr=False)
    _takes: dict[str, Taken] = field(init=False, repr=False)
    _gives: dict[str, Given] = field(init=False, repr=False)
    _given_bytes: int = field(init=False, default=0, repr=False)

    def __post_init__(self) -> None:
        self.layout = Layout(self.assembly, self.machine.width(self.dtype))
        self._names = sorted(self.layout.memory)
        self.source = self._text()
        self._run = library(self.source).step
        self._allocate()

    # -- text ----------------------------------------------------------------------------------------------------------

    def _text(self) -> str:
        functions, calls = [], []
        for k, step in enumerate(self.layout.steps):
            schedule = scheduled(step, self.layout, self.machine, self.threads > 1)
            body = write(step.nest, schedule, self.layout.registers)
            touched = dict.fromkeys(s.register for s in flat(body) if isinstance(s, Load | Store))
            by_name = {r.name: r for r in self.layout.registers.values()}
            functions.append(function(f"nest{k}", [by_name[t] for t in touched], (), body))
            places = (f"static_cast<{self._type(t)}*>(at[{self._names.index(t)}])" for t in touched)
            calls.append(f"  nest{k}({', '.join(places)});  // {step.nest.name}")
        whole = "\n".join(["void step(void** at) {", *calls, "}"])
        return module([*functions, whole], self.dtype, self.layout.width)

    def _type(self, name: str) -> str:
        return "Label" if self.layout.memory[name].kind == "integer" else "Real"

    # -- memory --------------------------------------------------------------------------------------------------------

    def _allocate(self) -> None:
        memory = self.layout.memory
        self._own = {n: aligned(p.entries, self._dtype(p)) for n, p in memory.items() if p.owner == "step"}
        if self.layout.filled_up:
            self._own[identifier(VALID)][: self.assembly.batch] = 1
        self._at = (ctypes.c_void_p * len(self._names))()
        for name, x in self._own.items():
            self._at[self._names.index(name)] = x.ctypes.data
        graph = self.assembly.graph
        places = {t: (identifier(f"{t}:given"), identifier(t)) for t in (*graph.inputs, *graph.parameters)}
        self._takes = {
            t: Taken(self._names.index(n), self._dtype(memory[n]))
            for t, names in places.items()
            for n in names
            if n in memory and memory[n].owner == "caller"
        }
        self._gives = {t: self._place_of(t) for t in sorted(self.assembly.wanted)}

    def _place_of(self, t: str) -> Given:
        """The next whole vectors of the results' block."""
        name = identifier(f"{t}:given" if t in self.assembly.along_batch else t)
        dtype, shape = self._dtype(self.layout.memory[name]), self.assembly.shapes[t]
        strides = np.empty(shape, dtype).strides
        if f"{t}:rows" in self.layout.registers:
            strides = (dtype.itemsize * (self.layout.registers[t].steps[0].constant or 1), dtype.itemsize)
        found = Given(self._names.index(name), dtype, self._given_bytes, shape, strides)
        size = self.layout.memory[name].entries * dtype.itemsize
        self._given_bytes += -(-size // ALIGNMENT) * ALIGNMENT
        return found

    def _dtype(self, place: Place) -> np.dtype:
        integers = "int32" if self.dtype == "float32" else "int64"
        return np.dtype(self.dtype if place.kind == "real" else integers)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def __call__(self, tensors: Mapping[str, Array]) -> dict[str, NDArray]:
        """What is wanted, by name, from the graph's inputs and parameters."""
        arrays = [np.ascontiguousarray(tensors[t], taken.dtype) for t, taken in self._takes.items()]
        for x, taken in zip(arrays, self._takes.values(), strict=True):
            self._at[taken.slot] = x.ctypes.data
        block = aligned(self._given_bytes, np.dtype(np.uint8))
        start = block.ctypes.data
        for g in self._gives.values():
            self._at[g.slot] = start + g.offset
        self._run(self._at)
        return {t: np.ndarray(g.shape, g.dtype, block, g.offset, g.strides) for t, g in self._gives.items()}


def aligned(entries: int, dtype: np.dtype) -> NDArray:
    """Zeros that begin where a vector may."""
    size = dtype.itemsize * entries
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size].view(dtype)


def scheduled(step: Step, layout: Layout, machine: Machine, threads: bool) -> Schedule:
    """How a nest is written: chosen by cost where arithmetic is done, else plainly."""
    names = tuple(b.name for b in step.nest.axes)
    parallel = 1 if threads else 0
    if step.way == "entries":
        return Schedule(names, {}, 8, parallel)
    if step.way == "moved":
        lanes = {"lane": 1} if "lane" in names else {}
        order = tuple(sorted(names, key=lambda n: (n in lanes, names.index(n))))
        return Schedule(order, {"c": 16} if lanes else {}, 8, parallel)
    found = chosen(step.nest, layout.registers, machine)
    return Schedule(found.order, found.together, found.unroll, parallel)
