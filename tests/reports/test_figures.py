"""Pictures: still, the same every time, with words for those who do not see them, boxes apart, pixels exact."""

import base64
import math
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.figures import (
    Bar,
    Edge,
    Node,
    computational_graph,
    confusion_matrix,
    convolution,
    digits,
    filters,
    limited_bars,
    training_curve,
)
from reports.figures.images import diverging
from reports.figures.layers import arrange
from reports.figures.raster import mix, png
from reports.figures.svg import element, number
from reports.palette import PALETTE
from reports.safe_svg import check_svg

NODES = [
    Node("x", "X", "1×28×28", "input"),
    Node("f", "F", kind="parameter"),
    Node("c", "conv2d"),
    Node("l", "<E>", kind="loss"),
]
EDGES = [Edge("x", "c", "X", "∂E/∂X"), Edge("f", "c", "F", "∂E/∂F"), Edge("c", "l", "O", "∂E/∂O"), Edge("x", "l")]
TILE = [[0.5, -1.0], [0.0, 0.25]]

PICTURES: dict[str, Callable[[], str]] = {
    "curve": lambda: training_curve([2.3, 0.4, 0.2], [0.9, 0.05, 0.03]),
    "curve of one epoch": lambda: training_curve([2.3], [0.9]),
    "curve that diverges": lambda: training_curve([2.3, math.nan, math.inf], [0.9, 0.9, 0.9]),
    "curve of zeros": lambda: training_curve([0.0, 0.0], [0.0, 0.0]),
    "bars": lambda: limited_bars(
        [("batch 1", [Bar("ours", 0.6, "60 %", own=True), Bar("<eager>", 0.1, "10 %")]), ("batch 64", [])],
        "sgemm",
        "Speed",
    ),
    "bars beyond the limit": lambda: limited_bars([("batch 1", [Bar("ours", 1.6, "160 %", own=True)])], "sgemm", "S"),
    "filters": lambda: filters([[TILE], [TILE]]),
    "filters of one channel": lambda: filters([TILE, TILE]),
    "filters of many channels": lambda: filters([[TILE] * 6] * 16),
    "filters of zeros": lambda: filters([[[0.0]]]),
    "confusion": lambda: confusion_matrix([[5, 1], [0, 4]]),
    "confusion of nothing": lambda: confusion_matrix([[0, 0], [0, 0]], ["<cat>", "dog"]),
    "window": lambda: convolution((3, 3), (2, 2), (2, 2)),
    "window with numbers": lambda: convolution(
        (3, 3), (2, 2), (2, 2), at=(1, 1), inputs=[[1, 2, 3]] * 3, weights=[[0, -1], [2, 3]], outputs=[[1, 2], [3, 4]]
    ),
    "window with stride, padding and dilation": lambda: convolution(
        (5, 6), (3, 2), (3, 4), 2, ((1, 2), (0, 1)), (1, 2)
    ),
    "graph": lambda: computational_graph(NODES, EDGES),
    "graph to the right": lambda: computational_graph(NODES, EDGES, "right"),
    "graph of one box": lambda: computational_graph(NODES[:1], []),
    "digits": lambda: digits([TILE, TILE], [3, 8], [3, 5]),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_still_and_the_same_every_time(name: str) -> None:
    svg = PICTURES[name]()
    check_svg(svg)
    assert svg == PICTURES[name]()
    assert not re.search(r"\b(nan|inf|None)\b", svg)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_in_words_what_it_shows(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name]())  # noqa: S314 - our own
    title, description = root[0], root[1]
    assert (title.tag[-5:], description.tag[-4:]) == ("title", "desc")
    assert title.text
    assert description.text
    assert len(description.text) > 10 or name == "graph of one box"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_draws_inside_its_frame_and_by_roles(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name]())  # noqa: S314 - our own
    x, y, width, height = map(float, root.get("viewBox", "").split())
    for shape in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert x - 0.01 <= float(shape.get("x", 0)) <= x + width
        assert y - 0.01 <= float(shape.get("y", 0)) <= y + height
    roles = {role for part in root.iter() for role in re.findall(r"(?:fill|stroke)-([\w-]+)", part.get("class", ""))}
    assert roles <= set(PALETTE)


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: training_curve([], []), "at least one"),
        (lambda: training_curve([1.0], [0.5, 0.5]), "got 1 and 2"),
        (lambda: confusion_matrix([[1, 2]]), "square"),
        (lambda: confusion_matrix([[1, 2], [3]]), "rows of equal length"),
        (lambda: convolution((2, 2), (1, 1), (2, 2), inputs=[[1], [1, 2]]), "rows of equal length"),
        (lambda: computational_graph(NODES, [Edge("x", "nowhere")]), "ends at no node"),
        (lambda: computational_graph(NODES, [Edge("x", "c"), Edge("c", "x")]), "cycle"),
        (lambda: computational_graph(NODES, [Edge("x", "x")]), "cycle"),
        (lambda: computational_graph(NODES, [], "up"), "down or right"),
        (lambda: Node("x", "X", kind="poem"), "a node is one of"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw: Callable[[], Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        draw()


def test_words_of_users_are_escaped_in_pictures() -> None:
    nasty = '</text><script>alert("1")</script>&\x00'
    for svg in (
        computational_graph([Node("a", nasty, nasty), Node("b", "b")], [Edge("a", "b", nasty, nasty)], title=nasty),
        confusion_matrix([[1]], [nasty], nasty),
        digits([[[1.0]]], [nasty]),
    ):
        check_svg(svg)
        assert "&lt;script&gt;" in svg


# Pixels


def _decoded(data: bytes) -> list[list[tuple[int, ...]]]:
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT") + 4
    raw = zlib.decompress(data[start : start + struct.unpack(">I", data[start - 8 : start - 4])[0]])
    rows = [raw[i * (3 * width + 1) + 1 : (i + 1) * (3 * width + 1)] for i in range(height)]
    return [[tuple(row[3 * j : 3 * j + 3]) for j in range(width)] for row in rows]


def test_pixels_are_written_as_they_are() -> None:
    rows = [[(0, 1, 2), (255, 254, 253), (9, 9, 9)], [(7, 7, 7), (0, 0, 0), (1, 2, 3)]]
    assert _decoded(png(rows)) == rows


def test_filters_share_one_scale_around_zero() -> None:
    images = re.findall(r"base64,([^\"]+)", filters([[TILE], [[[0.5, 0.5], [0.5, 0.5]]]]))
    first, second = (_decoded(base64.b64decode(image)) for image in images[:2])
    assert first[0][1] == diverging(-1.0)
    assert first[1][0] == diverging(0.0)
    assert first[0][0] == second[0][0] == diverging(0.5)


def test_colours_mix_from_one_end_to_the_other() -> None:
    assert mix("#000000", "#ff8040", 0.0) == (0, 0, 0)
    assert mix("#000000", "#ff8040", 1.0) == (255, 128, 64)


# Windows


def _dark(svg: str) -> int:
    return svg.count('class="fill-window')


def test_the_window_holds_as_many_taps_as_the_kernel() -> None:
    assert _dark(convolution((5, 6), (3, 2), (3, 5))) == 6
    assert _dark(convolution((5, 5), (3, 3), (3, 3), 2, 1, at=(2, 2))) == 9
    assert _dark(convolution((9, 9), (3, 3), (5, 5), dilation=2)) == 9


def test_padded_cells_are_drawn_around_the_input() -> None:
    assert convolution((3, 4), (2, 2), (4, 6), padding=1).count("stroke-dasharray") - 4 == 5 * 6 - 12
    assert convolution((3, 4), (2, 2), (5, 5), padding=((2, 1), (0, 2))).count("stroke-dasharray") - 4 == 6 * 6 - 12


# Layout


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[tuple[str, str]]]:
    count = draw(st.integers(1, 9))
    names = [f"n{i}" for i in range(count)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    links = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=12)) if pairs else []
    return {name: (draw(st.floats(20, 120)), draw(st.floats(20, 60))) for name in names}, links


@given(graphs())
def test_boxes_never_overlap_and_arrows_lead_from_earlier_layers_to_later_ones(
    graph: tuple[dict[str, tuple[float, float]], list[tuple[str, str]]],
) -> None:
    sizes, links = graph
    places, routes, extent = arrange(sizes, links, dict.fromkeys(links, 40.0), 20.0)
    boxes = [(places[n].across, places[n].along, *size) for n, size in sizes.items()]
    for i, (x1, y1, w1, h1) in enumerate(boxes):
        assert x1 - w1 / 2 >= -0.01
        assert x1 + w1 / 2 <= extent[0] + 0.01
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            assert abs(x1 - x2) >= (w1 + w2) / 2 - 0.01 or abs(y1 - y2) >= (h1 + h2) / 2 - 0.01
    for route in routes.values():
        assert [along for _, along in route] == sorted(along for _, along in route)
        assert route[0][1] < route[-1][1]


def test_a_chain_stands_in_one_line_whatever_feeds_it_from_the_side() -> None:
    sizes = dict.fromkeys(("x", "a", "b", "c", "w", "v"), (60.0, 30.0))
    links = [("x", "a"), ("a", "b"), ("b", "c"), ("w", "b"), ("v", "c")]
    places, _, _ = arrange(sizes, links, dict.fromkeys(links, 40.0), 20.0)
    across = [places[name].across for name in "abc"]
    assert max(across) - min(across) < 0.1  # of a pixel: nobody sees such a bend


def test_coordinates_are_short_and_never_minus_zero() -> None:
    assert [number(v) for v in (1, 1.5, 1 / 3, -0.001, 100.0)] == ["1", "1.5", "0.33", "0", "100"]
    assert element("rect", x=1.0, fill="ink", rx=None) == f'<rect class="fill-ink" x="1" fill="{PALETTE["ink"][0]}"/>'
