"""Small sizes at which a law is evaluated, chosen to expose mistakes: windows and extents above 1, all different."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from random import Random

from derive.errors import MeaningError
from derive.expressions.index import Composite, Index
from derive.expressions.traversal import binders_of, reads, walk
from derive.meaning.denote import World
from derive.meaning.exact import Number
from derive.operation import Op

Sizes = dict[str, int]
TRIES, CANDIDATES, BUDGET, MOST = 1000, 60, 400, 20_000


def sizes_of(op: Op, names: Mapping[str, Number]) -> Sizes:
    """The names with the derived sizes added. Raises: MeaningError for a size that is no integer."""
    known: dict[str, Number] = dict(names)
    for name, size in op.sizes:
        known[name] = World(known, {}).size(size, {})
    return {n: v for n, v in known.items() if isinstance(v, int)}


def fitted(op: Op, names: Mapping[str, Number]) -> Sizes | None:
    """The same, or None where they leave an output empty or break a requirement that is about sizes alone."""
    try:
        sizes = sizes_of(op, names)
        fits = all(World(sizes, {}).value(r, {}) == 1 for r in op.require if not list(reads(r)))
    except MeaningError:
        return None
    return sizes if fits and all(sizes.get(n, 0) >= 1 for n, _ in op.sizes) else None


def small_sizes(op: Op, random: Random, holds: Callable[[Sizes], bool]) -> Iterator[Sizes]:
    """Sizes that fit the operation and for which `holds`, most telling first: each shows what those before did not."""
    found = list(islice(_fitting(op, random, holds), CANDIDATES))
    least = dict.fromkeys(op.symbols, 1) | {p.name: p.minimum for p in op.parameters}
    seen: set[tuple[str, int]] = set()
    while found:
        best = max(found, key=lambda sizes: _interest(sizes, least, seen))
        found.remove(best)
        seen |= best.items()
        yield best


def _interest(sizes: Sizes, least: Mapping[str, int], seen: set[tuple[str, int]]) -> int:
    """How much these sizes can expose: names above their least value, extents that differ, what was not seen yet."""
    above = [n for n, low in least.items() if sizes[n] > low]
    shown = {n for n, value in seen if value > least.get(n, 1)}
    fresh = sum((n, sizes[n]) not in seen for n in above) + sum(6 for n in above if n not in shown and seen)
    return 4 * len(above) + len({sizes[n] for n in least}) + sum(min(sizes[n], 3) for n in least) + fresh


def _fitting(op: Op, random: Random, holds: Callable[[Sizes], bool]) -> Iterator[Sizes]:
    """Sizes that fit the operation, those that cost too much only where there are no others."""
    derived = {n for n, _ in op.sizes}
    costly: list[tuple[int, int, Sizes]] = []
    cheap = False
    for chosen in _choices(op, sorted(op.symbols - derived), random):
        sizes = fitted(op, chosen)
        if sizes is None:
            continue
        work = cost(op, sizes)
        if BUDGET < work <= MOST:
            costly.append((work, len(costly), sizes))
        elif work <= BUDGET and holds(sizes):
            cheap = True
            yield sizes
    if not cheap:
        yield from (sizes for _, _, sizes in sorted(costly) if holds(sizes))


def _choices(op: Op, symbols: list[str], random: Random) -> Iterator[Sizes]:
    """Numbers for the symbols: mostly 2 and more, then some as large as the windows that the law fixes."""
    least = {p.name: p.minimum for p in op.parameters}
    window = max((abs(c) for _, size in op.sizes for c in _constants(size)), default=0)
    for attempt in range(TRIES):
        reach = 2 + attempt % 4
        large = attempt >= TRIES // 8 and window > 3

        def choose(name: str, reach: int = reach, large: bool = large) -> int:
            if name in least:
                return random.randint(max(least[name], -1), max(least[name], 2))
            if large and random.random() < 0.5:
                return random.randint(window, window + 3)
            return 1 if random.random() < 0.2 else random.randint(2, reach)

        yield {n: choose(n) for n in symbols}


def _constants(i: Index) -> Iterator[int]:
    """Every number in an index, at any depth."""
    for monomial, c in i.terms:
        yield c
        for atom in monomial:
            if isinstance(atom, Composite):
                yield from _constants(atom.dividend)
                yield from _constants(atom.divisor)


def cost(op: Op, sizes: Mapping[str, int]) -> int:
    """Points of the output's iteration space, sums included: what one line costs to evaluate."""
    world, most = World(sizes, {}), 0
    for e in op.equations:
        points = 1
        ends: dict[str, int] = {}
        for b in (*op.tensor(e.target).axes, *(b for n in walk(e.body) for b in binders_of(n))):
            extent = max(1, world.size(b.extent, ends))
            points *= extent
            ends[b.name] = extent - 1  # where an inner extent depends on it, the last one counts
        most = max(most, points)
    return most
