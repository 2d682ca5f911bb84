"""How far an operation's results may be off by rounding on one sample, and samples on which nothing is rounded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from derive.errors import OperationError
from derive.expressions.expr import Expr, Fn
from derive.expressions.traversal import walk
from derive.operation import Op
from numeric.backend import Formula, cotangent
from numeric.checks.rounding import FLOAT32, FLOAT64, Ball, Precision, Rounding
from numeric.checks.samples import Sample, draw
from numeric.checks.tangents import Dual, Tangents
from numeric.evaluation.dense import Dense, shape_of, world_of

LARGEST = (100, 9, 3, 1)
"""How large integers may be, in units of what is divided by: the first at which every sum stays below 2^24."""

OUTPUT = ""
"""The key of the output; gradients have their tensor's argument as key."""

Formulas = Mapping[str, Formula]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Values with errors of the output and the gradients, in the law's shapes, in one precision."""

    balls: Mapping[str, Ball]
    precision: Precision
    decided: bool
    divisors: frozenset[int]

    @property
    def exact(self) -> bool:
        """Whether no float evaluation rounds at all."""
        return all(b.error is None or not b.error.any() for b in self.balls.values())

    def value(self, key: str) -> NDArray:
        """The exact value, or the float64 one, of which the error takes account."""
        return self.balls[key].value

    def error(self, key: str) -> NDArray:
        """The error bound, entry by entry."""
        return self.balls[key].spread


def bounds_on(op: Op, formulas: Formulas, sample: Sample, precision: Precision) -> Bounds:
    """Bounds for the output and every gradient of a sample. Raises: MeaningError where the law has no value."""
    arithmetic = Rounding(precision)
    world = _world(op, sample, arithmetic)
    output = op.output
    balls = {OUTPUT: arithmetic.spread(world.tensors[output.name], world.shapes[output.name])}
    for t in sample.wrt:
        balls[t.argument] = ball_of(world, formulas[t.name])
    return Bounds(balls, precision, arithmetic.decided, frozenset(arithmetic.divisors))


def in_double(op: Op, formulas: Formulas, sample: Sample, bounds: Bounds) -> Bounds:
    """The bounds in float64, from those in float32.

    Every error is a polynomial in the unit roundoff, without a constant, with coefficients that are not negative, so it
    shrinks at least as fast as the unit; only where a comparison or an overflow is open it is computed again.
    """
    if not bounds.decided or any(np.isinf(b.spread).any() for b in bounds.balls.values()):
        return bounds_on(op, formulas, sample, FLOAT64)
    ratio = Rounding(FLOAT64).unit / Rounding(bounds.precision).unit
    balls = {key: Ball(b.value, None if b.error is None else b.error * ratio) for key, b in bounds.balls.items()}
    return Bounds(balls, FLOAT64, True, bounds.divisors)


def _world(op: Op, sample: Sample, arithmetic: Rounding) -> Dense[Ball]:
    world = world_of(op, arithmetic, sample.names, sample.lawful)
    dy = sample.flat(op.output, sample.cotangent)
    world.read(cotangent(op), arithmetic.data(dy), dy.shape)
    return world


def ball_of(world: Dense[Ball], formula: Formula) -> Ball:
    """A formula's values with their errors."""
    found, shape = world.tensor(formula.axes, formula.body)
    return world.arithmetic.spread(found, shape)


def error_of(op: Op, sample: Sample, name: str, formula: Expr) -> NDArray:
    """The error in float64 of one gradient computed by another formula."""
    return ball_of(_world(op, sample, Rounding(FLOAT64)), Formula("", op.tensor(name).axes, formula)).spread


# -- samples without rounding ------------------------------------------------------------------------------------------


def exact_sample(op: Op, formulas: Formulas, seed: int) -> tuple[Sample, Bounds] | None:
    """A sample of integers on which float32 computes the output and every gradient exactly, or None.

    Data are multiples of everything that is divided by; functions such as exp leave the integers.
    """
    if not _stays_in_integers([e.body for e in op.equations]):
        return None
    multiple = 1
    for largest in LARGEST:
        for _ in range(2):  # the second time as multiples of what the first time was divided by
            try:
                sample = draw(op, seed, "integer", largest, multiple)
            except OperationError:  # the law may have no value on integers
                return None
            bounds = bounds_on(op, formulas, sample, FLOAT32)
            needed = math.lcm(multiple, *bounds.divisors)
            if bounds.exact and needed == multiple:  # so that another order of operations is exact, too
                return sample, bounds
            if needed == multiple or needed > FLOAT32.integers:
                break
            multiple = needed
    return None


def _stays_in_integers(bodies: Iterable[Expr]) -> bool:
    return not any(isinstance(node, Fn) for body in bodies for node in walk(body))


# -- directional derivatives -------------------------------------------------------------------------------------------


def direction(sample: Sample, name: str, multiple: int = 1) -> NDArray:
    """A direction for an input, in the law's shape: small integers times `multiple`."""
    shape = shape_of(sample.op.tensor(name).axes, sample.names)
    random = np.random.default_rng([sample.seed, 3, *name.encode()])
    return random.integers(-9, 10, shape) * float(multiple)


def along(sample: Sample, name: str, v: NDArray) -> Ball:
    """J v: how the output moves along v in one input, computed from the law alone, in float64 with its error."""
    op, inner = sample.op, Rounding(FLOAT64)
    t = op.tensor(name)
    array = sample.arrays[t.argument]
    assert array is not None, f"{name} is not part of this sample"
    moving = {name: Dual(inner.data(sample.flat(t, array)), inner.data(v))}
    world = world_of(op, Tangents(inner), sample.names, sample.lawful, moving)
    moved = world.tensors[op.output.name].tangent
    shape = world.shapes[op.output.name]
    return inner.spread(inner.number(Fraction(0)) if moved is None else moved, shape)


def inner_product(a: Ball, b: Ball) -> Ball:
    """<a, b> in float64 with its error."""
    arithmetic = Rounding(FLOAT64)
    product = arithmetic.multiply(
        [Ball(a.value.reshape(-1), _flat(a), a.whole), Ball(b.value.reshape(-1), _flat(b), b.whole)]
    )
    return arithmetic.total(product, (product.value.size,), 0)


def _flat(b: Ball) -> NDArray | None:
    return None if b.error is None else b.error.reshape(-1)
