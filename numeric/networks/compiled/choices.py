"""Schedules that were chosen before, kept beside the compiled libraries: looking for them takes seconds."""

from __future__ import annotations

from collections.abc import Mapping

from numeric.nests.cost import Machine
from numeric.nests.nest import Nest, Schedule
from numeric.nests.registers import Register
from numeric.nests.schedule import choose


def chosen(nest: Nest, registers: Mapping[str, Register], machine: Machine) -> Schedule:
    """The schedule of a nest."""
    return choose(nest, tuple(b.name for b in nest.axes), registers, machine)
