"""Small worlds in which the lines of a derivation are given values.

Sizes are chosen to expose mistakes: strides above 1, padding, dilation, leftover rows, extents that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from math import prod
from random import Random

from derive import exact
from derive.definitions import unfolder
from derive.denote import World
from derive.errors import MeaningError, OperationError
from derive.exact import Number
from derive.expr import Compare, Contract, Entry, Expr, Num, Select, Val
from derive.index import index
from derive.integers import Array, Formula
from derive.operation import Op, show_equation
from derive.traversal import binders_of, reads, walk

TRIES, CANDIDATES, BUDGET, WORLDS = 1000, 60, 400, 2


def sizes_of(op: Op, names: Mapping[str, int]) -> dict[str, int]:
    """The names with the derived sizes added. Raises: MeaningError for a size that is no integer."""
    known: dict[str, Number] = dict(names)
    for name, size in op.sizes:
        known[name] = World(known, {}).size(size, {})
    return {n: v for n, v in known.items() if isinstance(v, int)}


@lru_cache(maxsize=256)
def worlds(op: Op) -> tuple[World, ...]:
    """Worlds of an operation with arrays for its inputs and its cotangent, the same ones for the same law.

    Raises: OperationError where no small sizes satisfy the operation's requirements.
    """
    random = Random(sha256("\n".join(show_equation(e) for e in op.equations).encode()).digest())
    found = sorted(islice(_sizes(op, random), CANDIDATES), key=lambda s: -_interest(op, s))
    if not found:
        raise OperationError(f"{op.name}: got no small sizes at which its output is not empty, expected some;"
                             " check the law's sizes and requirements")  # fmt: skip
    return tuple(_world(op, sizes, random) for sizes in found[:WORLDS])


def _sizes(op: Op, random: Random) -> Iterator[dict[str, int]]:
    derived = {n for n, _ in op.sizes}
    symbols = sorted(op.symbols - derived)
    least = {p.name: p.minimum for p in op.parameters}
    for attempt in range(TRIES):
        reach = 2 + attempt % 4
        ranges = {n: (least[n], max(least[n], 2)) if n in least else (1, reach) for n in symbols}
        chosen = {n: random.randint(*ranges[n]) for n in symbols}
        try:
            sizes = sizes_of(op, chosen)
            fits = all(World(sizes, {}).value(r, {}) == 1 for r in op.require if not list(reads(r)))
        except MeaningError:
            continue
        if fits and all(sizes[n] >= 1 for n in derived) and _cost(op, sizes) <= BUDGET and _windows_hold(op, sizes):
            yield sizes


def _cost(op: Op, sizes: Mapping[str, int]) -> int:
    """Points of the output's iteration space, sums included: what one line costs to evaluate."""
    world, most = World(sizes, {}), 0
    for e in op.equations:
        points = 1
        for b in (*op.tensor(e.target).axes, *(b for n in walk(e.body) for b in binders_of(n))):
            points *= max(1, world.size(b.extent, {}))
        most = max(most, points)
    return most


def _windows_hold(op: Op, sizes: Mapping[str, int]) -> bool:
    """Whether every maximum over an index has a cell to choose from."""
    if not any(isinstance(n, Select) for e in op.equations for n in walk(e.body)):
        return True
    world = _world(op, sizes, Random(0))
    try:
        for e in op.equations:
            if any(isinstance(n, Select) for n in walk(e.body)):
                for point in world.tuples(op.tensor(e.target).axes, {}):
                    world.value(Entry(e.target, tuple(index(n) for n in e.names)), point)
    except MeaningError:
        return False
    return True


def _interest(op: Op, sizes: Mapping[str, int]) -> int:
    """How much these sizes can expose: parameters above their minimum, and extents that differ."""
    raised = sum(2 for p in op.parameters if sizes[p.name] > p.minimum)
    return raised + len({sizes[n] for n in op.symbols}) + sum(4 for n in op.symbols if sizes[n] > 1)


def _world(op: Op, sizes: Mapping[str, int], random: Random) -> World:
    world = World(sizes, {})
    arrays: dict[str, Array] = {}
    for t in (*op.inputs, *(t for t in op.tensors if t.role != "input")):
        shape = tuple(world.size(b.extent, {}) for b in t.axes)
        count = prod(shape)
        low, high = (0, _label_bound(op, t.name, world)) if t.integer else (-4, 4)
        values = tuple(random.randint(low, high) for _ in range(count))
        if t.role == "input":
            arrays[t.name] = Array(shape, values)
        arrays[f"dE/d{t.name}"] = Array(shape, values)
    _normalise(op, arrays, world)
    extents = {t.name: tuple(b.extent for b in t.axes) for t in op.tensors}
    formulas = {e.target: Formula(e.names, extents[e.target], e.body) for e in op.equations}
    return World(sizes, arrays, formulas, unfolder(op))


def _label_bound(op: Op, name: str, world: World) -> int:
    """The largest label: one less than the extent of the index that a label is compared with."""
    for e in op.equations:
        extents = {b.name: b.extent for n in walk(e.body) for b in binders_of(n)}
        extents |= {b.name: b.extent for b in op.tensor(e.target).axes}
        for node in walk(e.body):
            if isinstance(node, Compare) and name in _tensors(node):
                for side in (node.left, node.right):
                    if isinstance(side, Val) and side.index.name in extents:
                        return world.size(extents[side.index.name], {}) - 1
    return 1


def _tensors(e: Expr) -> set[str]:
    return {a.tensor for s in e.parts if isinstance(s, Val) for a in s.index.atoms() if isinstance(a, Entry)}


def _normalise(op: Op, arrays: dict[str, Array], world: World) -> None:
    """Make each sum that a requirement sets to 1 come true, by the last entry along its index."""
    for r in op.require:
        match r:
            case Compare("==", Contract(binders, Entry(tensor, indices)), Num()):
                axis = [i.name for i in indices].index(binders[0].name)
                old = arrays[tensor]
                step = prod(old.shape[axis + 1 :])
                length = old.shape[axis]
                values = list(old.values)
                for k in range(len(values)):
                    if (k // step) % length == length - 1:
                        rest: Number = 0
                        for m in range(1, length):
                            rest = rest + values[k - m * step]
                        values[k] = 1 + exact.negate(rest)
                arrays[tensor] = Array(old.shape, tuple(values))
