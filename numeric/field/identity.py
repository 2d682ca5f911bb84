"""Derived gradients checked as identities over the prime field: <g, J v> = <dE/dX, v>, J v from the law alone.

Both sides are rational functions of the data, the cotangent, the direction and the free variables. If they differ, they
agree at a random point with probability at most degree/p (Schwartz-Zippel); coincidences among the arguments of free
variables are added. A gradient that passes is the derivative for these sizes, whatever the data; where a law compares
values, for the orders of them that were drawn, and coincidences among the values compared are not added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from derive.conventions import chooses_by_values
from derive.errors import OperationError
from derive.expressions.expr import Fn
from derive.expressions.index import Index
from derive.expressions.traversal import walk
from derive.meaning.exact import PRIME
from derive.networks.composition import Graph, Use
from derive.operation import Op
from numeric.backend import Formula, cotangent, gradient_formula
from numeric.calling.binding import Shape, evaluate
from numeric.checks.checking import Check
from numeric.checks.sample_values import labels_below
from numeric.checks.samples import Sample, draw
from numeric.checks.tangents import Dual, Tangents
from numeric.evaluation.dense import Dense, shape_of, world_of
from numeric.field import degrees
from numeric.field.arithmetic import Field, Value
from numeric.networks.sweeping import backward, forward

POLYNOMIAL, FREE = 3, 4
"""The layers that speak: identities of rational functions, and the same with exponentials and logarithms free."""

MOST_WORK = 1 << 24
"""Multiply-adds of a layer, whose space is evaluated in one piece."""

CHANCE, MOST_POINTS = 2.0**-40, 4
"""A network is checked at more points until a wrong one passes with less than this probability."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """Both sides of an identity at one point, and the probability of meeting there by chance."""

    left: int
    right: int
    chance: float

    @property
    def equal(self) -> bool:
        return self.left == self.right


# -- one law -----------------------------------------------------------------------------------------------------------


def check_operation(
    op: Op, formulas: Mapping[str, Formula] | None = None, configurations: int = 4, seed: int = 0
) -> list[Check]:
    """One check an input: its gradient's formula (None: the derived one) is the derivative of the law.

    Raises: NotDerived; OperationError where no sizes are found; MeaningError for powers with exponents that vary.
    """
    law = replace(op, hypotheses=(), stable=())
    given = formulas if formulas is not None else {t.name: gradient_formula(law, t) for t in law.differentiable}
    meetings: dict[str, list[Meeting]] = {name: [] for name in given}
    for k in range(configurations):
        sample = draw(law, seed + k, "real")  # for its sizes, settings and labels
        for t in sample.wrt:
            if t.name in given:
                meetings[t.name].append(_at_a_point(law, given[t.name], t.name, sample))
    # every configuration is a claim about sizes of its own: the worst chance is theirs
    return [
        _verdict(f"dE/d{name} is the derivative of the law", [law], max(m.chance for m in found), found, seed)
        for name, found in meetings.items()
        if found
    ]


def _at_a_point(law: Op, formula: Formula, wrt: str, sample: Sample) -> Meeting:
    """<g, J v> and <formula, v> with all data, g and v drawn from the field."""
    arithmetic = Field(np.random.default_rng([sample.seed, 4, *wrt.encode()]))
    shapes = {t.name: shape_of(t.axes, sample.names) for t in law.tensors}
    values = {t.name: arithmetic.drawn(shapes[t.name]) for t in law.differentiable if t in sample.wrt}
    direction, dy = arithmetic.drawn(shapes[wrt]), arithmetic.drawn(shapes[law.output.name])
    moving = {name: Dual(x, direction if name == wrt else None) for name, x in values.items()}
    moved = world_of(law, Tangents(arithmetic), sample.names, sample.lawful, moving).tensors[law.output.name].tangent
    zero = arithmetic.data(np.zeros(()))
    left = inner_product(arithmetic, dy, zero if moved is None else moved)
    world = world_of(law, arithmetic, sample.names, sample.lawful, values)
    world.read(cotangent(law), dy, shapes[law.output.name])
    right = inner_product(arithmetic, gradient_of(world, formula), direction)
    return _meeting(arithmetic, left, right)


def gradient_of(world: Dense[Value], formula: Formula) -> Value:
    """A formula's entries."""
    found, shape = world.tensor(formula.axes, formula.body)
    return world.arithmetic.spread(found, shape)


def inner_product(arithmetic: Field, a: Value, b: Value) -> Value:
    """<a, b>."""
    terms = arithmetic.multiply([a, b])
    return arithmetic.total(terms, terms.entries.shape, 0)


def _meeting(arithmetic: Field, left: Value, right: Value) -> Meeting:
    difference = degrees.of_sum((left.degree, right.degree)).cleared
    return Meeting(int(left.entries), int(right.entries), (difference + arithmetic.collisions) / PRIME)


# -- a network ---------------------------------------------------------------------------------------------------------


def check_network(
    graph: Graph, batch: int = 2, seed: int = 0, formulas: Mapping[tuple[str, str], Formula] | None = None
) -> list[Check]:
    """dE/dw of every parameter, composed by the derived sweep, is the derivative of the network's laws.

    One check for all parameters together, along one random direction, at as many points as CHANCE asks for; where that
    fails, one for each, so that the wrong ones are named. `formulas` puts others in place of derived ones, by node and
    letter. Raises: OperationError for symbols other than the batch size and for layers that are too large, NotDerived.
    """
    _refuse_large(graph, batch)
    laws = [n.op for n in graph.nodes]
    points = [_Point(graph, batch, seed, formulas or {})]
    found = [points[0].meeting(graph.parameters)]
    while found[-1].equal and math.prod(m.chance for m in found) > CHANCE and len(points) < MOST_POINTS:
        points.append(_Point(graph, batch, seed + len(points), formulas or {}))
        found.append(points[-1].meeting(graph.parameters))
    claim = f"{graph.name}: dE/dw of all {len(graph.parameters)} parameters is the derivative of the network"
    whole = _verdict(claim, laws, math.prod(m.chance for m in found), found, seed)
    if whole:
        return [whole]
    each = {w: points[-1].meeting((w,)) for w in graph.parameters}
    claims = {w: f"{graph.name}: dE/d {w} is the derivative of the network" for w in each}
    return [_verdict(claims[w], laws, m.chance, [m], seed + len(points) - 1) for w, m in each.items()]


def _refuse_large(graph: Graph, batch: int) -> None:
    for row in graph.table():
        work = evaluate(row.multiply_adds, dict.fromkeys(row.multiply_adds.names(), batch))
        if work > MOST_WORK:
            where = f"{graph.name}: {row.name}: got {work:,} multiply-adds"
            raise OperationError(f"{where}, expected at most {MOST_WORK:,}; check the network at smaller sizes")


class _Point:
    """A network at one random point: the derived gradients, and derivatives along directions in some parameters."""

    def __init__(self, graph: Graph, batch: int, seed: int, formulas: Mapping[tuple[str, str], Formula]) -> None:
        self.graph = graph
        self.field = Field(np.random.default_rng([seed, 5]))
        self.shapes = _shapes(graph, batch)
        self.labels = _labels(graph, self.shapes, self.field.generator)
        drawn = [name for name in self.shapes if name not in self.labels]
        self.values = {name: self.field.drawn(self.shapes[name]) for name in drawn}
        self.directions = {name: self.field.drawn(self.shapes[name]) for name in graph.parameters}

        def contribution(use: Use, world: Dense[Value]) -> Value:
            d = use.derivation
            own = Formula(d.target.tensor, d.axes, d.formula)
            return gradient_of(world, formulas.get((use.node.name, use.letter), own))

        worlds = forward(graph, self.field, self.values, self.shapes, self.labels, stable=False)
        one = self.field.data(np.ones(()))
        self.gradients = backward(graph, self.field, worlds, one, contribution, lambda v: v.reshape(-1))

    def meeting(self, moved: Sequence[str]) -> Meeting:
        """The derivative of E along the directions of some parameters, forwards through the laws and by the sweep."""
        moving = {name: Dual(x, self.directions[name] if name in moved else None) for name, x in self.values.items()}
        worlds = forward(self.graph, Tangents(self.field), moving, self.shapes, self.labels, stable=False)
        last = self.graph.nodes[-1]
        left = worlds[last.name].tensors[last.op.output.name].tangent
        by_sweep = [inner_product(self.field, self.gradients[w], self.directions[w].reshape(-1)) for w in moved]
        zero = self.field.data(np.zeros(()))
        return _meeting(self.field, zero if left is None else left, self.field.add(by_sweep))


def _shapes(graph: Graph, batch: int) -> dict[str, Shape]:
    """The shapes of inputs and parameters, with a number for the one symbol of a batch."""
    shapes: dict[str, Shape] = {}
    for name in (*graph.inputs, *graph.parameters):
        symbols = {s for n in graph.shapes[name] for s in n.names()}
        shapes[name] = tuple(evaluate(n, dict.fromkeys(symbols, batch)) for n in graph.shapes[name])
        if len(symbols) > 1:
            raise OperationError(f"{graph.name}: {name}: got the symbols {', '.join(sorted(symbols))}, expected one,"
                                 " the batch size; give the others numbers")  # fmt: skip
    return shapes


def _labels(graph: Graph, shapes: Mapping[str, Shape], random: np.random.Generator) -> dict[str, NDArray]:
    """Labels for the inputs that hold integers, as large as the laws that read them allow."""
    found: dict[str, NDArray] = {}
    for name in sorted(graph.integers):
        readers = [(n, letter) for n in graph.nodes for letter, source in n.feeds if source == name]
        ends = [labels_below(n.op, n.op.tensor(letter), _numbers(n.sizes)) for n, letter in readers]
        found[name] = random.integers(0, min(ends), shapes[name])
    return found


def _numbers(sizes: Sequence[tuple[str, Index]]) -> dict[str, int]:
    return {name: extent.constant for name, extent in sizes if extent.constant is not None}


# -- verdicts ----------------------------------------------------------------------------------------------------------


def _layer(laws: Sequence[Op]) -> int:
    nodes = (n for law in laws for e in law.equations for n in walk(e.body))
    return FREE if any(isinstance(n, Fn) for n in nodes) else POLYNOMIAL


def _verdict(claim: str, laws: Sequence[Op], chance: float, found: Sequence[Meeting], seed: int) -> Check:
    """What several points say; `chance` is that of passing although something is wrong.

    Where values are compared, it is the chance among points of the same order: one that is wrong for another order is
    not met, and values that differ but are equal at a point are not counted.
    """
    layer, bound = _layer(laws), f"a wrong one passes with probability below 2^{_exponent(chance)}"
    if any(map(chooses_by_values, laws)):
        claim += " where values compare as drawn"
        bound = f"in the orders drawn, and but for ties by chance, {bound}"
    said = f"{claim}: identity over the prime field of 2^61-1 elements ({bound})"
    wrong = next(((k, m) for k, m in enumerate(found) if not m.equal), None)
    if wrong is None:
        return Check(said, layer, 0.0, seed=seed, cases=len(found))
    k, m = wrong
    detail = f"<g, J v> is {m.left} by the law and {m.right} by the formula, modulo 2^61-1"
    return Check(said, layer, math.inf, seed=seed + k, cases=len(found), detail=detail)


def _exponent(chance: float) -> int:
    """The least power of 2 that is above a probability; 0 where it is no bound at all."""
    return min(0, math.floor(math.log2(chance)) + 1) if chance > 0 else -PRIME.bit_length()
