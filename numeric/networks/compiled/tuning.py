"""Times the few best schedules of every nest that matters, on this machine, and keeps the fastest of them.

Costs rank schedules; only a machine knows. What is kept is found again by `choices`, so one tuning serves all runs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

from numpy.typing import NDArray

from numeric.native.library import library
from numeric.nests.cost import Machine, cost
from numeric.nests.nest import Nest, Schedule, write
from numeric.nests.schedule import best
from numeric.nests.statements import Load, Store, flat
from numeric.networks.compiled.choices import keep, place
from numeric.networks.compiled.layout import Layout
from numeric.networks.compiled.memory import aligned
from numeric.printing.cpp_module import function, module

MATTERS = 0.02
"""A nest with less than this part of all costs keeps the schedule that its cost chose."""
TIMED, ROUNDS = 6, 9


@dataclass(frozen=True, slots=True)
class Tried:
    """A function that computes a nest by one of its schedules, and the memory that it touches."""

    name: str
    nest: Nest
    schedule: Schedule
    text: str
    touched: tuple[str, ...]


def tune(layout: Layout, dtype: str, machine: Machine) -> None:
    """Keep the fastest schedule of every nest of a step that matters."""
    tried = list(_tried(layout, machine))
    if not tried:
        return
    run = library(module([t.text for t in tried], dtype, layout.width))
    size = {"float32": 4, "float64": 8}[dtype]
    memory = {name: aligned(p.entries * size) for name, p in layout.memory.items()}
    seconds: dict[str, list[float]] = {t.name: [] for t in tried}
    for _ in range(ROUNDS):
        for t in tried:
            seconds[t.name].append(_seconds(getattr(run, t.name), [memory[name] for name in t.touched]))
    fastest: dict[str, Tried] = {}
    for t in sorted(tried, key=lambda t: min(seconds[t.name])):
        fastest.setdefault(t.nest.name, t)
    for t in fastest.values():
        keep(place(t.nest, layout.registers, machine), t.schedule)


def _tried(layout: Layout, machine: Machine) -> Iterator[Tried]:
    nests = [s.nest for s in layout.steps if s.way in ("lanes", "rows")]
    found = {n.name: best(n, layout.registers, machine) for n in nests}
    costs = {n.name: cost(write(n, found[n.name][0], layout.registers), machine) for n in nests}
    by_name = {r.name: r for r in layout.registers.values()}
    for k, n in enumerate(nests):
        if costs[n.name] < MATTERS * sum(costs.values()):
            continue
        for j, schedule in enumerate(found[n.name][:TIMED]):
            body = write(n, Schedule(schedule.order, schedule.together, schedule.unroll, 0), layout.registers)
            touched = tuple(dict.fromkeys(s.register for s in flat(body) if isinstance(s, Load | Store)))
            name = f"nest{k}_{j}"
            yield Tried(name, n, schedule, function(name, [by_name[t] for t in touched], (), body), touched)


def _seconds(run: ctypes._NamedFuncPointer, arrays: list[NDArray]) -> float:
    places = [ctypes.c_void_p(x.ctypes.data) for x in arrays]
    started = perf_counter()
    run(*places)
    return perf_counter() - started
