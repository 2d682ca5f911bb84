"""The memory that a compiled step works on: one address for each tensor, and how it moves from chunk to chunk.

What the step keeps for itself is one block for each worker. Sums over samples are results of each chunk: they lie one
chunk behind the other, and are added in that order, whichever worker made them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from numeric.backend import Array
from numeric.networks.compiled.layout import Layout
from numeric.networks.compiled.places import Place, identifier
from numeric.networks.compiled.samples import VALID

ALIGNMENT = 64
"""Bytes; the widest vectors of any machine begin at multiples of it."""
PLACES = ("parts", "total")
"""Two more addresses: of the results of all chunks, and of their sum."""


@dataclass(frozen=True, slots=True)
class Move:
    """How many bytes an address goes on from chunk to chunk, and from worker to worker."""

    chunk: int = 0
    worker: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """A result in a block of bytes."""

    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(slots=True)
class Memory:
    """The addresses of a step, in the order of `names`."""

    layout: Layout
    dtype: str
    workers: int
    names: list[str] = field(init=False)
    moves: dict[str, Move] = field(default_factory=dict)
    sums: dict[str, Result] = field(default_factory=dict)
    samples: dict[str, Result] = field(default_factory=dict)
    bytes_of_sums: int = 0
    _takes: list[tuple[str, int, np.dtype]] = field(default_factory=list)
    _slots: dict[str, int] = field(default_factory=dict)
    _kept: list[NDArray] = field(default_factory=list)
    _at: ctypes.Array[ctypes.c_void_p] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [*sorted(self.layout.memory), *PLACES]
        self._at = (ctypes.c_void_p * len(self.names))()
        self._place_sums()
        self._place_callers()
        self._keep()

    @property
    def chunks(self) -> int:
        return self.layout.assembly.chunks

    # -- places --------------------------------------------------------------------------------------------------------

    def _place_sums(self) -> None:
        """The results that are no samples, each from a whole vector on."""
        a = self.layout.assembly
        for t in sorted(a.wanted - a.along_batch):
            place = self.layout.memory[identifier(t)]
            self.sums[t] = Result(self.bytes_of_sums, self._dtype(place), a.shapes[t], self._strides(t, place))
            self.bytes_of_sums += _whole(place.entries * self._dtype(place).itemsize)
        for t in self.sums:
            self._slots[t] = self.names.index(identifier(t))
            self.moves[identifier(t)] = Move(chunk=self.bytes_of_sums)

    def _strides(self, t: str, place: Place) -> tuple[int, ...]:
        size = self._dtype(place).itemsize
        return tuple(size * (i.constant or 1) for i in self.layout.registers[t].steps)

    def _place_callers(self) -> None:
        """What the caller passes, and results that are samples: each chunk has its own part of them."""
        a, memory = self.layout.assembly, self.layout.memory
        for t in (*a.graph.inputs, *a.graph.parameters):
            for name in (identifier(f"{t}:given"), identifier(t)):
                if name in memory and memory[name].owner == "caller":
                    self._takes.append((t, self.names.index(name), self._dtype(memory[name])))
                    self._along(t, name)
        for t in sorted(a.wanted & a.along_batch):
            name = identifier(f"{t}:given")
            shape, dtype = (a.shapes[t][0] * self.chunks, *a.shapes[t][1:]), self._dtype(memory[name])
            self.samples[t] = Result(0, dtype, shape, np.empty(shape, dtype).strides)
            self._slots[t] = self.names.index(name)
            self._along(t, name)

    def _along(self, t: str, name: str) -> None:
        if t in self.layout.assembly.along_batch:
            place = self.layout.memory[name]
            self.moves[name] = Move(chunk=place.entries * self._dtype(place).itemsize)

    def _keep(self) -> None:
        """What the step keeps: a block for each worker, and the sums of each chunk."""
        offsets, size = dict[str, int](), 0
        for name, place in self.layout.memory.items():
            if place.owner == "step":
                offsets[name], size = size, size + _whole(place.entries * self._dtype(place).itemsize)
        block = aligned(size * self.workers)
        for name, offset in offsets.items():
            self.moves[name] = Move(worker=size)
            self._at[self.names.index(name)] = block.ctypes.data + offset
        if self.layout.places.filled_up:
            valid = block.reshape(self.workers, size)[:, offsets[identifier(VALID)] :].view(self.dtype)
            valid[:, : self.layout.assembly.batch] = 1
        parts = aligned(self.bytes_of_sums * self.chunks if self.chunks > 1 else 0)
        self._at[self.names.index("parts")] = parts.ctypes.data
        self._kept += [block, parts]

    def _dtype(self, place: Place) -> np.dtype:
        integers = "int32" if self.dtype == "float32" else "int64"
        return np.dtype(self.dtype if place.kind == "real" else integers)

    # -- a call --------------------------------------------------------------------------------------------------------

    def run(self, step: ctypes._NamedFuncPointer, tensors: Mapping[str, Array]) -> dict[str, NDArray]:
        """Call a function on the caller's tensors: what it makes."""
        arrays = [np.ascontiguousarray(tensors[t], dtype) for t, _, dtype in self._takes]
        for x, (_, slot, _) in zip(arrays, self._takes, strict=True):
            self._at[slot] = x.ctypes.data
        total = aligned(self.bytes_of_sums)
        self._at[len(self.names) - 1] = start = total.ctypes.data
        first = start if self.chunks == 1 else self._kept[1].ctypes.data
        for t, r in self.sums.items():
            self._at[self._slots[t]] = first + r.offset
        samples = {t: np.empty(r.shape, r.dtype) for t, r in self.samples.items()}
        for t, x in samples.items():
            self._at[self._slots[t]] = x.ctypes.data
        step(self._at)
        return samples | {t: np.ndarray(r.shape, r.dtype, total, r.offset, r.strides) for t, r in self.sums.items()}


def _whole(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def aligned(size: int) -> NDArray:
    """Zero bytes that begin where a vector may."""
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]
