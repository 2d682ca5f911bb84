"""Pictures of arrays: learned filters on a scale around zero, and digits as ink on paper."""

from __future__ import annotations

from typing import Any

from reports.figures.raster import Colour, mix, pixels
from reports.figures.svg import drawing, element, matrix_of, rows_of, words

_WIDTH = 660
_NEGATIVE, _ZERO, _POSITIVE = "#1a6998", "#f7f5f0", "#c24a12"
_PAPER, _INK = "#fbfaf6", "#1d2129"


def filters(weights: Any, title: str = "Learned filters") -> str:
    """`weights[k, c, p, q]` (or `[k, p, q]`) as tiles: a column an output channel k, a row an input channel c.

    One scale for all tiles, from minus to plus the largest absolute weight.
    """
    columns = [_channels(kernel) for kernel in rows_of(weights)]
    rows = len(columns[0])
    largest = max(abs(w) for kernel in columns for tile in kernel for row in tile for w in row) or 1.0
    gap, left, top = 6, 62 if rows > 1 else 0, 22
    size = min(76.0, (_WIDTH - left) / len(columns) - gap)
    parts = [
        words(str(k + 1), left + k * (size + gap) + size / 2, 12, font_size=11, fill="muted", text_anchor="middle")
        for k in range(len(columns))
    ]
    for c in range(rows if rows > 1 else 0):
        y = top + c * (size + gap) + size / 2 + 4
        parts.append(words(f"input {c + 1}", left - 10, y, font_size=11, fill="muted", text_anchor="end"))
    for k, kernel in enumerate(columns):
        for c, tile in enumerate(kernel):
            parts += _tile(tile, largest, left + k * (size + gap), top + c * (size + gap), size)
    width, bottom = left + len(columns) * (size + gap) - gap, top + rows * (size + gap) - gap
    parts += _scale(largest, max(width - 220, 0), bottom + 16)
    shape = f"{len(columns)} filters over {rows} input channel{'s' * (rows > 1)}, {len(tile)} by {len(tile[0])}"
    told = f"{shape}; weights from {-largest:.3g} (blue) over 0 (white) to {largest:.3g} (orange)."
    return drawing(max(width, 220), bottom + 36, title, told, parts)


def _channels(kernel: Any) -> list[list[list[float]]]:
    rows = rows_of(kernel)
    is_tile = not hasattr(rows[0][0], "__len__")
    return [matrix_of(tile, "a filter") for tile in ([rows] if is_tile else rows)]


def _tile(tile: list[list[float]], largest: float, x: float, y: float, size: float) -> list[str]:
    image = [[diverging(weight / largest) for weight in row] for row in tile]
    return [
        pixels(image, x, y, size, size),
        element("rect", x=x, y=y, width=size, height=size, fill="none", stroke="muted", stroke_width=0.75),
    ]


def _scale(largest: float, x: float, y: float) -> list[str]:
    """The bar that says which colour is which weight."""
    steps = [[diverging(i / 32) for i in range(-32, 33)]]
    style = {"font_size": 11, "fill": "muted"}
    return [
        pixels(steps, x + 50, y, 120, 10),
        words(f"{-largest:.2g}", x + 44, y + 9, text_anchor="end", **style),
        words("0", x + 110, y + 21, text_anchor="middle", **style),
        words(f"+{largest:.2g}", x + 176, y + 9, **style),
    ]


def diverging(share: float) -> Colour:
    """The colour of a value in -1..1: blue, white at 0, orange."""
    return mix(_ZERO, _POSITIVE if share > 0 else _NEGATIVE, min(abs(share), 1.0))


def digits(images: Any, labels: Any, predictions: Any = None, title: str = "Digits") -> str:
    """`images[n, i, j]` as ink on paper with their labels; where predictions are given, the wrong ones are marked."""
    pictures = [matrix_of(image, "a digit") for image in rows_of(images)]
    names = [str(label) for label in rows_of(labels)]
    guesses = names if predictions is None else [str(p) for p in rows_of(predictions)]
    size, gap = 56, 10
    across = max(1, min(len(pictures), _WIDTH // (size + gap)))
    brightest = max(value for image in pictures for row in image for value in row) or 1.0
    parts = []
    for n, (image, name, guess) in enumerate(zip(pictures, names, guesses, strict=True)):
        x, y = n % across * (size + gap), n // across * (size + 30)
        ink = [[mix(_PAPER, _INK, min(max(value / brightest, 0.0), 1.0)) for value in row] for row in image]
        parts.append(pixels(ink, x, y, size, size))
        parts.append(element("rect", x=x, y=y, width=size, height=size, fill="none", stroke="line"))
        said, colour = (name, "muted") if guess == name else (f"{name}, read {guess}", "bad")
        parts.append(words(said, x + size / 2, y + size + 16, font_size=12, fill=colour, text_anchor="middle"))
    wrong = sum(name != guess for name, guess in zip(names, guesses, strict=True))
    told = f"{len(pictures)} digits: {' '.join(names)}." + (
        f" {wrong} read wrongly." if predictions is not None else ""
    )
    lines = -(-len(pictures) // across)
    return drawing(across * (size + gap) - gap, lines * (size + 30) - 8, title, told, parts)
