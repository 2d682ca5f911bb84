"""Sizes, settings and data for any operation, drawn from a seed so as to expose mistakes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from derive.errors import MeaningError
from derive.operation import Op, Tensor
from numeric.calling.layouts import Arrangement, Shared
from numeric.checks.sample_layouts import alone, arranged
from numeric.checks.sample_sizes import SMALL, Limits, best_sizes, chosen_symbols, exposes, fitting, no_sizes, points
from numeric.checks.sample_values import labels, laid_out, numbers
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import shape_of, world_of

Shape = tuple[int, ...]
Setting = int | float | tuple[int | float, ...]

RETRIES = 20
REAL = ("plain", "wide", "saturated")


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


# -- sizes -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def sized(op: Op, seed: int, attempt: int = 0, limits: Limits = SMALL) -> Sample | None:
    """A sample with sizes and settings, still without data, or None where no sizes fit."""
    random = np.random.default_rng([seed, 1, attempt])
    single = alone(op, random)
    names = best_sizes(op, random, single, limits)
    return None if names is None else with_sizes(op, seed, names, random, bool(single))


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


__all__ = [
    "REAL",
    "RETRIES",
    "SMALL",
    "Limits",
    "Sample",
    "Shape",
    "at_sizes",
    "chosen_symbols",
    "configurations",
    "draw",
    "exposes",
    "fitting",
    "no_sizes",
    "passed_shape",
    "points",
    "sized",
    "with_data",
    "with_sizes",
]
