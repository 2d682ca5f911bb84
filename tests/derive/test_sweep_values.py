"""The reverse sweep over a graph, fan-out and shared weights included, has the value that dual numbers give."""

from __future__ import annotations

from random import Random

import pytest

from derive.catalogue import op
from derive.expressions.expr import Entry
from derive.expressions.index import index
from derive.meaning.denote import World
from derive.meaning.exact import Dual, Number
from derive.meaning.integers import Array
from derive.networks.composition import Graph, graph
from derive.operation import Op
from tests.derive.evaluate import output_of, world_of

Tensors = dict[str, Array]


def fan_out() -> Graph:
    """X feeds two branches, and one weight is shared by two of the nodes."""
    b = graph("fan-out")
    x = b.input("X", 2, 3)
    w = b.parameter("W", 3, 3)
    y = b.input("Y", 2, 3)
    first = b.add("first", op("O[n,k] = sum[c] X[n,c]*W[k,c]"), {"X": x, "W": w})
    act = b.add("act", op("relu"), first)
    second = b.add("second", op("O[n,k] = sum[c] X[n,c]*W[k,c]"), {"X": act, "W": w})
    both = b.add("both", op("add"), {"X": second, "Y": x})
    twice = b.add("twice", op("O[n,c] = X[n,c]*Y[n,c]"), {"X": both, "Y": both})
    b.add("loss", op("O = sum[n,c] (X[n,c] - Y[n,c])^2"), {"X": twice, "Y": y})
    return b.build(scores=twice)


def flat(own: Op, feeds: tuple[tuple[str, str], ...], values: Tensors) -> Tensors:
    """What enters a node by the letters of its law, leading axes as one."""
    found = {}
    for letter, source in feeds:
        axes, a = own.tensor(letter).axes, values[source]
        spread = any(b.name == "..." for b in axes)
        found[letter] = Array((len(a.values),), a.values) if spread else a
    return found


def forward(g: Graph, inputs: Tensors) -> Tensors:
    """Every tensor of the graph, in any arithmetic: dual numbers too."""
    values = dict(inputs)
    for node in g.nodes:
        found = output_of(node.op, flat(node.op, node.feeds, values))
        shape = tuple(n.constant or 0 for n in g.shapes[node.name])
        values[node.name] = Array(shape, found.values)
    return values


def swept(g: Graph, values: Tensors, wanted: tuple[str, ...]) -> dict[str, list[Number]]:
    """The cotangents of the graph by its derivations: dE/dS is the sum over the uses of S."""
    known: dict[str, list[Number]] = {g.nodes[-1].name: [1]}
    for cotangent in g.backward(wanted):
        total: list[Number] = [0] * len(values[cotangent.of].values)
        for use in cotangent.uses:
            d, inputs = use.derivation, flat(use.node.op, use.node.feeds, values)
            world = world_of(d.op, inputs)
            output = d.op.output
            shape = tuple(world.size(b.extent, {}) for b in output.axes)
            arrays = {**inputs, f"dE/d{output.name}": Array(shape, tuple(known[use.node.name]))}
            through = World(world.names, arrays, world.formulas, world.unfold)
            for k, point in enumerate(through.tuples(d.axes, {})):
                total[k] = total[k] + through.value(d.formula, point)
        known[cotangent.of] = total
    return known


def drawn(seed: int) -> Tensors:
    r = Random(seed)
    shapes = {"X": (2, 3), "W": (3, 3), "Y": (2, 3)}
    return {n: Array(s, tuple(r.randint(-3, 3) for _ in range(s[0] * s[1]))) for n, s in shapes.items()}


def along(inputs: Tensors, name: str, k: int) -> Tensors:
    moved = tuple(Dual(v, int(m == k)) for m, v in enumerate(inputs[name].values))
    return {**inputs, name: Array(inputs[name].shape, moved)}


@pytest.mark.parametrize("seed", range(3))
def test_the_sweep_is_the_derivative_of_the_whole_graph_entry_by_entry(seed: int) -> None:
    g, inputs = fan_out(), drawn(seed)
    found = swept(g, forward(g, inputs), ("X", "W", "Y"))
    for name in inputs:
        duals = [forward(g, along(inputs, name, k))["loss"].values[0] for k in range(len(inputs[name].values))]
        assert found[name] == [d.tangent if isinstance(d, Dual) else 0 for d in duals]
    assert any(v != 0 for v in found["W"])


def test_a_sweep_that_leaves_out_a_use_has_another_value() -> None:
    g, inputs = fan_out(), drawn(0)
    whole = swept(g, forward(g, inputs), ("X", "W"))
    uses = {c.of: len(c.uses) for c in g.backward(("X", "W"))}
    assert (uses["X"], uses["W"], uses["both"]) == (2, 2, 2)
    (x,) = (c for c in g.backward(("X", "W")) if c.of == "X")
    only = Entry("dE/dO", (index("n"), index("c")))
    assert x.uses[0].derivation.formula != only
    assert whole["X"] != whole["both"]  # the second path alone is the cotangent of `both`
