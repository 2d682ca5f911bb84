"""The confusion matrix: which class was read as which, by counts, shaded by each row's share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.figures.svg import drawing, element, matrix_of, words

_CELL, _LEFT, _TOP = 42.0, 74.0, 58.0


def confusion_matrix(counts: Any, labels: Sequence[str] | None = None, title: str = "Confusion matrix") -> str:
    """`counts[t, p]`: how many of true class t were read as class p."""
    rows = [[int(count) for count in row] for row in matrix_of(counts, "a confusion matrix")]
    if len(rows) != len(rows[0]):
        raise ValueError(f"a confusion matrix is square, got {len(rows)} rows of {len(rows[0])}")
    names = list(labels) if labels is not None else [str(i) for i in range(len(rows))]
    parts = [
        words("read as", _LEFT + _CELL * len(rows) / 2, 14, fill="muted", text_anchor="middle"),
        words("digit" if labels is None else "class", _LEFT - 14, _TOP - 14, fill="muted", text_anchor="end"),
    ]
    for i, name in enumerate(names):
        middle = i * _CELL + _CELL / 2
        parts.append(words(name, _LEFT + middle, _TOP - 14, font_weight=600, text_anchor="middle"))
        parts.append(words(name, _LEFT - 14, _TOP + middle + 5, font_weight=600, text_anchor="end"))
    for t, row in enumerate(rows):
        for p, count in enumerate(row):
            parts += _cell(count, sum(row), t, p)
    side = _CELL * len(rows)
    return drawing(_LEFT + side, _TOP + side, title, _told(rows, names), parts)


def _cell(count: int, total: int, t: int, p: int) -> list[str]:
    x, y = _LEFT + p * _CELL, _TOP + t * _CELL
    share = count / total if total else 0.0
    colour = "output" if t == p else "cotangent"
    # a mistake is shaded by the root of its share, or the few that matter would not be seen
    depth = 0.55 * share if t == p else min(1.0, 0.15 + 2 * share**0.5) * 0.7
    parts = [element("rect", x=x + 1, y=y + 1, width=_CELL - 2, height=_CELL - 2, rx=4, fill="line", fill_opacity=0.35)]
    if count:
        size = {"x": x + 1, "y": y + 1, "width": _CELL - 2, "height": _CELL - 2, "rx": 4}
        parts.append(element("rect", **size, fill=colour, fill_opacity=depth))
        weight = 600 if t == p else 400
        parts.append(words(str(count), x + _CELL / 2, y + _CELL / 2 + 4.5, text_anchor="middle", font_weight=weight))
    return parts


def _told(rows: list[list[int]], names: list[str]) -> str:
    total, right = sum(map(sum, rows)), sum(row[i] for i, row in enumerate(rows))
    wrong = [(count, t, p) for t, row in enumerate(rows) for p, count in enumerate(row) if t != p and count]
    if not wrong:
        return f"All of {total} are read rightly."
    count, t, p = max(wrong, key=lambda item: (item[0], -item[1], -item[2]))
    return (
        f"{right} of {total} are read rightly; the most frequent mistake: {names[t]} read as {names[p]}, {count} times."
    )
