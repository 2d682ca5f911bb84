"""A network's tables tell sizes, parameters and work with the formulas behind them, and what decks print of them."""

from __future__ import annotations

import json

import pytest

from derive.catalogue import op
from derive.networks.composition import Graph, graph
from derive.networks.network import NETWORKS, alexnet, lenet
from reports.document import Document, Section, Table, parts, plain
from reports.sections.network_table import counting, errata_sections, shape_table, table_data, table_document
from reports.writers.output import render


def rows(section: Section) -> list[tuple[str, ...]]:
    table = next(b for b in section.blocks if isinstance(b, Table))
    return [tuple(map(plain, row)) for row in table.rows]


def test_shapes_weights_parameters_and_work_are_told_node_by_node() -> None:
    found = rows(shape_table(lenet()))
    assert found[0] == ("conv1", "conv2d", "N × 6 × 28 × 28", "6 × 1 × 5 × 5, 6", "156", "117,600")
    assert found[7] == ("fc1", "linear", "N × 120", "120 × 400, 120", "48,120", "48,000")
    assert found[-2] == ("loss", "cross_entropy", "a number", "", "0", "0")
    assert found[-1] == ("total", "", "", "", "61,706", "416,520")
    assert "61,706 parameters in 10 tensors" in render(Document("", shape_table(lenet()).blocks), "text")


def test_sizes_and_parameters_are_counted_with_their_numbers() -> None:
    found = {row[0]: row[1:] for row in rows(counting(alexnet()))}
    assert found["conv1"] == ("floor((227 + 2*0 - 11)/4) + 1 = 55", "96*3*11*11 + 96 = 34,944")
    assert found["conv2"] == ("27 + 2*0 - 5 + 1 = 23", "256*96*5*5 + 256 = 614,656")
    assert found["pool3"] == ("floor((5 + 2*0 - 3)/2) + 1 = 2", "")
    assert found["flat"] == ("256*2*2 = 1024", "")
    assert "act1" not in found


def test_sides_that_differ_are_both_told() -> None:
    b = graph("oblong")
    b.input("image", "N", 1, 9, 8)
    b.add("conv", op("conv2d", stride=(2, 1), padding=(1, 0)), "image", K=1, K_h=3, K_w=2)
    b.add("E", op("O = sum[n,k,i,j] X[n,k,i,j]"), "conv")
    (found, *_) = rows(counting(b.build("conv")))
    assert found[1] == "floor((9 + 2*1 - 3)/2) + 1 = 5, 8 + 2*0 - 2 + 1 = 7"


def test_what_is_not_right_stands_before_what_is() -> None:
    (section,) = errata_sections(alexnet())
    titles = [plain(p.title) for p in parts(section.blocks) if isinstance(p, Section)]
    assert titles == ["Wrong", "Cut off", "Right under a convention", "Right"]
    text = render(Document("", (section,)), "text")
    assert "22 printed lines: 11 right, 5 right under a convention, 4 cut off, 2 wrong." in text
    assert "D3: Amrita Vishwa Vidyapeetham" in text


def test_lines_about_other_sizes_are_left_out_with_a_sentence() -> None:
    text = render(table_document(lenet(image=28)), "text")
    assert "with these it is another one, and nothing is judged." in " ".join(text.split())
    assert "Wrong" not in text


def test_a_deck_that_counts_some_biases_and_not_others_is_told_so() -> None:
    text = render(table_document(lenet()), "text")
    assert "D3 counts the biases of fc1 and fc2 and leaves out those of conv1 and conv2." in text


def test_a_network_of_ones_own_has_tables_and_no_errata() -> None:
    b = graph("mine")
    b.input("x", 4, 3)
    b.add("E", op("O = sum[n,c] w*X[n,c]; scalar w"), {"X": "x"})
    mine: Graph = b.build("x")
    assert errata_sections(mine) == ()
    text = render(table_document(mine), "text")
    assert "`O = sum[n,c] w*X[n,c]`" in text
    assert "1 parameters in 1 tensors." in text


@pytest.mark.parametrize("name", NETWORKS)
def test_the_tables_of_every_network_are_plain_data_and_pages(name: str) -> None:
    g = NETWORKS[name].build()
    data = json.loads(json.dumps(table_data(g)))
    assert data["parameters"] == g.parameter_count.constant == sum(r["parameters"] for r in data["rows"])
    assert data["multiply_adds"] == sum(r["multiply_adds"] for r in data["rows"])
    for form in ("text", "md", "html", "tex", "ipynb"):
        assert render(table_document(g), form)
