"""The picture of a window that slides: the cells that one entry of the result reads, with numbers and weights."""

from __future__ import annotations

from reports.by_hand.handwork import readable
from reports.document import Figure, spans
from reports.figures import convolution
from reports.mathematics.forms import Form, Rows


def window_picture(form: Form) -> Figure | None:
    """The window at the first entry of the result; None for what does not slide along two axes."""
    if len(form.step) != 2:
        return None
    (top, bottom), (left, right) = form.one.halo
    rows = _numbers(form.one.rows)
    inside = [row[left : len(row) - right] for row in rows[top : len(rows) - bottom]]
    window, result = _numbers(form.other.rows), _numbers(form.values)
    alt = f"The window of the first entry: {form.one.name.plain} below, the result above"
    svg = convolution(
        *((len(m), len(m[0])) for m in (inside, window, result)),
        stride=form.step, padding=form.one.halo, dilation=form.spread,
        inputs=inside, weights=window, outputs=result, title=alt,
    )  # fmt: skip
    below = "Below ", form.one.name, ", each number of the window with its weight from ", form.other.name
    return Figure(svg, alt, spans(*below, "; above, what their products add up to"))


def _numbers(rows: Rows) -> list[list[float]]:
    return [[float(readable(v)) for v in row] for row in rows]
