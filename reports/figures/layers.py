"""Where the boxes of a layered graph go: longest paths, few crossings, straight main lines, arrows led around boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Name = str | tuple[str, str, int]  # a node, or the bend of an edge in a layer
Link = tuple[str, str]
Point = tuple[float, float]

_SWEEPS = 8
_BEND: Point = (14.0, 0.0)
_LIGHT = 1e-6  # bends and boxes that nothing feeds give way to the main line
_PORT = 24.0


@dataclass(slots=True)
class Placed:
    """The centre of a box, across the layers and along them."""

    across: float
    along: float


@dataclass(slots=True)
class _Graph:
    """The graph with a bend wherever an edge passes a layer, so that edges join neighbouring layers only."""

    sizes: dict[Name, Point]
    rows: list[list[Name]]
    chains: dict[Link, list[Name]]
    before: dict[Name, list[Name]] = field(default_factory=dict)
    after: dict[Name, list[Name]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for chain in self.chains.values():
            for a, b in pairwise(chain):
                self.after.setdefault(a, []).append(b)
                self.before.setdefault(b, []).append(a)

    def weight(self, name: Name) -> float:
        return 1.0 if isinstance(name, str) and name in self.before else _LIGHT


def arrange(
    sizes: Mapping[str, Point], links: Sequence[Link], room: Mapping[Link, float], gap: float
) -> tuple[dict[Name, Placed], dict[Link, list[Point]], Point]:
    """Places of all boxes, the points each arrow goes through, and the whole extent.

    `sizes` are (across, along); `room` is what a link needs between its layers. Raises: ValueError.
    """
    layer = _layers(list(sizes), links)
    graph = _with_bends(sizes, links, layer)
    _order(graph)
    places = _place(graph, _spaces(len(graph.rows), layer, room), gap)
    left = min(places[name].across - size[0] / 2 for name, size in graph.sizes.items())
    for place in places.values():
        place.across -= left
    right = max(places[name].across + size[0] / 2 for name, size in graph.sizes.items())
    end = max(places[name].along + size[1] / 2 for name, size in graph.sizes.items())
    return places, _routes(graph, places), (right, end)


def _layers(names: list[str], links: Sequence[Link]) -> dict[str, int]:
    """The longest path to each node; a node that nothing feeds stands one layer before its first reader."""
    for source, target in links:
        if source not in names or target not in names:
            raise ValueError(f"the edge {source} -> {target} ends at no node; the nodes are {', '.join(names)}")
    layer = dict.fromkeys(names, 0)
    for _ in range(len(names) + 1):
        late = [(s, t) for s, t in links if layer[t] <= layer[s]]
        for source, target in late:
            layer[target] = max(layer[target], layer[source] + 1)
        if not late:
            break
    else:
        raise ValueError("the graph has a cycle, so it has no layers")
    fed = {target for _, target in links}
    for name in names:
        readers = [layer[t] for s, t in links if s == name]
        if name not in fed and readers:
            layer[name] = min(readers) - 1
    return layer


def _with_bends(sizes: Mapping[str, Point], links: Sequence[Link], layer: Mapping[str, int]) -> _Graph:
    rows: list[list[Name]] = [[] for _ in range(1 + max(layer.values(), default=0))]
    every: dict[Name, Point] = {}
    chains: dict[Link, list[Name]] = {}
    for name, size in sizes.items():
        rows[layer[name]].append(name)
        every[name] = size
    for source, target in links:
        bends: list[Name] = [(source, target, k) for k in range(layer[source] + 1, layer[target])]
        for k, bend in enumerate(bends, layer[source] + 1):
            rows[k].append(bend)
            every[bend] = _BEND
        chains[source, target] = [source, *bends, target]
    return _Graph(every, rows, chains)


def _order(graph: _Graph) -> None:
    """Sort each layer by the mean place of its neighbours in the layer before, then after, again and again."""
    rows = graph.rows
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for k in range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1):
            rank = {name: float(i) for i, name in enumerate(rows[k - 1] if forward else rows[k + 1])}
            near = graph.before if forward else graph.after
            keys = {n: _mean((rank[m], 1.0) for m in near.get(n, ()) if m in rank) for n in rows[k]}
            own = {n: i for i, n in enumerate(rows[k])}
            rows[k].sort(key=lambda n, keys=keys, own=own: keys[n] if keys[n] is not None else own[n])  # type: ignore[misc]


def _place(graph: _Graph, spaces: list[float], gap: float) -> dict[Name, Placed]:
    """Layers one after the other; in each, boxes in order, under what feeds them, or over what reads them."""
    places: dict[Name, Placed] = {}
    along = 0.0
    for row, space in zip(graph.rows, [*spaces, 0.0], strict=True):
        depth = max((graph.sizes[name][1] for name in row), default=0.0)
        for name in row:
            places[name] = Placed(0.0, along + depth / 2)
        along += depth + space
    for _ in range(_SWEEPS):
        for row in graph.rows:
            wanted = []
            for name in row:
                near = graph.before.get(name) or graph.after.get(name, [])
                mean = _mean((places[m].across, graph.weight(m)) for m in near)
                wanted.append(places[name].across if mean is None else mean)
            for name, across in zip(row, _apart(graph, row, wanted, gap), strict=True):
                places[name].across = across
    return places


def _apart(graph: _Graph, row: list[Name], wanted: list[float], gap: float) -> list[float]:
    """The places nearest to those wanted at which no two boxes overlap: neighbours in conflict move as one block."""
    offsets, total = [], 0.0
    for i, name in enumerate(row):
        total += (graph.sizes[row[i - 1]][0] + graph.sizes[name][0]) / 2 + gap if i else 0.0
        offsets.append(total)
    blocks: list[list[tuple[float, float]]] = []  # each: (place wanted, less the offset; weight) of its members
    for name, want, offset in zip(row, wanted, offsets, strict=True):
        blocks.append([(want - offset, graph.weight(name))])
        while len(blocks) > 1 and (_mean(blocks[-2]) or 0.0) > (_mean(blocks[-1]) or 0.0):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    starts = [_mean(block) or 0.0 for block in blocks for _ in block]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _spaces(count: int, layer: Mapping[str, int], room: Mapping[Link, float]) -> list[float]:
    """The distance between each layer and the next: what the words on the arrows there need."""
    spaces = [0.0] * (count - 1)
    for (source, target), needed in room.items():
        for k in range(layer[source], layer[target]):
            spaces[k] = max(spaces[k], needed)
    return spaces


def _routes(graph: _Graph, places: Mapping[Name, Placed]) -> dict[Link, list[Point]]:
    """From the edge of the first box through the bends to that of the last; no two arrows share a place on a box."""
    leaving = {name: _ports(graph, name, graph.after.get(name, []), places) for name in graph.sizes}
    arriving = {name: _ports(graph, name, graph.before.get(name, []), places) for name in graph.sizes}
    routes = {}
    for link, (first, *bends, last) in graph.chains.items():
        start = leaving[first][(bends or [last])[0]], places[first].along + graph.sizes[first][1] / 2
        end = arriving[last][(bends or [first])[-1]], places[last].along - graph.sizes[last][1] / 2
        routes[link] = [start, *((places[bend].across, places[bend].along) for bend in bends), end]
    return routes


def _ports(graph: _Graph, name: Name, near: list[Name], places: Mapping[Name, Placed]) -> dict[Name, float]:
    """Where on a box's side the arrow of each neighbour starts or ends: in their order, around the middle."""
    step = min(_PORT, graph.sizes[name][0] * 0.7 / max(len(near), 1))
    ordered = sorted(near, key=lambda other: places[other].across)
    heaviest = max(map(graph.weight, near), default=0.0)
    main = [i for i, other in enumerate(ordered) if graph.weight(other) == heaviest]
    middle = main[0] if len(main) == 1 else (len(ordered) - 1) / 2
    return {other: places[name].across + (i - middle) * step for i, other in enumerate(ordered)}


def _mean(values: Iterable[tuple[float, float]]) -> float | None:
    """The weighted mean of (value, weight), None of nothing."""
    total, weights = 0.0, 0.0
    for value, weight in values:
        total += value * weight
        weights += weight
    return total / weights if weights else None
