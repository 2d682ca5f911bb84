"""Layer 5 against a mutant: every pattern of ties and order of up to four cells, on both sides of 0 and at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np

from derive.derivation import Derivation
from derive.errors import MeaningError
from derive.expressions.expr import Expr, Select
from derive.expressions.traversal import walk
from derive.laws.definitions import unfolder
from derive.meaning.denote import World
from derive.meaning.exact import Number
from derive.meaning.integers import Array, Formula, Point, Value
from derive.operation import Op
from numeric.checks.samples import Sample, at_sizes, chosen_symbols, fitting

CELLS, SIZES, DRAWS = 4, 2, 400
REAL = 2
"""What real parameters are: a slope of 1 has no kink."""
Values = list[Number | None]


def difference_at_ties(d: Derivation, wrong: Expr) -> str:
    """Where another formula differs from the law's derivative in a pattern of ties; empty where it never does."""
    for world, points, meant in _meanings(d):
        read = world.meaning(wrong, {b.name for b in d.axes})
        for point, want in zip(points, meant, strict=True):
            got = _value(read, point)
            if want is not None and got != want:
                cells = ", ".join(map(str, world.arrays[d.wrt.name].values))
                where = ", ".join(f"{n}={v}" for n, v in point.items())
                return f"{d.wrt.name} = ({cells}) at {where}: {'no value' if got is None else got}, not {want}"
    return ""


@lru_cache(maxsize=16)
def _meanings(d: Derivation) -> list[tuple[World, list[Point], Values]]:
    """Every world of up to four cells with its points, and the law's derivative there."""
    found = []
    names = {b.name for b in d.axes}
    for sizes in _small(d.op, d.wrt.name):
        for world in _worlds(d.op, d.wrt.name, sizes):
            points = list(world.tuples(d.axes, {}))
            read = world.meaning(d.start, names)
            found.append((world, points, [_value(read, p) for p in points]))
    return found


def _value(read: Value, point: Point) -> Number | None:
    try:
        return read(point)
    except MeaningError:
        return None


def _small(op: Op, wrt: str) -> list[Mapping[str, int]]:
    """Sizes with at most four cells in the tensor: plain ones with the largest windows, and with pads and dilations."""
    random = np.random.default_rng(0)
    least = {p.name: p.minimum for p in op.parameters}
    reals, symbols = {p.name for p in op.parameters if p.real}, chosen_symbols(op)
    windows = [b.extent for e in op.equations for n in walk(e.body) if isinstance(n, Select) for b in n.binders]
    found: dict[tuple[tuple[str, int], ...], tuple[int, int, int]] = {}
    for _ in range(DRAWS):
        more = random.integers(0, 2, len(symbols)).tolist()
        names = fitting(
            op, {n: REAL if n in reals else least.get(n, 1) + k for n, k in zip(symbols, more, strict=True)}
        )
        if names is not None:
            cells = prod(World(names, {}).size(b.extent, {}) for b in op.tensor(wrt).axes)
            together = prod(World(names, {}).size(n, {}) for n in windows)
            outputs = prod(World(names, {}).size(b.extent, {}) for b in op.output.axes)
            if cells <= CELLS:
                raised = sum(names[n] - low for n, low in least.items() if n not in reals)
                found[tuple(sorted(names.items()))] = (cells * together, raised, outputs)
    plain = sorted(found, key=lambda key: (found[key][0], -found[key][1], found[key][2]), reverse=True)
    raised_most = sorted(found, key=lambda key: found[key], reverse=True)
    return [dict(key) for key in dict.fromkeys((*plain[:SIZES], *raised_most[:SIZES]))]


def samples_at_ties(op: Op, wrt: str) -> Iterator[Sample]:
    """Samples with every such pattern in one input, at the most telling of these sizes; all else in them is drawn."""
    tensor = op.tensor(wrt)
    for sizes in _small(op, wrt):
        sample = at_sizes(op, sizes, 0)
        if sample is None or sample.arrays[tensor.argument] is None:
            return
        for cells in _patterns(prod(sample.given[tensor.argument].shape)):
            array = sample.passed(tensor, np.array(cells, np.float32))
            yield replace(sample, arrays={**sample.arrays, tensor.argument: array}, kind="plain")


def _patterns(cells: int) -> Iterator[tuple[int, ...]]:
    """Every weak order of so many cells: its least one at 0, its largest one at 0, and all of it below 0."""
    for order in weak_orders(cells):
        for zero in sorted({0, max(order, default=0), max(order, default=0) + 1}):
            yield tuple(rank - zero for rank in order)


def weak_orders(cells: int) -> Iterator[tuple[int, ...]]:
    """Every pattern of ties and order of so many cells, once, as ranks from 0 without a gap."""
    yield from (w for w in product(range(cells), repeat=cells) if set(w) == set(range(max(w, default=-1) + 1)))


def _worlds(op: Op, wrt: str, sizes: Mapping[str, int]) -> Iterator[World]:
    """The worlds of these sizes, one for each pattern above, at and below 0; all else in them is fixed."""
    plain = World(sizes, {})
    arrays: dict[str, Array] = {}
    for t in op.tensors:
        shape = tuple(plain.size(b.extent, {}) for b in t.axes)
        numbers = range(2, 2 + prod(shape))
        arrays[f"dE/d{t.name}"] = Array(shape, tuple(numbers))
        if t.role == "input":
            arrays[t.name] = Array(shape, tuple(n % 2 for n in numbers) if t.integer else tuple(numbers))
    extents = {t.name: tuple(b.extent for b in t.axes) for t in op.tensors}
    formulas = {e.target: Formula(e.names, extents[e.target], e.body) for e in op.equations}
    shape = arrays[wrt].shape
    for cells in _patterns(prod(shape)):
        yield World(sizes, {**arrays, wrt: Array(shape, cells)}, formulas, unfolder(op))
