"""Evaluates laws on arrays by the denotation, with numbers for sizes taken from the arrays."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from derive.expressions.expr import Entry
from derive.expressions.index import index
from derive.laws.definitions import unfolder
from derive.meaning.denote import World
from derive.meaning.exact import Number
from derive.meaning.integers import Array, Formula
from derive.meaning.small_sizes import sizes_of
from derive.operation import Op

Nested = list  # of lists, or of numbers


def array(nested: object) -> Array:
    """Nested lists as an array; a number is an array without axes."""
    shape: list[int] = []
    inner = nested
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else 0
    return Array(tuple(shape), tuple(_flat(nested)))


def _flat(nested: object) -> list[Number]:
    return [x for part in nested for x in _flat(part)] if isinstance(nested, list) else [nested]


def names_of(op: Op, arrays: Mapping[str, Array], parameters: Mapping[str, Number] | None = None) -> dict[str, Number]:
    """Numbers for every symbol: extents from the arrays, parameters as given, then the derived sizes."""
    names: dict[str, Number] = dict(parameters or {})
    for t in op.inputs:
        if t.name in arrays:
            for b, n in zip(t.axes, arrays[t.name].shape, strict=True):
                if b.extent.name is not None:
                    assert names.setdefault(b.extent.name, n) == n, (
                        f"{t.name}: {b.name} is {n}, not {names[b.extent.name]}"
                    )
    return {**names, **sizes_of(op, names)}


def world_of(op: Op, arrays: Mapping[str, Array], parameters: Mapping[str, Number] | None = None) -> World:
    """The world in which a law's inputs are these arrays, in floats where one of them holds floats."""
    extents = {t.name: tuple(b.extent for b in t.axes) for t in op.tensors}
    formulas = {e.target: Formula(e.names, extents[e.target], e.body) for e in op.equations}
    names = names_of(op, arrays, parameters)
    if any(isinstance(v, float) for a in arrays.values() for v in a.values):
        return World(names, arrays, formulas, unfolder(op), lift=float)
    return World(names, arrays, formulas, unfolder(op))


def output_of(op: Op, arrays: Mapping[str, Array], parameters: Mapping[str, Number] | None = None) -> Array:
    """The output of a law."""
    world = world_of(op, arrays, parameters)
    shape = tuple(world.size(b.extent, {}) for b in op.output.axes)
    entry = Entry(op.output.name, tuple(index(b.name) for b in op.output.axes))
    names = [b.name for b in op.output.axes]
    points = (dict(zip(names, at, strict=True)) for at in product(*map(range, shape)))
    return Array(shape, tuple(world.value(entry, p) for p in points))
