"""Schedules that were chosen before, kept beside the compiled libraries: looking for them takes seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from derive.expressions.traversal import reads
from numeric.native.library import folder
from numeric.nests.cost import Machine
from numeric.nests.nest import Nest, Schedule
from numeric.nests.registers import Register
from numeric.nests.schedule import choose
from numeric.training.atomic import whole_file

EDITION = 3
"""Goes up where schedules are chosen in another way."""


def chosen(nest: Nest, registers: Mapping[str, Register], machine: Machine) -> Schedule:
    """The schedule of a nest, looked for once on a machine."""
    path = place(nest, registers, machine)
    found = _read(path, nest)
    if found is None:
        found = choose(nest, registers, machine)
        keep(path, found)
    return found


def place(nest: Nest, registers: Mapping[str, Register], machine: Machine) -> Path:
    """The file of a nest's schedule, named by all that decides it."""
    tensors = {t for o in nest.outputs for t in (o.target.tensor, *(r.tensor for r in reads(o.body)))}
    own = [registers[t] for t in sorted(tensors)]
    key = sha256(repr((EDITION, nest, own, machine)).encode()).hexdigest()
    return folder() / f"{key[:32]}.json"


def keep(path: Path, s: Schedule) -> None:
    """Write a schedule to its place; where that cannot be, it is looked for again next time."""
    text = json.dumps({"order": s.order, "together": dict(s.together), "unroll": s.unroll})
    with suppress(OSError), whole_file(path) as stream:
        stream.write(text.encode())


def _read(path: Path, nest: Nest) -> Schedule | None:
    """The schedule that is kept; None where there is none, or none of this nest."""
    try:
        found = json.loads(path.read_bytes())
        s = Schedule(
            tuple(found["order"]), {str(n): int(k) for n, k in found["together"].items()}, int(found["unroll"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    names = {b.name for b in nest.axes}
    fits = {*s.order, *s.together} <= names and names - {*s.order} <= s.together.keys()
    return s if fits and all(k > 0 for k in s.together.values()) else None
