"""Sizes, settings and data for any operation, drawn from a seed so as to expose mistakes.

Mistakes hide where numbers coincide: square images, stride 1, no padding, one sample, values without ties. So extents
and parameters are drawn different from one another where possible and per axis, with leftover rows, overlaps and gaps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Expr, Select
from derive.expressions.index import Composite
from derive.meaning.denote import World
from derive.meaning.small_sizes import sizes_of
from derive.operation import Op, Tensor
from numeric.calling.layouts import Arrangement, Shared
from numeric.checks.sample_layouts import alone, arranged
from numeric.checks.sample_values import labels, laid_out, numbers
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import shape_of, world_of

Shape = tuple[int, ...]
Setting = int | float | tuple[int | float, ...]

LEADING, REACH = 36, 3
TRIES, RETRIES = 4000, 20
REAL = ("plain", "wide", "saturated")
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


@dataclass(frozen=True, slots=True)
class Sample:
    """One configuration of an operation with data; `draw(op, seed, ...)` gives it again.

    `names` holds every symbol of the law, `settings` what torch's arguments are called, `arrays` the inputs by argument
    (None: an optional one left out) in the shapes a user passes; `arranged` and `shared` say how those differ from the
    law's.
    """

    op: Op
    seed: int
    kind: str
    names: Mapping[str, Any]
    arranged: Arrangement
    shared: Shared
    settings: Mapping[str, Setting]
    arrays: Mapping[str, NDArray | None]
    cotangent: NDArray
    _ways: dict[str, tuple[Shape, Shape, Shape]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def given(self) -> dict[str, NDArray]:
        """The inputs that are there, by argument."""
        return {name: a for name, a in self.arrays.items() if a is not None}

    def cast(self, dtype: str) -> dict[str, NDArray]:
        """The inputs that are there, by argument: the real ones, as copies, in a dtype, labels as they are."""
        labels = self.op.labels
        return {name: a if name in labels else a.astype(dtype) for name, a in self.given.items()}

    @property
    def wrt(self) -> tuple[Tensor, ...]:
        """The tensors that get a gradient: differentiable inputs that are there."""
        return tuple(t for t in self.op.differentiable if self.arrays[t.argument] is not None)

    @property
    def lawful(self) -> dict[str, NDArray | None]:
        """The inputs by argument, in the law's shapes."""
        given = ((t, self.arrays[t.argument]) for t in self.op.inputs)
        return {t.argument: None if a is None else self.flat(t, a) for t, a in given}

    def ways(self, tensor: Tensor) -> tuple[Shape, Shape, Shape]:
        """The law's shape of a tensor, a user's shape, and a user's axes in the order of the law's; found once."""
        if tensor.name not in self._ways:
            law = shape_of(tensor.axes, self.names)
            own = passed_shape(tensor, self)
            order = tuple(range(len(own)))
            if self.arranged.moves(tensor):
                labels, _ = self.arranged.outer(tensor, self.extents(tensor), self.shared)
                order = self.arranged.order(tensor, labels)
            self._ways[tensor.name] = law, own, order
        return self._ways[tensor.name]

    def order(self, tensor: Tensor) -> Shape:
        """A user's axes of a tensor in the order of the law's."""
        return self.ways(tensor)[2]

    def flat(self, tensor: Tensor, array: NDArray) -> NDArray:
        """An array that a user has in the law's order and shape, axes that the law has as one in one."""
        law, _, order = self.ways(tensor)
        return array.transpose(order).reshape(law)

    def passed(self, tensor: Tensor, array: NDArray) -> NDArray:
        """An array of the law's shape as a user has it."""
        _, shape, order = self.ways(tensor)
        return array.reshape([shape[k] for k in order]).transpose([order.index(k) for k in range(len(order))])

    def extents(self, tensor: Tensor) -> dict[str, int]:
        """The law's extents of a tensor's axes by name."""
        return dict(zip((b.name for b in tensor.axes), shape_of(tensor.axes, self.names), strict=True))

    def __str__(self) -> str:
        shapes = ", ".join(f"{n}{list(a.shape) if a is not None else ' none'}" for n, a in self.arrays.items())
        settings = "".join(f", {n}={v}" for n, v in self.settings.items())
        return f"seed {self.seed}, {self.kind} data: {shapes}{settings}"


def configurations(op: Op, count: int, seed: int = 0, kind: str = "integer") -> Iterator[Sample]:
    """`count` samples of an operation, the first seeded with `seed`, each next one with one more."""
    for k in range(count):
        yield draw(op, seed + k, kind)


def draw(op: Op, seed: int, kind: str = "integer", largest: int = 100, multiple: int = 1) -> Sample:
    """Sizes, settings and data, the same ones for the same arguments; sizes depend on the law and the seed alone.

    "integer" data are multiples of `multiple` up to `largest` times it, with zeros and ties; "real" data are float32
    numbers, in turn "plain", of "wide"ly different magnitudes and "saturated", one of which can be asked for. Where the
    law has no finite value on them they become plain, then positive; the sample's `kind` says what they are at last.

    Raises: OperationError where no sizes are found at which the law has a value.
    """
    for attempt in range(RETRIES):
        sample = sized(op, seed, attempt)
        if sample is None:
            break
        filled = _filled(sample, kind, largest, multiple)
        if filled is not None:
            return filled
    raise no_sizes(op, SMALL)


def no_sizes(op: Op, limits: Limits) -> OperationError:
    """What is said where no sizes are found."""
    return OperationError(
        f"{op.name}: got no sizes at which the law has a value, expected some with extents up to {limits.extent};"
        " check the law's sizes and requirements"
    )


# -- sizes -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def sized(op: Op, seed: int, attempt: int = 0, limits: Limits = SMALL) -> Sample | None:
    """A sample with sizes and settings, still without data, or None where no sizes fit."""
    random = np.random.default_rng([seed, 1, attempt])
    single = alone(op, random)
    names = _best_sizes(op, random, single, limits)
    return None if names is None else with_sizes(op, seed, names, random, bool(single))


def _best_sizes(op: Op, random: Generator, single: str, limits: Limits) -> dict[str, Any] | None:
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


# -- data --------------------------------------------------------------------------------------------------------------


def at_sizes(
    op: Op, names: Mapping[str, Any], seed: int, kind: str = "integer", largest: int = 100, multiple: int = 1
) -> Sample | None:
    """A sample of these sizes (`fitting` completes them); None where the law has no finite value on data like that."""
    random = np.random.default_rng([seed, 4])
    return _filled(with_sizes(op, seed, names, random, left_out=False), kind, largest, multiple)


def with_sizes(op: Op, seed: int, names: Mapping[str, Any], random: Generator, left_out: bool) -> Sample:
    """A sample with settings and a user's axes, still without data."""
    each: dict[str, tuple[int | float, ...]] = {}
    for p in op.parameters:
        value = float(names[p.name]) if p.real else names[p.name]
        each[p.argument] = (*each.get(p.argument, ()), value)
    settings: dict[str, Setting] = {a: v if len(v) > 1 else v[0] for a, v in each.items()}
    own, shared = arranged(op, names, left_out, random)
    return Sample(op, seed, "", dict(names), own, shared, {**settings, **own.settings}, {}, np.zeros(0))


def _filled(sample: Sample, kind: str, largest: int, multiple: int) -> Sample | None:
    """The sample with data at which the law has a finite value, or None."""
    first = REAL[sample.seed % len(REAL)] if kind == "real" else kind
    for style in ("integer", "natural") if kind == "integer" else (first, "plain", "positive"):
        filled = with_data(sample, style, largest, multiple, np.random.default_rng([sample.seed, 2]))
        if _has_value(filled):
            return filled
    return None


def with_data(sample: Sample, style: str, largest: int, multiple: int, random: Generator) -> Sample:
    """The sample with data of a style, whether the law has a value on them or not."""
    op = sample.op
    arrays: dict[str, NDArray | None] = {}
    for t in op.inputs:
        shape = passed_shape(t, sample)
        if t.optional and random.random() < 0.25:
            arrays[t.argument] = None
        elif t.integer:
            arrays[t.argument] = labels(op, t, sample.names, shape, random)
        else:
            arrays[t.argument] = laid_out(numbers(style, shape, largest, multiple, random), random)
    plain = "integer" if style in ("integer", "natural") else "plain"
    cotangent = numbers(plain, passed_shape(op.output, sample), largest, multiple, random)
    return replace(sample, kind=style, arrays=arrays, cotangent=laid_out(cotangent, random))


def passed_shape(tensor: Tensor, sample: Sample) -> Shape:
    """The shape in which a user passes a tensor: `...` as the leading axes it stands for, and so on."""
    if sample.arranged.moves(tensor):
        return sample.arranged.outer(tensor, sample.extents(tensor), sample.shared)[1]
    shape: list[int] = []
    for b, n in zip(tensor.axes, shape_of(tensor.axes, sample.names), strict=True):
        leading = sample.shared.leading
        shape += leading if b.name == "..." and math.prod(leading) == n else (n,)
    return tuple(shape)


def _has_value(sample: Sample) -> bool:
    """Whether the law has a finite value on these data."""
    try:
        with np.errstate(all="ignore"):
            world = world_of(sample.op, Plain(), sample.names, sample.lawful)
    except MeaningError:
        return False
    return bool(np.isfinite(world.tensors[sample.op.output.name]).all())
