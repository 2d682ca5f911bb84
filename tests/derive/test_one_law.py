"""A graph written as one law is derived through all of its layers, and is what the sweep over its nodes gives."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from derive.catalogue import op
from derive.checker import verdict
from derive.errors import OperationError
from derive.expressions.index import index
from derive.language.show import show
from derive.meaning.digits import real
from derive.meaning.exact import Number
from derive.meaning.integers import Array
from derive.networks.composition import Graph
from derive.networks.network import mlp, relu_classifier, three_weights, two_weights
from derive.networks.one_law import one_law
from derive.operation import Op
from derive.rewrite import run
from derive.sweep import STAGES, gradient
from tests.derive.evaluate import output_of, world_of
from tests.derive.test_sweep_values import drawn, fan_out, forward, swept

SIGMOIDS = "p[n]*(1 - p[n])"

FORMULAS = {
    (two_weights, "u"): f"2*dE/dE*sum[n] (p[n] - y[n])*h[n]*{SIGMOIDS}",
    (two_weights, "w"): f"2*dE/dE*u*sum[n] (p[n] - y[n])*x[n]*h[n]*(1 - h[n])*{SIGMOIDS}",
    (three_weights, "u"): f"2*dE/dE*sum[n] (p[n] - y[n])*g[n]*{SIGMOIDS}",
    (three_weights, "v"): f"2*dE/dE*u*sum[n] (p[n] - y[n])*h[n]*g[n]*(1 - g[n])*{SIGMOIDS}",
    (three_weights, "w"): f"2*dE/dE*u*v*sum[n] (p[n] - y[n])*x[n]*h[n]*(1 - h[n])*g[n]*(1 - g[n])*{SIGMOIDS}",
}


@pytest.mark.parametrize("case", FORMULAS, ids=lambda c: f"{c[0].__name__} {c[1]}")
def test_the_chain_rule_of_weights_in_a_row_is_written_out_to_the_end(case) -> None:
    build, weight = case
    assert show(gradient(one_law(build()), weight).formula, bounds=False) == FORMULAS[case]


@pytest.mark.parametrize("build", [two_weights, three_weights, mlp, relu_classifier], ids=lambda b: b.__name__)
def test_the_certificate_of_a_whole_network_is_accepted_by_the_checker(build: Callable[[], Graph]) -> None:
    law = one_law(build())
    for weight in build().parameters:
        assert verdict(gradient(law, weight).certificate()).startswith(f"dE/d{weight} of E in ")


def test_leading_axes_are_named_and_sizes_are_those_of_the_graph() -> None:
    law = one_law(mlp(bias="vector"))
    assert law.text.splitlines()[:3] == [
        "a[n,k] = sum[c] x[n,c]*W[k,c] + b[k]",
        "h[n,m] = 1/(1 + exp(-a[n,m]))",
        "z[n,k] = sum[c] h[n,c]*U[k,c]",
    ]
    assert [(b.name, b.extent) for b in law.tensor("W").axes] == [("k", index(5)), ("c", index(2))]


def test_a_size_that_is_called_as_an_index_is_refused() -> None:
    with pytest.raises(OperationError, match="two_weights: got the size n, expected another letter"):
        one_law(two_weights(batch="n"))
    assert one_law(two_weights(batch="B")).tensor("x").axes[0].extent == index("B")


@pytest.mark.parametrize("seed", range(3))
def test_one_law_and_the_sweep_over_its_nodes_are_the_same_numbers(seed: int) -> None:
    g, inputs = fan_out(), drawn(seed)  # one weight is read by two nodes, and two branches meet
    law, values = one_law(g), forward(g, inputs)
    assert output_of(law, inputs).values == values["loss"].values
    by_node = swept(g, values, ("X", "W"))
    for name in ("X", "W"):
        d = gradient(law, name)
        world = world_of(law, {**inputs, "dE/dloss": Array((), (1,))})
        assert [world.value(d.formula, point) for point in world.tuples(d.axes, {})] == by_node[name]


def test_a_bias_in_a_column_that_meets_a_one_is_a_bias_for_all_sizes() -> None:
    trick = op("O[n,k] = sum[c<C+1] (X[n,c] + [c==C])*W[k,c]; X[n<N,c<C]; W[k<K,c<C+1]")
    *_, last = run(trick.equations[-1].body, STAGES, trick, trick.output.axes)
    assert show(last.after, bounds=False) == "sum[c] X[n,c]*W[k,c] + W[k,C]"


def test_the_perceptron_with_a_one_and_the_one_with_a_bias_vector_are_the_same_function() -> None:
    """Column C of W is the bias, entry by entry, and so are their gradients."""
    r = Random(5)
    x, y = (Array((2, 2), tuple(real(r.randint(-3, 3)) for _ in range(4))) for _ in range(2))
    weight = [[real(r.randint(-3, 3)) for _ in range(3)] for _ in range(5)]
    upper = Array((2, 5), tuple(real(r.randint(-3, 3)) for _ in range(10)))
    common = {"x": x, "y": y, "U": upper, "dE/dE": Array((), (real(1),))}
    ones = {**common, "W": Array((5, 3), tuple(v for row in weight for v in row))}
    vector = {**common, "W": Array((5, 2), tuple(v for row in weight for v in row[:2])),
              "b": Array((5,), tuple(row[2] for row in weight))}  # fmt: skip
    one, other = (one_law(mlp(bias=word, batch=2)) for word in ("ones", "vector"))
    assert output_of(one, ones).values == output_of(other, vector).values
    by_one = valued(one, "W", ones)
    assert [v for k, v in enumerate(by_one) if k % 3 < 2] == valued(other, "W", vector)
    assert by_one[2::3] == valued(other, "b", vector)
    assert by_one[0::3] != by_one[2::3]


def valued(law: Op, name: str, arrays: dict[str, Array]) -> list[Number]:
    d = gradient(law, name)
    world = world_of(law, arrays)
    return [world.value(d.formula, point) for point in world.tuples(d.axes, {})]
