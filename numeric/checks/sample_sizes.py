"""Sizes that expose mistakes: they hide where numbers coincide, as in square images with stride 1 and no padding.

So extents and parameters are drawn different from one another where possible and per axis, with leftover rows, overlaps
and gaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from numpy.random import Generator

from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Expr, Select
from derive.expressions.index import Composite
from derive.meaning.denote import World
from derive.meaning.small_sizes import sizes_of
from derive.operation import Op
from numeric.evaluation.dense import shape_of

LEADING, REACH = 36, 3
TRIES = 4000
REALS = (0, 1, 2, 3, Fraction(1, 8), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))
"""Values of real parameters above their minimum: floats hold them all."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest extent, and the points of an equation's iteration space: at most, in its gradients, at least.

    Of as many sizes that fit as one of `choices` says, those are taken that expose most, so that plain ones occur too.
    A configuration within the default limits takes milliseconds.
    """

    extent: int = 9
    most: int = 6000
    most_backward: int = 60_000
    least: int = 0
    choices: tuple[int, ...] = (1, 3, 9)


SMALL = Limits()


def no_sizes(op: Op, limits: Limits) -> OperationError:
    """What is said where no sizes are found."""
    return OperationError(
        f"{op.name}: got no sizes at which the law has a value, expected some with extents up to {limits.extent};"
        " check the law's sizes and requirements"
    )


def best_sizes(op: Op, random: Generator, single: str, limits: Limits) -> dict[str, Any] | None:
    """Of some sizes that fit, those that expose most."""
    wanted = int(random.choice(limits.choices))
    symbols = chosen_symbols(op)
    found: list[dict[str, Any]] = []
    for attempt in range(TRIES):
        small = replace(limits, extent=min(4, limits.extent)) if attempt > TRIES // 2 else limits
        candidate = _candidate(op, symbols, random, single, small)
        if candidate is not None:
            found.append(candidate)
            if len(found) == wanted:
                break
    return max(found, key=lambda names: exposes(op, names), default=None)


def chosen_symbols(op: Op) -> list[str]:
    """The symbols that are chosen: all but the sizes that follow from others."""
    return sorted(op.symbols - {n for n, _ in op.sizes})


def _candidate(op: Op, symbols: list[str], random: Generator, single: str, limits: Limits) -> dict[str, Any] | None:
    """Random sizes, that of the symbol `single` 1, or None where they do not fit."""
    least = {p.name: p.minimum for p in op.parameters}
    ones = random.random() < 1 / 8
    leading = {n for t in op.tensors for b in t.axes if b.name == "..." for n in b.extent.names()}
    reals = {p.name: p.minimum for p in op.parameters if p.real}
    chosen: dict[str, int | Fraction] = {}
    for n in symbols:
        if n == single:
            chosen[n] = 1
        elif n in reals:
            chosen[n] = REALS[int(random.integers(len(REALS)))] + reals[n]
        elif n in least:
            low = least[n] if least[n] >= 0 or random.random() < 0.5 else 0
            chosen[n] = low + int(random.integers(0, REACH + 1))
        else:
            reach = max(LEADING, limits.extent) if n in leading and limits.extent > 4 else limits.extent
            chosen[n] = 1 if ones and random.random() < 0.5 else int(random.integers(1, reach + 1))
    return fitting(op, chosen, limits)


def fitting(op: Op, chosen: Mapping[str, Any], limits: Limits = SMALL) -> dict[str, Any] | None:
    """The sizes with the derived ones added, or None where the law has no value, or they leave the limits."""
    try:
        names = {**chosen, **sizes_of(op, chosen)}
        world = World(names, {})
        fits = all(world.value(r, {}) == 1 for r in op.require)
        shapes = [shape_of(t.axes, names) for t in op.tensors]
    except MeaningError:
        return None
    if not fits or any(n < 1 for shape in shapes for n in shape) or any(names[n] < 1 for n, _ in op.sizes):
        return None
    forward, backward = points(op, names)
    return names if limits.least <= forward <= limits.most and backward <= limits.most_backward else None


def points(op: Op, names: Mapping[str, Any]) -> tuple[int, int]:
    """Points of the largest iteration space among the equations, and an estimate for their gradients.

    A gradient runs over an input's cells and the bound indices, over those of a maximum once more to find the winner.
    """
    world = World(names, {})
    cells = max((math.prod(shape_of(t.axes, names)) for t in op.inputs), default=1)

    def inside(e: Expr) -> tuple[int, int]:
        extents = [b.extent for b in getattr(e, "binders", ())]
        own = math.prod(world.integer(n, dict.fromkeys(n.names() - names.keys(), 1)) or 1 for n in extents)
        parts = [inside(p) for p in e.parts] or [(1, 1)]
        return own * max(f for f, _ in parts), own ** (1 + isinstance(e, Select)) * max(b for _, b in parts)

    loops = [(math.prod(shape_of(op.tensor(e.target).axes, names)), *inside(e.body)) for e in op.equations]
    return max(n * f for n, f, _ in loops), cells * max(b for _, _, b in loops)


def exposes(op: Op, names: Mapping[str, Any]) -> float:
    """How much sizes expose: what differs, what is not trivial, what leaves a rest."""
    world = World(names, {})
    free = names.keys() - {n for n, _ in op.sizes}
    raised = sum(names[p.name] > p.minimum for p in op.parameters)
    leftover = sum(world.integer(c.dividend, {}) % world.integer(c.divisor, {}) != 0 for c in _floors(op))  # type: ignore
    several = sum(names[n] > 1 for n, _ in op.sizes)
    return 2 * leftover + raised + 2 * several + sum(names[n] > 1 for n in free) + len({names[n] for n in free}) / 2


def _floors(op: Op) -> Iterator[Composite]:
    """The floored quotients of the output's sizes."""
    for _, size in op.sizes:
        for atom in size.atoms():
            if isinstance(atom, Composite) and atom.kind == "floor":
                yield atom
