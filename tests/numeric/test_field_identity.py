"""Derived gradients, and whole networks of them, are identities over the prime field; wrong ones are not."""

import math
from fractions import Fraction

import pytest

from derive.catalogue import op, variants
from derive.conventions import D1, by_rule, rules, under
from derive.errors import OperationError
from derive.expressions.build import mul
from derive.expressions.expr import Expr, Num
from derive.language.notation import parse_expr
from derive.networks.composition import Graph, graph
from derive.networks.network import NETWORKS, Layer, lenet, sequential
from numeric.backend import Formula, gradient_formula
from numeric.field import check_network, check_operation, identity
from tests.derive.derivations import LAWS, operation
from tests.numeric.mistakes import MISTAKES, Mistake

AT_TIES_ONLY = {36, 37, 38, 47}
"""Mistakes that are right wherever no two values meet: at random points none do. Tie patterns are for other tests."""


@pytest.mark.parametrize("case", range(len(LAWS)), ids=lambda k: f"{LAWS[k][0][:40]} {LAWS[k][1] or ''}")
def test_every_derived_gradient_is_an_identity(case: int) -> None:
    for check in check_operation(operation(case), configurations=2):
        assert check, str(check)
        assert "identity over the prime field" in check.claim


@pytest.mark.parametrize("law", ["cross_entropy", "softmax", "elu", "batch_norm", "lp_pool2d", "max_pool1d"])
def test_every_variant_of_an_operation_is_an_identity(law: str) -> None:
    assert [str(c) for v in variants(law) for c in check_operation(v, configurations=1) if not c] == []


def changed(formula: Formula, body: Expr) -> Formula:
    return Formula(formula.target, formula.axes, body)


def judged(mistake: Mistake) -> bool:
    law = op(mistake.law, **mistake.settings)
    right = gradient_formula(law, law.tensor(mistake.wrt))
    return all(check_operation(law, {mistake.wrt: changed(right, mistake.wrong(right.body))}, configurations=8))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_is_no_identity_unless_it_is_one_of_ties(mistake: Mistake) -> None:
    assert judged(mistake) == (mistake.number in AT_TIES_ONLY)


@pytest.mark.parametrize("law", ["relu", "leaky_relu", "prelu", "elu", "max_pool1d", "max_pool2d"])
def test_a_gradient_is_an_identity_under_every_convention(law: str) -> None:
    own = op(law)
    right = gradient_formula(own, own.tensor("X"))
    for rule in rules(own):
        assert all(check_operation(own, {"X": changed(right, by_rule(own, right.body, rule))}, configurations=2))
    assert all(check_operation(own, {"X": changed(right, under(own, right.body, D1))}))


def test_the_layer_says_whether_exponentials_are_free() -> None:
    assert {c.layer for c in check_operation(op("conv2d"), configurations=1)} == {3}
    assert {c.layer for c in check_operation(op("softmax"), configurations=1)} == {4}


@pytest.mark.parametrize(("law", "compares"), [("conv2d", False), ("relu", True), ("max_pool2d", True)])
def test_the_bound_is_said_to_hold_in_the_orders_drawn_where_a_law_compares_values(law: str, compares: bool) -> None:
    for check in check_operation(op(law), configurations=1):
        assert ("where values compare as drawn" in check.claim) == compares
        assert ("in the orders drawn, and but for ties by chance" in check.claim) == compares


# -- networks ----------------------------------------------------------------------------------------------------------

FILTER = {"K_h": 3, "K_w": 2}


def small_network() -> Graph:
    """Convolution with stride 2, sigmoid, average pool, tanh, convolution, max pool, linear, softmax cross-entropy."""
    layers = (
        Layer("conv1", "conv2d", {"stride": 2}, {"K": 2, **FILTER}),
        Layer("act1", "sigmoid"),
        Layer("pool1", "avg_pool2d", {"kernel_size": 2, "stride": 1}),
        Layer("act2", "tanh"),
        Layer("conv2", "conv2d", {}, {"K": 3, "K_h": 2, "K_w": 2}),
        Layer("pool2", "max_pool2d", {"kernel_size": 2, "stride": 1}),
        Layer("flat", "flatten"),
        Layer("fc", "linear", {}, {"K": 4}),
    )
    return sequential("small", (1, 13, 12), layers)


def reduced_lenet(activation: str, pooling: str) -> Graph:
    """LeNet-5 with fewer and smaller filters on 12 x 12: every layer of it is there."""

    def conv(number: int, filters: int) -> Layer:
        return Layer(f"conv{number}", "conv2d", {}, {"K": filters, "K_h": 3, "K_w": 3})

    def dense(number: int, units: int) -> Layer:
        return Layer(f"fc{number}", "linear", {}, {"K": units})

    pool = {"kernel_size": 2}
    layers = (
        conv(1, 2), Layer("act1", activation), Layer("pool1", pooling, pool),
        conv(2, 3), Layer("act2", activation), Layer("pool2", pooling, pool),
        Layer("flat", "flatten"), dense(1, 6), Layer("act3", activation), dense(2, 5), Layer("act4", activation),
        dense(3, 4),
    )  # fmt: skip
    return sequential("reduced_lenet", (1, 12, 12), layers)


@pytest.mark.parametrize(
    "network",
    [
        small_network(),
        *(reduced_lenet(a, p) for a in ("relu", "tanh", "sigmoid", "elu") for p in ("max_pool2d", "avg_pool2d")),
        *(NETWORKS[name].build() for name in ("rgb_layer", "two_weights", "three_weights", "mlp", "relu_classifier")),
        lenet(),
    ],
    ids=lambda g: g.name,
)
def test_the_gradients_of_a_whole_network_are_its_derivatives(network: Graph) -> None:
    (check,) = check_network(network)
    assert check, str(check)
    chance = int(check.claim.rsplit("2^-", 1)[1].rstrip(")"))
    assert chance >= 40


@pytest.mark.parametrize(
    "node_and_letter", [(u.node.name, u.letter) for c in small_network().backward() for u in c.uses]
)
def test_any_wrong_gradient_in_a_network_is_seen_and_located(node_and_letter: tuple[str, str]) -> None:
    name, letter = node_and_letter
    network = small_network()
    law = network.node(name).op
    right = gradient_formula(law, law.tensor(letter))
    wrong = changed(right, mul((Num(Fraction(2)), right.body)))
    checks = check_network(network, formulas={(name, letter): wrong})
    failed = {c.claim.split("dE/d ")[1].split(" is")[0] for c in checks if not c}
    order = [n.name for n in network.nodes]
    reached = {p for p in network.parameters if order.index(p.split(".")[0]) < order.index(name)}
    own = {f"{name}.{law.tensor(letter).argument}"} & set(network.parameters)
    assert failed == (own or reached)
    assert all(math.isinf(c.error) and "modulo 2^61-1" in c.detail for c in checks if not c)


def test_a_gradient_that_is_wrong_in_one_sample_alone_is_seen() -> None:
    network = small_network()
    law = network.node("fc").op
    right = gradient_formula(law, law.tensor("W"))
    wrong = changed(right, parse_expr("sum[...<1] dE/dO[...,k]*X[...,c]"))
    assert not all(check_network(network, formulas={("fc", "W"): wrong}))


def test_more_points_are_taken_until_the_chance_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "CHANCE", 2.0**-90)
    (check,) = check_network(NETWORKS["two_weights"].build())
    assert check.cases >= 2
    assert int(check.claim.rsplit("2^-", 1)[1].rstrip(")")) >= 90


def test_a_network_with_several_symbols_is_refused() -> None:
    b = graph("open")
    b.input("x", "N", "M")
    b.input("y", "N", "M")
    b.add("E", op("mse_loss"), {"input": "x", "target": "y"})
    with pytest.raises(OperationError, match="got the symbols M, N, expected one"):
        check_network(b.build(scores="x"))
