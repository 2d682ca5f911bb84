"""Chooses the schedule of a nest: which neighbouring entries of its axes one turn computes together.

Candidates come from divisors and from how many sums a machine keeps in registers; an estimate by counting reads leaves
a few, and the cheapest written program of these is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import combinations
from math import prod

from derive.expressions.expr import Binding, Contract, Entry, Expr, Select
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads, walk
from numeric.nests.cost import Machine, cost
from numeric.nests.nest import Nest, Schedule, write
from numeric.nests.registers import Register

TOGETHER = (1, 2, 3, 4, 5, 6, 7, 8)
SHORT = 16
"""An axis of at most so many entries may be written out: its guards are then decided."""
WRITTEN = 4
"""How many candidates of each kind are written and their programs compared."""
MOST_OF_A_MAP = 8
"""How many entries of a nest without sums one turn computes: nothing is gained by more, and the program grows."""
UNROLL = 8


def choose(nest: Nest, registers: Mapping[str, Register], machine: Machine) -> Schedule:
    """The schedule with the cheapest program."""
    return best(nest, registers, machine)[0]


def best(nest: Nest, registers: Mapping[str, Register], machine: Machine) -> list[Schedule]:
    """The schedules whose programs were written, the cheapest first."""
    order = tuple(b.name for b in nest.axes)
    if not order:
        return [Schedule(order, {}, UNROLL)]
    extents = {b.name: b.extent.constant or 1 for b in nest.axes}
    sums = _sums(nest)
    count = sum(isinstance(e, Contract) for e in sums)
    most = max(1, machine.accumulators // count) if count else MOST_OF_A_MAP
    found = []
    for kind in (_looped(order, extents, most), _written_out(order, extents, most)):
        ranked = sorted(kind, key=partial(_estimate, sums, extents))
        found += ranked[:WRITTEN]
    return sorted(found, key=lambda s: cost(write(nest, s, registers), machine))


def _looped(order: tuple[str, ...], extents: Mapping[str, int], most: int) -> Iterator[Schedule]:
    """Every axis keeps its loop; entries of up to two axes are computed together."""
    pairs = list(combinations(order, 2)) or [(order[0], order[0])]
    for a, b in pairs:
        for x in _sizes(extents[a]):
            for y in _sizes(extents[b]) if b != a else (1,):
                if x * y <= most:
                    yield Schedule(order, {a: x} | ({b: y} if b != a else {}), UNROLL)


def _written_out(order: tuple[str, ...], extents: Mapping[str, int], most: int) -> Iterator[Schedule]:
    """The last axis is written out, in groups; entries of another one are computed together with each."""
    last = order[-1]
    if len(order) < 2 or extents[last] > SHORT:
        return
    for a in order[:-1]:
        for x in _sizes(extents[a]):
            for y in dict.fromkeys((extents[last], 8, 7, 6, 5, 4)):
                if y <= extents[last] and x * y <= most:
                    yield Schedule(order[:-1], {a: x, last: y}, UNROLL)


def _sizes(extent: int) -> list[int]:
    return [d for d in TOGETHER if d <= extent and (extent % d == 0 or extent > 3 * d)]


# -- the estimate ------------------------------------------------------------------------------------------------------


def _sums(nest: Nest) -> list[Binding]:
    """The different sums and maxima that one turn needs, the outermost ones; a cell of a window has its own."""
    found: dict[Binding, None] = {}
    for o in nest.outputs:
        stack = [o.body]
        while stack:
            e = stack.pop()
            if isinstance(e, Binding) and e.binders and not (isinstance(e, Select) and _of_sums(e)):
                found[e] = None
            else:
                stack.extend(e.parts)
    return list(found)


def _of_sums(e: Expr) -> bool:
    return any(isinstance(x, Contract) for x in walk(e))


def _estimate(sums: list[Binding], extents: Mapping[str, int], s: Schedule) -> float:
    """Loads and multiply-adds of one turn of the innermost loops, for each entry."""
    points = prod(s.together.values())
    rest = prod(n * -(-extents[name] // n) / extents[name] for name, n in s.together.items())
    values: dict[object, list[set[Index]]] = {}
    work = points
    for e in sums:
        taps = _unrolled(e)
        work += points * prod(taps.values()) if isinstance(e, Contract) else 0
        for r in reads(e.body):
            _note(values, r, {**taps, **s.together})
    loads = sum(prod(map(len, found)) for found in values.values())
    return rest * (0.5 * loads + 0.5 * work + 1.0) / work


def _unrolled(e: Binding) -> dict[str, int]:
    """The last axes of a sum, whose terms are written out."""
    found: dict[str, int] = {}
    for b in reversed(e.binders):
        n = b.extent.constant or UNROLL + 1
        if prod(found.values()) * n > UNROLL:
            break
        found[b.name] = n
    return found


def _note(values: dict[object, list[set[Index]]], r: Entry, steps: Mapping[str, int]) -> None:
    """The different values of each index of a read, over the entries of one turn."""
    key = r.tensor, tuple(i.names().difference(steps) for i in r.indices)
    seen = values.setdefault(key, [set() for _ in r.indices])
    for found, i in zip(seen, r.indices, strict=True):
        found |= _values(i, tuple((n, k) for n, k in steps.items() if n in i.names()))


@lru_cache(maxsize=4096)
def _values(i: Index, steps: tuple[tuple[str, int], ...]) -> frozenset[Index]:
    """The different values of an index where names take their first values."""
    found = {i}
    for name, n in steps:
        found = {x.substitute({name: index(k)}) for x in found for k in range(n)}
    return frozenset(found)
