"""A step's nests as one C++ function over one block of memory, compiled once and called with the caller's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from numpy.typing import NDArray

from derive.expressions.expr import Binder, Contract, Entry
from derive.expressions.index import index
from numeric.backend import Array
from numeric.native.library import library
from numeric.nests.cost import Machine
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register
from numeric.nests.schedule import UNROLL
from numeric.nests.statements import Block, Load, Store, flat
from numeric.networks.compiled.assemble import Assembly
from numeric.networks.compiled.choices import chosen
from numeric.networks.compiled.layout import Layout
from numeric.networks.compiled.memory import PLACES, Memory
from numeric.networks.compiled.places import Step
from numeric.printing.cpp_module import function, module

CHUNK, USUAL = range(16, 65), 32
"""How many samples a chunk may have: what it makes should stay in the cache until its last gradient is made, and it
should be large beside the gradients of the parameters, which are added for each chunk."""


def laid_out(assemble: Callable[[int], Assembly], samples: int, width: int) -> Layout:
    """A step in chunks where samples meet in nothing but sums that are results, else in one piece."""
    chunks = samples // chunk(samples, width)
    layout = Layout(assemble(chunks), width)
    return layout if chunks == 1 or layout.apart else Layout(assemble(1), width)


def chunk(samples: int, width: int) -> int:
    """How many samples a chunk has: a divisor of the batch, so that few lanes are filled up; else all samples."""
    if samples < 2 * USUAL:
        return samples

    def waste(n: int) -> tuple[float, int]:
        return -(-n // width) * width / n, abs(n - USUAL)

    return min((n for n in CHUNK if samples % n == 0), key=waste, default=samples)


@dataclass(slots=True)
class Program:
    """A compiled step for one batch and dtype; its memory is its own, so that calls wait for each other."""

    layout: Layout
    dtype: str
    machine: Machine
    threads: int = 1
    source: str = field(init=False)
    memory: Memory = field(init=False, repr=False)
    _step: ctypes._NamedFuncPointer = field(init=False, repr=False)
    _one: Lock = field(default_factory=Lock, repr=False)

    def __post_init__(self) -> None:
        self.memory = Memory(self.layout, self.dtype, self.workers)
        self.source = self._text()
        self._step = library(self.source).step

    @property
    def workers(self) -> int:
        """How many chunks are worked on at the same time."""
        return min(self.threads, self.layout.assembly.chunks)

    def __call__(self, tensors: Mapping[str, Array]) -> dict[str, NDArray]:
        """What is wanted, by name, from the graph's inputs and parameters."""
        with self._one:
            return self.memory.run(self._step, tensors)

    # -- text ----------------------------------------------------------------------------------------------------------

    def _text(self) -> str:
        functions, calls = [], []
        registers = self.layout.registers
        for k, step in enumerate(self.layout.steps):
            schedule = scheduled(step, self.layout, self.machine, self.threads > self.workers)
            text, call = self._nest(f"nest{k}", write(step.nest, schedule, registers), registers)
            functions.append(text)
            calls.append(f"{call}  // {step.nest.name}")
        functions.append("\n".join(["static void one_chunk(void** at) {", *calls, "}"]))
        functions.append(self._whole(functions))
        return module(functions, self.dtype, self.layout.width)

    def _nest(self, name: str, body: Block, registers: Mapping[str, Register]) -> tuple[str, str]:
        """A function, and the line that calls it."""
        touched = dict.fromkeys(s.register for s in flat(body) if isinstance(s, Load | Store))
        by_name = {r.name: r for r in registers.values()}
        kinds = ("Label" if by_name[t].kind == "integer" else "Real" for t in touched)
        places = (f"static_cast<{k}*>(at[{self.memory.names.index(t)}])" for k, t in zip(kinds, touched, strict=True))
        text = function(name, [by_name[t] for t in touched], (), body)
        return text, f"  {name}({', '.join(places)});"

    def _whole(self, functions: list[str]) -> str:
        """The function of all chunks: each worker takes every so many of them; their sums are added in order."""
        chunks, lines = self.layout.assembly.chunks, ["void step(void** at) {"]
        if chunks == 1:
            return "\n".join([*lines, "  one_chunk(at);", "}"])
        if self.workers > 1:
            lines.append(f"#pragma omp parallel for num_threads({self.workers})")
        moved = (self._moved(k, name) for k, name in enumerate(self.memory.names))
        lines += [
            f"  for (Int worker = 0; worker < {self.workers}; ++worker)",
            f"    for (Int chunk = worker; chunk < {chunks}; chunk += {self.workers}) {{",
            f"      void* here[] = {{{', '.join(moved)}}};",
            "      one_chunk(here);",
            "    }",
        ]
        if self.memory.bytes_of_sums:
            text, call = self._added()
            functions.append(text)
            lines.append(call)
        return "\n".join([*lines, "}"])

    def _moved(self, slot: int, name: str) -> str:
        move = self.memory.moves.get(name)
        if move is None:
            return f"at[{slot}]"
        steps = f" + {move.chunk} * chunk" * (move.chunk > 0) + f" + {move.worker} * worker" * (move.worker > 0)
        return f"static_cast<char*>(at[{slot}]){steps}"

    def _added(self) -> tuple[str, str]:
        """The sums of all chunks, added in their order."""
        parts, total = PLACES
        chunks, width = self.layout.assembly.chunks, self.layout.width
        vectors = self.memory.bytes_of_sums // self.machine.bytes
        registers = {
            parts: Register(parts, (index(chunks), index(vectors)), (index(vectors * width), index(width)), lanes=True),
            total: Register(total, (index(vectors),), (index(width),), lanes=True),
        }
        body = Contract((Binder("chunk", index(chunks)),), Entry(parts, (index("chunk"), index("v"))))
        nest = Nest(total, (Binder("v", index(vectors)),), (Output(Entry(total, (index("v"),)), body),))
        return self._nest("add_chunks", write(nest, Schedule(("v",), {"v": 8}, UNROLL, 0), registers), registers)


def scheduled(step: Step, layout: Layout, machine: Machine, threads: bool) -> Schedule:
    """How a nest is written: chosen by cost where arithmetic is done, else plainly."""
    names = tuple(b.name for b in step.nest.axes)
    parallel = 1 if threads else 0
    if step.way == "entries":
        return Schedule(names, {}, UNROLL, parallel)
    if step.way == "moved":
        lanes = {"lane": 1} if "lane" in names else {}
        order = tuple(sorted(names, key=lambda n: (n in lanes, names.index(n))))
        return Schedule(order, {"c": 16} if lanes else {}, UNROLL, parallel)
    found = chosen(step.nest, layout.registers, machine)
    return Schedule(found.order, found.together, found.unroll, parallel)
