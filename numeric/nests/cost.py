"""What a loop program costs, roughly: cycles of a machine that starts two vector operations at a time.

It ranks the schedules of one nest; it predicts no time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from numeric.nests.statements import Begin, Block, If, Let, Load, Loop, Statement, Store, Update

SHORTEST = 16
"""Bytes of a vector: shorter ones are no faster."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What schedules are chosen for: the bytes of a vector, and how many sums can be kept in registers at once."""

    bytes: int
    accumulators: int

    def width(self, dtype: str) -> int:
        """How many numbers a vector holds."""
        return self.bytes // {"float32": 4, "float64": 8}[dtype]

    def narrowed(self, samples: int, dtype: str) -> Machine:
        """The same machine with shorter vectors, where few samples would fill less than half of one."""
        found = self
        while found.bytes > SHORTEST and 2 * samples <= found.width(dtype):
            found = replace(found, bytes=found.bytes // 2)
        return found


CYCLES = dict.fromkeys(("exp", "log", "tanh", "sigmoid", "sin", "cos", "pow"), 40.0) | {"divide": 4.0, "sqrt": 6.0}
SPILLED = 1e4
"""For a sum too many: it leaves the registers in every turn."""
UNKNOWN = 8
"""Turns of a loop whose limits are no numbers."""
LINE = 0.75
"""For a cache line that a turn of a loop reads and the turn before did not."""


def cost(block: Block, machine: Machine) -> float:
    """Cycles of a program, with a penalty for sums that do not stay in registers."""
    total = sum(_cost(s, machine) for s in block.body)
    sums = sum(isinstance(s, Begin) for s in block.body)
    return total + max(0, sums - machine.accumulators) * SPILLED


def _cost(s: Statement, machine: Machine) -> float:
    match s:
        case Loop():
            stops = [i.constant for i in s.stops if i.constant is not None]
            turns = max(1, min(stops, default=UNKNOWN))
            return turns * (cost(s, machine) + LINE * _lines(s, turns) + 1.0)
        case If():
            return cost(s, machine) + 1.0
        case Let():
            return CYCLES.get(s.operation, 0.5)
        case Load() | Update():
            return 0.5
        case Store():
            return 1.0
        case _:
            return 0.25


def _lines(loop: Loop, turns: int) -> int:
    """How many vectors a turn reads that no other turn of the loop reads: one for each stream of neighbours."""
    streams = set()
    for s in loop.body:
        if isinstance(s, Load) and s.target.lanes and (parts := s.offset.split(loop.name)) is not None:
            step, rest = parts[0].constant, parts[1]
            if step:
                constant = next((c for monomial, c in rest.terms if not monomial), 0)
                streams.add((s.register, rest - constant, constant // abs(step * turns)))
    return len(streams)
