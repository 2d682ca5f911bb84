"""The training curve: loss and test error after every epoch, each on its own axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.figures.svg import drawing, element, path, rows_of, words

_WIDTH, _HEIGHT, _LEFT, _GAP = 250.0, 180.0, 36.0, 66.0


def training_curve(losses: Sequence[float], errors: Sequence[float], title: str = "Training") -> str:
    """Mean training loss and test error (a fraction in 0..1) after each epoch, the first epoch being 1.

    What is not finite is left out of its line.
    """
    loss, error = [float(v) for v in rows_of(losses)], [100 * float(v) for v in rows_of(errors)]
    if not loss or len(loss) != len(error):
        raise ValueError(f"a curve takes as many losses as errors, at least one; got {len(loss)} and {len(error)}")
    second = _LEFT + _WIDTH + _GAP
    parts = [
        *_panel("training loss", loss, "input", "{:.3g}", 0),
        *_panel("test error, %", error, "cotangent", "{:.2f}", second),
    ]
    epochs = f"{len(loss)} epoch{'s' * (len(loss) > 1)}"
    told = (
        f"After {epochs}: training loss from {_said(loss[0], '{:.3g}')} to {_said(loss[-1], '{:.3g}')}, "
        f"test error from {_said(error[0], '{:.2f} %')} to {_said(error[-1], '{:.2f} %')}."
    )
    return drawing(second + _LEFT + _WIDTH + _GAP - 20, _HEIGHT + 72, title, told, parts)


def _panel(name: str, values: list[float], colour: str, form: str, x: float) -> list[str]:
    """One line over the epochs, with a grid, round numbers on its axis and its last value in words."""
    left, top = x + _LEFT, 34.0
    finite = [v for v in values if math.isfinite(v)]
    step, height = _round_step(max(finite, default=1.0))
    points = [
        (left + _place(i, len(values)) * _WIDTH, top + _HEIGHT * (1 - v / height))
        for i, v in enumerate(values)
        if math.isfinite(v)
    ]
    parts = [words(name, x + _LEFT, 14, font_weight=600)]
    for i in range(round(height / step) + 1):
        y = top + _HEIGHT * (1 - i * step / height)
        parts.append(path([(left, y), (left + _WIDTH, y)], stroke="line"))
        parts.append(words(f"{i * step:.4g}", left - 8, y + 4, font_size=11, fill="muted", text_anchor="end"))
    for i in _ticks(len(values)):
        at = left + _place(i, len(values)) * _WIDTH
        parts.append(words(str(i + 1), at, top + _HEIGHT + 18, font_size=11, fill="muted", text_anchor="middle"))
    parts.append(words("epoch", left + _WIDTH, top + _HEIGHT + 34, font_size=11, fill="muted", text_anchor="end"))
    if not points:
        return parts
    parts.append(path(points, fill="none", stroke=colour, stroke_width=2.25, stroke_linejoin="round"))
    parts += [element("circle", cx=px, cy=py, r=3.2, fill=colour) for px, py in points]
    end_x, end_y = points[-1]
    last = form.format(finite[-1])
    return [*parts, words(last, end_x + 9, end_y + 4.5, fill=colour, font_weight=700)]


def _said(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "a value that is not finite"


def _round_step(largest: float) -> tuple[float, float]:
    """A step of 1, 2 or 5 times a power of ten with 3 to 6 steps up to the largest value, and where they end."""
    largest = largest if largest > 0 else 1.0
    unit = 10.0 ** math.floor(math.log10(largest))
    step = next(s for s in (unit / 5, unit / 2, unit, 2 * unit) if largest / s <= 5.5)
    return step, step * max(1, math.ceil(largest / step - 1e-9))


def _place(i: int, count: int) -> float:
    """Where epoch i stands, of the width; a margin keeps the first and last points off the frame."""
    return 0.5 if count == 1 else 0.04 + 0.92 * i / (count - 1)


def _ticks(count: int) -> list[int]:
    """Which epochs are numbered: all of a few, else every second, third, ..."""
    step = -(-count // 10)
    return [i for i in range(count) if (i + 1) % step == 0]
