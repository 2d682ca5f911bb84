"""A network's page holds its table, its graph, where every cotangent comes from, and each derivation once."""

import re

import pytest

from derive.catalogue import op
from derive.networks.composition import Graph, graph
from derive.networks.network import NETWORKS, lenet, mlp, two_weights
from derive.sweep import gradient
from reports.document import Document, Figure, Section, parts, plain
from reports.sections.network_figure import network_figure
from reports.sections.network_report import all_derivations, derivations, network_report
from reports.sections.whole_network import whole_gradients
from reports.writers.output import render


def titles(document: Document) -> list[str]:
    return [plain(part.title) for part in parts(document) if isinstance(part, Section)]


def test_every_cotangent_is_told_with_the_node_it_comes_through() -> None:
    graph = lenet()
    document = network_report(graph)
    sweep = next(p for p in parts(document) if isinstance(p, Section) and plain(p.title) == "The reverse sweep")
    rows = [tuple(map(plain, row)) for row in sweep.blocks[0].rows]  # type: ignore[union-attr]
    assert [row[0] for row in rows] == [c.of for c in graph.backward()]
    assert ("pool1", "conv2", "conv2d") in [row[:3] for row in rows]
    assert all(row[3] for row in rows)


def test_a_law_that_many_nodes_use_is_derived_and_told_once() -> None:
    document = network_report(lenet())
    told = [title for title in titles(document) if title.startswith("The gradient")]
    assert len(told) == len(set(told)) == 6
    assert "22 cotangents from 10 derivations" in plain(document.subtitle)


def test_the_certificates_of_a_small_network_go_through_all_of_its_layers() -> None:
    names = [(d.op.name, d.wrt.name) for d in all_derivations(two_weights())]
    assert names[:2] == [("two_weights", "w"), ("two_weights", "u")]
    assert len(names) == len(set(names)) == 6


def test_what_is_wanted_is_derived_and_no_more() -> None:
    graph = lenet()
    found = derivations(graph.backward(("fc3.weight",)))
    laws = {n.name: n.op for n in graph.nodes}
    assert set(found) == {gradient(laws["loss"], "X"), gradient(laws["fc3"], "W")}


def test_the_graph_is_drawn_forward_and_backward() -> None:
    figure = next(p for p in parts(network_report(lenet())) if isinstance(p, Figure))
    assert "N × 16 × 10 × 10" in figure.svg
    assert "∂E/∂conv2" in figure.svg
    assert "∂E/∂image" not in figure.svg


def test_a_network_of_single_letters_is_told_as_one_law_with_the_chain_rule_carried_out() -> None:
    text = render(network_report(two_weights()), "text")
    assert "∂E/∂w = 2·u·Σ[n] (p[n] - y[n])·x[n]·h[n]·(1 - h[n])·p[n]·(1 - p[n])" in text
    assert "∂E/∂u = 2·Σ[n] (p[n] - y[n])·h[n]·p[n]·(1 - p[n])" in text
    assert len(whole_gradients(two_weights(), ("u",))) == 1


def test_a_network_whose_tensors_are_called_by_words_is_no_law_on_paper() -> None:
    assert whole_gradients(lenet()) == ()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_page(name: str) -> None:
    graph = NETWORKS[name].build()
    document = network_report(graph)
    assert plain(document.subtitle).startswith(f"{len(graph.backward())} cotangents from ")
    assert render(document, "html")


def shared() -> Graph:
    """One weight that two nodes read, and a tensor that is added to what it becomes."""
    b = graph("shared")
    x = b.input("x", "N", 3)
    w = b.parameter("w", 3, 3)
    a = b.add("a", op("linear"), {"input": x, "weight": w, "bias": None})
    c = b.add("c", op("linear"), {"input": b.add("h", op("relu"), a), "weight": w, "bias": None})
    b.add("s", op("add"), {"input": c, "other": a})
    b.add("E", op("O = sum[n,c] X[n,c]^2"), {"X": "s"})
    return b.build("s")


def test_a_shared_weight_is_drawn_with_its_cotangents_and_every_word_is_inside_the_picture() -> None:
    svg = network_figure(shared())
    assert svg.count(">∂E/∂w<") == 2
    left, _, width, _ = map(float, re.findall(r'viewBox="([^"]*)"', svg)[0].split())
    tags = re.findall(r'<text[^>]* x="([^"]*)"[^>]*text-anchor="(start|end)"[^>]*>([^<]*)<', svg)
    assert len(tags) > 10
    for x, anchor, word in tags:
        end = float(x) + (6.5 if anchor == "start" else -6.5) * len(word)
        assert left <= end <= left + width, word


def test_a_tensor_without_a_cotangent_has_no_way_back() -> None:
    svg = network_figure(mlp())
    assert "∂E/∂a" in svg
    assert "∂E/∂o" not in svg
