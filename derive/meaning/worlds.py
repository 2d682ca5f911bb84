"""Small worlds in which the lines of a derivation are given values.

Sizes are chosen to expose mistakes: strides above 1, padding, dilation, leftover rows, extents that differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from math import prod
from random import Random

from derive.errors import MeaningError, OperationError
from derive.expressions.build import total
from derive.expressions.expr import Compare, Contract, Entry, Expr, Num, Pow, Select, Val
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of, reads, walk
from derive.language.notation import Equation
from derive.language.show import show
from derive.laws.definitions import unfolder
from derive.meaning import exact
from derive.meaning.denote import World
from derive.meaning.digits import real
from derive.meaning.exact import Number
from derive.meaning.integers import Array, Formula
from derive.meaning.small_sizes import small_sizes
from derive.operation import Op, show_equation

WORLDS = 2
_ANY = tuple(range(-4, 5))
_NOT_ZERO = tuple(v for v in _ANY if v)
COTANGENTS = tuple(v for v in range(-9, 10) if v)
DRAWS = (_ANY, _ANY, _NOT_ZERO, _NOT_ZERO, (1, 2, 3, 4), (1, 2, 3, 4))
"""What entries are drawn from, in this order, until every equation has a value: some divide, some are logarithms'."""
NOT_ZERO, POSITIVE = 2, 4
"""From where on DRAWS are so."""


@lru_cache(maxsize=256)
def worlds(op: Op) -> tuple[World, ...]:
    """Worlds of an operation with arrays for its inputs and its cotangent, the same ones for the same law.

    Raises: OperationError where no small sizes satisfy the operation's requirements, or give its equations values.
    """
    random = Random(sha256("\n".join(show_equation(e) for e in op.equations).encode()).digest())
    valued: list[World] = []
    why = "no small sizes at which its output is not empty"
    if op.require:
        why += f" and {', '.join(show(r) for r in op.require)} hold"
    for sizes in small_sizes(op, random, lambda sizes: _windows_hold(op, sizes)):
        world, error = drawn(op, sizes, random)
        valued += [world] if world else []
        why = error or why
        if len(valued) == WORLDS:
            break
    if not valued:
        raise OperationError(f"{op.name}: got no numbers at which its equations have values, expected some: {why};"
                             " check the law's sizes, windows and quotients")  # fmt: skip
    return tuple(valued)


def drawn(op: Op, sizes: Mapping[str, int], random: Random) -> tuple[World | None, str]:
    """A world in which every equation has a value everywhere; or, where a few draws find none, what was wrong."""
    partial = [e for e in op.equations if not total(e.body)]
    why = ""
    first = max((_first_draw(e) for e in partial), default=0)
    for values in DRAWS[first:] if partial else DRAWS[:1]:
        world = _world(op, sizes, random, values)
        try:
            for e in partial:
                valued(op, world, e)
        except MeaningError as error:
            why = str(error)
        else:
            return world, ""
    return None, why


def _first_draw(e: Equation) -> int:
    """Where to begin among DRAWS: n*f^(n-1) has no value where both are 0, so data under a symbol is not 0."""
    exponents = [n.right for n in walk(e.body) if isinstance(n, Pow) and not isinstance(n.right, Num)]
    return max((POSITIVE if any(True for _ in reads(n)) else NOT_ZERO for n in exponents), default=0)


def valued(op: Op, world: World, e: Equation) -> bool:
    """True where an equation has a value everywhere, in exact numbers or in reals. Raises: MeaningError elsewhere."""
    entry = Entry(e.target, tuple(index(n) for n in e.names))
    value = world.meaning(entry, {b.name for b in op.tensor(e.target).axes})
    for point in world.tuples(op.tensor(e.target).axes, {}):
        try:
            value(point)
        except MeaningError:
            in_reals(world, op).value(entry, point)
    return True


def in_reals(world: World, op: Op) -> World:
    """The same world with real numbers in its arrays; labels stay integers."""
    labels = {t.name for t in op.tensors if t.integer}
    arrays = {n: a if n in labels else Array(a.shape, tuple(map(real, a.values))) for n, a in world.arrays.items()}
    return replace(world, arrays=arrays, lift=real)


def _windows_hold(op: Op, sizes: Mapping[str, int]) -> bool:
    """Whether every maximum over an index has a cell to choose from."""
    if not any(isinstance(n, Select) for e in op.equations for n in walk(e.body)):
        return True
    world = _world(op, sizes, Random(0), DRAWS[-1])
    try:
        for e in op.equations:
            if any(isinstance(n, Select) for n in walk(e.body)):
                valued(op, world, e)
    except MeaningError:
        return False
    return True


def _world(op: Op, sizes: Mapping[str, int], random: Random, drawn: tuple[int, ...]) -> World:
    world = World(sizes, {})
    arrays: dict[str, Array] = {}
    for t in (*op.inputs, *(t for t in op.tensors if t.role != "input")):
        shape = tuple(world.size(b.extent, {}) for b in t.axes)
        count = prod(shape)
        labels = tuple(range(min((world.size(n, {}) for n in label_extents(op, t.name)), default=2)))
        if t.role == "input":
            arrays[t.name] = Array(shape, _entries(count, labels if t.integer else drawn, random))
        arrays[f"dE/d{t.name}"] = Array(shape, _entries(count, COTANGENTS, random))
    _normalise(op, arrays, world)
    extents = {t.name: tuple(b.extent for b in t.axes) for t in op.tensors}
    formulas = {e.target: Formula(e.names, extents[e.target], e.body) for e in op.equations}
    return World(sizes, arrays, formulas, unfolder(op))


def _entries(count: int, of: tuple[int, ...], random: Random) -> tuple[int, ...]:
    """Numbers that end in a positive one and, as far as there is room, have a negative one and a 0, if they may."""
    values = [random.choice(of) for _ in range(count)]
    kinds = ([v for v in of if v > 0], [v for v in of if v < 0], [v for v in of if v == 0])
    places = [count - 1, *random.sample(range(count - 1), count - 1)] if count else []
    for place, kind in zip(places, (k for k in kinds if k), strict=False):
        values[place] = random.choice(kind)
    return tuple(values)


def label_extents(op: Op, name: str) -> Iterator[Index]:
    """What the entries of an integer tensor are below: the extents of what they are compared with or read at."""
    for e in op.equations:
        extents = {b.name: b.extent for n in walk(e.body) for b in binders_of(n)}
        extents |= {b.name: b.extent for b in op.tensor(e.target).axes}
        for node in walk(e.body):
            if isinstance(node, Compare) and name in _tensors(node):
                for side in (node.left, node.right):
                    if isinstance(side, Val) and side.index.name in extents:
                        yield extents[side.index.name]
        for read in reads(e.body):
            for i, b in zip(read.indices, op.tensor(read.tensor).axes, strict=True):
                if any(a.tensor == name for a in i.atoms() if isinstance(a, Entry)):
                    yield b.extent


def _tensors(e: Expr) -> set[str]:
    return {a.tensor for s in e.parts if isinstance(s, Val) for a in s.index.atoms() if isinstance(a, Entry)}


def _normalise(op: Op, arrays: dict[str, Array], world: World) -> None:
    """Make each sum that a requirement sets to 1 come true, by the last entry along its index."""
    for r in op.require:
        match r:
            case Compare("==", Contract(binders, Entry(tensor, indices)), Num()) if tensor in arrays:
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
