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
Pointers = ctypes.Array[ctypes.c_void_p]


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
    _results: dict[str, tuple[int, str]] = field(init=False, repr=False)

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
        self._own = {
            name: aligned(place.entries, self._dtype(place))
            for name, place in self.layout.memory.items()
            if place.owner == "step"
        }
        if self.layout.filled_up:
            self._own[identifier(VALID)][: self.assembly.batch] = 1

    def _dtype(self, place: Place) -> str:
        if place.kind == "real":
            return self.dtype
        return "int32" if self.dtype == "float32" else "int64"

    # -- calls ---------------------------------------------------------------------------------------------------------

    def __call__(self, tensors: Mapping[str, Array]) -> dict[str, NDArray]:
        """What is wanted, by name, from the graph's inputs and parameters."""
        arrays = dict(self._own)
        for t, x in tensors.items():
            for name in (identifier(f"{t}:given"), identifier(t)):
                place = self.layout.memory.get(name)
                if place is not None and place.owner == "caller":
                    arrays[name] = np.ascontiguousarray(x, self._dtype(place))
                    break
        for name, place in self.layout.memory.items():
            if place.owner == "result":
                arrays[name] = aligned(place.entries, self._dtype(place))
        self._run((ctypes.c_void_p * len(self._names))(*(arrays[n].ctypes.data for n in self._names)))
        return {t: self._result(t, arrays) for t in self.assembly.wanted}

    def _result(self, t: str, arrays: Mapping[str, NDArray]) -> NDArray:
        shape = self.assembly.shapes[t]
        found = arrays[identifier(f"{t}:given" if t in self.assembly.along_batch else t)]
        row = self.layout.registers[t].steps[0].constant if f"{t}:rows" in self.layout.registers else None
        return found.reshape(shape) if row is None else found.reshape(-1, row)[:, : shape[1]]


def aligned(entries: int, dtype: str) -> NDArray:
    """Zeros that begin where a vector may."""
    size = np.dtype(dtype).itemsize * entries
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
