"""The computational graph: boxes in layers, tensors on the arrows, cotangents on the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from reports.figures.layers import Placed, Point, arrange
from reports.figures.svg import drawing, element, listing, number, path, words

_KINDS = {  # fill, stroke
    "op": ("card", "accent"),
    "input": ("accent-soft", "input"),
    "parameter": ("card", "output"),
    "loss": ("focus", "open"),
}
_OFFSET, _HEAD, _LETTER = 5.0, 7.0, 6.8


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its label, a smaller line under it (a shape, a law), and its kind: op, input, parameter or loss."""

    name: str
    label: str
    detail: str = ""
    kind: str = "op"

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"a node is one of {', '.join(_KINDS)}, got {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow between two nodes' names: the tensor that goes forward, and the cotangent that comes back."""

    source: str
    target: str
    label: str = ""
    cotangent: str = ""


def computational_graph(
    nodes: Sequence[Node], edges: Sequence[Edge], direction: str = "down", title: str = "Computational graph"
) -> str:
    """The nodes in layers, "down" the page or to the "right", every edge from an earlier layer to a later one.

    Raises: ValueError for an edge to an unknown node, and for a cycle.
    """
    if direction not in ("down", "right"):
        raise ValueError(f"a graph goes down or right, got {direction!r}")
    down = direction == "down"
    boxes = {node.name: _box(node) for node in nodes}
    links = [(edge.source, edge.target) for edge in edges]
    room = {link: _room(edge, down) for link, edge in zip(links, edges, strict=True)}
    sizes = {name: size if down else size[::-1] for name, size in boxes.items()}
    widest = max((len(edge.label) + len(edge.cotangent) for edge in edges), default=0)
    places, routes, extent = arrange(sizes, links, room, max(26.0, 7.0 * widest) if down else 22.0)
    turn = (lambda across, along: (across, along)) if down else (lambda across, along: (along, across))
    width, height = turn(*extent)
    if down:
        left, right = _reach(edges, routes)
        width = max(width, right) - left
        routes = {link: [(x - left, y) for x, y in route] for link, route in routes.items()}
        places = {name: replace(place, across=place.across - left) for name, place in places.items()}
    parts: list[str] = []
    for edge, link in zip(edges, links, strict=True):
        parts += _edge(edge, [turn(*point) for point in routes[link]], down, _label_share(edge, edges))
    for node in nodes:
        parts += _drawn(node, boxes[node.name], turn(*_centre(places[node.name])))
    return drawing(width, height, title, _told(nodes, edges), parts)


def _reach(edges: Sequence[Edge], routes: Mapping[tuple[str, str], list[Point]]) -> tuple[float, float]:
    """How far to the left of 0 and to the right the words beside the arrows reach."""
    ends = [(0.0, 0.0)]
    for edge in edges:
        x, _ = _along(routes[edge.source, edge.target], _label_share(edge, edges), down=True)
        ends.append((x - _OFFSET - 9 - _LETTER * len(edge.label), x + _OFFSET + 9 + _LETTER * len(edge.cotangent)))
    return min(left for left, _ in ends), max(right for _, right in ends)


def _centre(place: Placed) -> tuple[float, float]:
    return place.across, place.along


def _box(node: Node) -> tuple[float, float]:
    """Width and height that hold the words."""
    width = max(8.2 * len(node.label), 6.6 * len(node.detail)) + 28
    return max(width, 64.0), 46.0 if node.detail else 32.0


def _room(edge: Edge, down: bool) -> float:
    """How much the layers must be apart for the words on the arrow."""
    longest = max(len(edge.label), len(edge.cotangent))
    if down:
        return 62.0 if longest else 34.0
    return max(46.0, 7.5 * longest + 44.0)


def _drawn(node: Node, size: tuple[float, float], centre: tuple[float, float]) -> list[str]:
    (width, height), (x, y) = size, centre
    fill, stroke = _KINDS[node.kind]
    round_corners = height / 2 if node.kind in ("input", "parameter") else 7
    box = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height, "rx": round_corners}
    parts = [element("rect", **box, fill=fill, stroke=stroke, stroke_width=1.6)]
    base = y + 4.5 if not node.detail else y - 3
    parts.append(words(node.label, x, base, text_anchor="middle", font_weight=600, font_size=14))
    if node.detail:
        parts.append(words(node.detail, x, base + 17, text_anchor="middle", font_size=11.5, fill="muted"))
    return parts


def _edge(edge: Edge, route: list[Point], down: bool, share: float) -> list[str]:
    """The tensor's arrow, and beside it the cotangent's, the other way; their names `share` of the way along."""
    shift = _OFFSET if edge.cotangent else 0.0
    parts = _arrow([_moved(point, -shift, down) for point in route], down, "muted")
    if edge.cotangent:
        parts += _arrow([_moved(point, shift, down) for point in reversed(route)], down, "cotangent")
    x, y = _along(route, share, down)
    if edge.cotangent:
        x1, y1 = (x + shift + 7, y + 4) if down else (x, y + shift + 15)
        parts.append(_tag(edge.cotangent, x1, y1, "cotangent", "start" if down else "middle"))
    if edge.label:
        x2, y2 = (x - shift - 7, y + 4) if down else (x, y - shift - 6)
        parts.append(_tag(edge.label, x2, y2, "ink", "end" if down else "middle"))
    return parts


def _tag(text: str, x: float, y: float, colour: str, anchor: str) -> str:
    """A name beside an arrow, with a rim of paper where it crosses another line."""
    rim = {"stroke": "paper", "stroke_width": 4, "stroke_linejoin": "round", "paint_order": "stroke"}
    return words(text, x, y, font_size=12, fill=colour, text_anchor=anchor, **rim)


def _label_share(edge: Edge, edges: Sequence[Edge]) -> float:
    """Names stand where arrows are apart: near the source of those that meet, near the target of those that part."""
    if sum(e.source == edge.source for e in edges) > 1:
        return 0.75
    return 0.3 if sum(e.target == edge.target for e in edges) > 1 else 0.5


def _moved(point: Point, by: float, down: bool) -> Point:
    return (point[0] + by, point[1]) if down else (point[0], point[1] + by)


def _along(route: list[Point], share: float, down: bool) -> Point:
    """The point on the middle piece of a route, `share` of the way through it."""
    if len(route) > 2:
        return route[len(route) // 2]
    curve = [route[0], *_handles(route[0], route[1], down), route[1]]
    weights = ((1 - share) ** 3, 3 * share * (1 - share) ** 2, 3 * share**2 * (1 - share), share**3)
    x, y = (sum(w * point[axis] for w, point in zip(weights, curve, strict=True)) for axis in (0, 1))
    return x, y


def _handles(a: Point, b: Point, down: bool) -> tuple[Point, Point]:
    """The control points of a curve that leaves a and reaches b along the layers' direction."""
    if down:
        return (a[0], (a[1] + b[1]) / 2), (b[0], (a[1] + b[1]) / 2)
    return ((a[0] + b[0]) / 2, a[1]), ((a[0] + b[0]) / 2, b[1])


def _arrow(route: list[Point], down: bool, colour: str) -> list[str]:
    """A smooth line along the layers' direction through the points, with a head at its end."""
    (x, y), (before_x, before_y) = route[-1], route[-2]
    sign = 1 if (y > before_y if down else x > before_x) else -1
    stem = (x, y - sign * _HEAD) if down else (x - sign * _HEAD, y)
    stops = [*route[:-1], stem]
    commands = f"M{_at(route[0])}"
    for a, b in pairwise(stops):
        straight = a[0] == b[0] if down else a[1] == b[1]
        commands += f"L{_at(b)}" if straight else f"C{' '.join(map(_at, (*_handles(a, b, down), b)))}"
    wings = [_moved(stem, side * _HEAD * 0.55, down) for side in (-1, 1)]
    return [
        element("path", d=commands, fill="none", stroke=colour, stroke_width=1.6),
        path([route[-1], *wings], closed=True, fill=colour),
    ]


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _told(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    labels = {node.name: node.label for node in nodes}
    flows = []
    for node in nodes:
        sources = [labels[edge.source] for edge in edges if edge.target == node.name]
        if sources:
            flows.append(f"{node.label} takes {listing(sources)}")
    return "; ".join(flows) + "."
