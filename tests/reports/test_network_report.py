"""A network's page holds its table, its graph, where every cotangent comes from, and each derivation once."""

from derive.network import lenet
from derive.sweep import gradient
from reports.document import Document, Figure, Section, parts, plain
from reports.network_report import derivations, network_report


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
