"""The window that an output cell reads: the input below, the output above, as in convolution-arithmetic animations."""

from __future__ import annotations

from typing import Any

from reports.figures.svg import drawing, matrix_of, number, path, words

Pair = int | tuple[int, int]
Point = tuple[float, float]

_CELL, _LEAN, _DEPTH, _RISE = 46.0, -0.36, 0.56, 74.0


def convolution(
    input_size: tuple[int, int],
    kernel_size: tuple[int, int],
    output_size: tuple[int, int],
    stride: Pair = 1,
    padding: Pair | tuple[tuple[int, int], tuple[int, int]] = 0,
    dilation: Pair = 1,
    at: tuple[int, int] = (0, 0),
    inputs: Any = None,
    weights: Any = None,
    outputs: Any = None,
    title: str = "Convolution",
) -> str:
    """Which cells of `X[h, w]` the output `O[i, j]` at `at` reads, and, where arrays are given, their numbers.

    Sizes are (rows, columns). Padded cells are dashed; the taps of the window are dark, each with its weight.
    """
    spread, halo = _pair(dilation), _halo(padding)
    corner = [s * a - lo for s, a, (lo, _) in zip(_pair(stride), at, halo, strict=True)]
    places = [[c + d * k for k in range(size)] for c, d, size in zip(corner, spread, kernel_size, strict=True)]
    taps = {(row, column): (p, q) for p, row in enumerate(places[0]) for q, column in enumerate(places[1])}
    rows, columns = ((-lo, size + hi) for size, (lo, hi) in zip(input_size, halo, strict=True))
    below = _Plane(rows, columns, 0.0, 0.0)
    above = _risen(below, output_size)
    window, target = [(p[0], p[-1] + 1) for p in places], [(a, a + 1) for a in at]
    ends = zip(below.corners(*window), above.corners(*target), strict=True)
    parts = _input_cells(below, input_size, taps, inputs, weights)
    parts += [path(end, stroke="muted", stroke_width=1, stroke_dasharray="3 3") for end in ends]
    parts += _output_cells(above, at, outputs)
    told = (
        f"The input has {_by(input_size)} cells; the output, above it, {_by(output_size)}. Output cell "
        f"({at[0]}, {at[1]}) reads {_by(kernel_size)} taps from row {corner[0]}, column {corner[1]} on."
    )
    return _framed(parts, [below, above], [f"output {_by(output_size)}", f"input {_by(input_size)}"], title, told)


class _Plane:
    """A grid seen from the side: where its cells lie on the page."""

    def __init__(self, rows: tuple[int, int], columns: tuple[int, int], x: float, y: float) -> None:
        self.rows, self.columns, self.x, self.y = rows, columns, x, y

    def point(self, row: float, column: float) -> Point:
        return self.x + _CELL * (column + _LEAN * row), self.y + _CELL * _DEPTH * row

    def corners(self, rows: tuple[int, int], columns: tuple[int, int]) -> list[Point]:
        (top, bottom), (left, right) = rows, columns
        return [self.point(r, c) for r, c in ((top, left), (top, right), (bottom, right), (bottom, left))]

    def cell(self, row: int, column: int, **attributes: Any) -> str:
        return path(self.corners((row, row + 1), (column, column + 1)), closed=True, **attributes)

    def label(self, text: str, row: float, column: float, **attributes: Any) -> str:
        x, y = self.point(row + 0.5, column + 0.5)
        return words(text, x, y + 4.5, **{"text_anchor": "middle", "font_weight": 600} | attributes)

    def middle(self) -> Point:
        return self.point(sum(self.rows) / 2, sum(self.columns) / 2)


def _risen(below: _Plane, size: tuple[int, int]) -> _Plane:
    """The output's plane, its middle over that of the input's."""
    flat = _Plane((0, size[0]), (0, size[1]), 0.0, 0.0)
    highest = min(y for _, y in below.corners(below.rows, below.columns))
    lowest = max(y for _, y in flat.corners(flat.rows, flat.columns))
    return _Plane(flat.rows, flat.columns, below.middle()[0] - flat.middle()[0], highest - _RISE - lowest)


def _input_cells(
    plane: _Plane, size: tuple[int, int], taps: dict[tuple[int, int], tuple[int, int]], inputs: Any, weights: Any
) -> list[str]:
    values = matrix_of(inputs, "the input") if inputs is not None else None
    factors = matrix_of(weights, "the kernel") if weights is not None else None
    halo: list[str] = []
    inside: list[str] = []
    labels: list[str] = []
    for row in range(*plane.rows):
        for column in range(*plane.columns):
            real = 0 <= row < size[0] and 0 <= column < size[1]
            tap = taps.get((row, column))
            (inside if real else halo).append(_input_cell(plane, row, column, real, tap is not None))
            lift = 0.0
            if tap is not None and factors is not None:
                lift = 0.13  # room for the weight
                labels.append(_corner(plane, row, column, f"×{_shown(factors[tap[0]][tap[1]])}", real))
            if values is not None and (real or tap is not None):
                text = _shown(values[row][column] if real else 0)
                labels.append(plane.label(text, row - lift, column - lift, fill=_over(real)))
    return halo + inside + labels


def _input_cell(plane: _Plane, row: int, column: int, real: bool, tap: bool) -> str:
    if real:
        return plane.cell(row, column, fill="window" if tap else "input", stroke="paper", stroke_width=1.2)
    colour = {"fill": "window", "fill_opacity": 0.22} if tap else {"fill": "none"}
    return plane.cell(row, column, stroke="muted", stroke_width=0.9, stroke_dasharray="2 3", **colour)


def _corner(plane: _Plane, row: int, column: int, text: str, real: bool) -> str:
    x, y = plane.point(row + 0.9, column + 0.92)
    return words(text, x, y, font_size=10, text_anchor="end", fill=_over(real))


def _output_cells(plane: _Plane, at: tuple[int, int], outputs: Any) -> list[str]:
    values = matrix_of(outputs, "the output") if outputs is not None else None
    parts = []
    for row in range(*plane.rows):
        for column in range(*plane.columns):
            here = (row, column) == tuple(at)
            parts.append(
                plane.cell(
                    row, column, fill="output", fill_opacity=1 if here else 0.38, stroke="paper", stroke_width=1.2
                )
            )
            if values is not None:
                parts.append(plane.label(_shown(values[row][column]), row, column, fill=_over(here)))
    return [*parts, plane.cell(*at, fill="none", stroke="ink", stroke_width=1.8, stroke_linejoin="round")]


def _framed(parts: list[str], planes: list[_Plane], names: list[str], title: str, told: str) -> str:
    """The drawing moved into view, each plane's name at its right."""
    points = [point for plane in planes for point in plane.corners(plane.rows, plane.columns)]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    right, bottom = max(x for x, _ in points), max(y for _, y in points)
    labels = []
    for plane, name in zip(reversed(planes), names, strict=True):
        x, y = plane.point(sum(plane.rows) / 2, plane.columns[1])
        labels.append(words(name, x + 28, y + 4, font_size=13, fill="muted"))
    moved = f'<g transform="translate({number(-left)} {number(-top)})">' + "\n".join([*parts, *labels]) + "</g>"
    return drawing(right - left + 90, bottom - top, title, told, [moved])


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _halo(padding: Pair | tuple[tuple[int, int], tuple[int, int]]) -> list[tuple[int, int]]:
    """(before, after) for rows and for columns."""
    sides = (padding, padding) if isinstance(padding, int) else padding
    return [(side, side) if isinstance(side, int) else side for side in sides]


def _over(filled: bool) -> str:
    return "paper" if filled else "ink"


def _shown(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
