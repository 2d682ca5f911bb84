"""Numbers that a class can compute with: small integers, no ties where a maximum is sought, no zero at a kink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from random import Random

from derive.derivation import Derivation
from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Compare, Expr, Fn, Maximum, Minimum, Num, Pow, Select
from derive.expressions.traversal import walk
from derive.laws.definitions import unfolder
from derive.meaning.denote import World
from derive.meaning.digits import real
from derive.meaning.exact import Number
from derive.meaning.integers import Array, Formula
from derive.networks.expansion import expand
from derive.operation import Tensor
from numeric.calling.arguments import label_extent
from reports.by_hand.scale import Scale
from reports.mathematics.display_nodes import flat
from reports.mathematics.names import COTANGENT

TRIES = 24
PLAIN, UNDER_EXP = range(-4, 10), range(-2, 4)  # exp of more than 3 makes every share but one too small to read
COTANGENTS = (1, 2, -1, 3, -2, 4, -3, 5, -4)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """An operation at a scale with numbers for its inputs and for the gradient that arrives at its output."""

    at: Scale
    derivations: tuple[Derivation, ...]
    world: World
    seed: int

    @property
    def whole(self) -> bool:
        """Whether every number is an integer or a fraction, shown in full."""
        return not _has_functions(self.at) and not _has_roots(self.at)


def example(at: Scale, derivations: tuple[Derivation, ...], seed: int) -> Example:
    """The friendliest of some drawn numbers; seed 0 counts 0, 1, 2, ... where the law chooses nothing by size.

    The same arguments give the same numbers. Raises: OperationError where none without a tie or a kink is found.
    """
    lines = [(e.target, e.body) for e in at.op.equations] + [(d.target.tensor, d.formula) for d in derivations]
    written = [[expand(f, at, at.point(t, place)) for place in at.places(t)] for t, f in lines]
    chooses = any(isinstance(n, Select | Maximum | Minimum) for e in at.op.equations for n in walk(e.body))
    best: tuple[float, World] | None = None
    for counted in (True, False) if seed == 0 and not chooses else (False,):
        for attempt in range(TRIES):
            world = _world(at, Random(f"{at.op.name} {seed} {attempt}"), counted)
            score = _friendliness(at, world, written, chooses)
            if score is not None and (best is None or score > best[0]):
                best = score, world
            if best is not None and best[0] == 1:
                break
        if best is not None:
            return Example(at, derivations, _with_gradients(best[1], derivations), seed)
    raise OperationError(f"{at.op.name}: got no small integers without ties and kinks at these sizes, expected some;"
                         " choose smaller sizes or another seed")  # fmt: skip


def _world(at: Scale, random: Random, counted: bool) -> World:
    op = at.op
    arrays: dict[str, Array] = {}
    lift = real if _has_functions(at) or _has_roots(at) else _same
    for t in op.inputs:
        values = _inputs(t, at, random, counted) if t.name not in at.absent else [t.absent] * prod(at.shape(t.name))
        arrays[t.name] = Array(at.shape(t.name), tuple(values if t.integer else map(lift, values)))
    shape = at.shape(op.output.name)
    arrays[f"{COTANGENT}{op.output.name}"] = Array(shape, tuple(map(lift, _cotangents(prod(shape), random))))
    formulas = {e.target: Formula(e.names, tuple(b.extent for b in at.axes(e.target)), e.body) for e in op.equations}
    return World(at.names, arrays, formulas, unfolder(op), lift=lift)


def _with_gradients(world: World, derivations: tuple[Derivation, ...]) -> World:
    """The world in which each gradient is a tensor too: the one its formula defines."""
    found = {
        d.target.tensor: Formula(tuple(b.name for b in d.axes), tuple(b.extent for b in d.axes), d.formula)
        for d in derivations
    }
    return replace(world, formulas={**world.formulas, **found})


def _same(x: Number) -> Number:
    return x


def _inputs(t: Tensor, at: Scale, random: Random, counted: bool) -> list[int]:
    count = prod(at.shape(t.name))
    if t.integer:
        extent = label_extent(at.op, t)
        return _drawn(range(at.extent(extent) if extent is not None else 2), count, random)
    if counted:
        return list(range(count))
    values = UNDER_EXP if _has_functions(at) else PLAIN
    return _drawn([v for v in values if v] if _has_kinks(at) else values, count, random)


def _has_kinks(at: Scale) -> bool:
    return any(isinstance(n, Maximum | Minimum) for e in at.op.equations for n in walk(e.body))


def _drawn(values: Sequence[int], count: int, random: Random) -> list[int]:
    """Different ones as long as there are enough."""
    found: list[int] = []
    while len(found) < count:
        found += random.sample(values, min(len(values), count - len(found)))
    return found


def _cotangents(count: int, random: Random) -> list[int]:
    """1 for a single number, which is the loss itself; else small ones that are not 0, some of them negative."""
    if count == 1:
        return [1]
    first = [COTANGENTS[k % len(COTANGENTS)] for k in range(count)]
    random.shuffle(first)
    return first


def _has_functions(at: Scale) -> bool:
    return any(isinstance(n, Fn) for e in at.op.equations for n in walk(e.body))


def _has_roots(at: Scale) -> bool:
    """Whether an exponent is anything but an integer."""
    powers = (n.right for e in at.op.equations for n in walk(e.body) if isinstance(n, Pow))
    return any(not (isinstance(n, Num) and n.value.denominator == 1) for n in powers)


# -- what is friendly --------------------------------------------------------------------------------------------------


def _friendliness(at: Scale, world: World, written: list[list[Expr]], chooses: bool) -> float | None:
    """The share of different numbers among the results; None where there is a tie, a kink or no value.

    Where the law chooses by size, the zeros of what was not chosen do not count.
    """
    shares = []
    try:
        for entries in written:
            if any(_undecided(e, world) for e in entries):
                return None
            numbers = [str(v) for e in entries if (v := world.value(e, {})) != 0 or not chooses]
            shares.append(len(set(numbers)) / len(numbers) if numbers else 0.0)
    except MeaningError:
        return None
    return min(shares) if _small(at, world) else None


def _small(at: Scale, world: World) -> bool:
    """Whether the inputs are as small as their use asks for."""
    limit = real(UNDER_EXP[-1]) if _has_functions(at) else PLAIN[-1]
    values = [v for t in at.op.inputs for v in world.arrays[t.name].values]
    return not any(v > limit for v in values)  # type: ignore[operator]


def _undecided(e: Expr, world: World) -> bool:
    """Whether a maximum is attained twice, or two sides that are compared meet."""
    for n in walk(e):
        if isinstance(n, Maximum | Minimum):
            values = [world.value(x, {}) for x in flat(n)]
            best = world.value(n, {})
            if sum(v == best for v in values) > 1:
                return True
        if isinstance(n, Compare) and n.op in ("<", "<="):
            left, right = (world.value(p, {}) for p in n.parts)
            if left == right:
                return True
    return False
