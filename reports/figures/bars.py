"""Bars in groups with the limit drawn in: how fast each is, as a share of what the machine can do at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.svg import drawing, element, path, words

_LEFT, _WIDTH, _BAR, _STEP, _GAP = 170.0, 420.0, 13.0, 19.0, 34.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the limit, with the words at its end; `own` are what the figure is about."""

    name: str
    share: float
    words: str
    own: bool = False


def limited_bars(groups: Sequence[tuple[str, Sequence[Bar]]], limit: str, title: str) -> str:
    """Groups of bars on one scale, on which the limit is 1. Raises: ValueError where there is no bar."""
    bars = [bar for _, group in groups for bar in group]
    if not bars:
        raise ValueError("bars: got none, expected at least one")
    scale = _WIDTH / max(1.0, *(bar.share for bar in bars))
    parts: list[str] = []
    y = 26.0
    for name, group in groups:
        parts.append(words(name, 0, y + 10, font_weight=600))
        y += 18
        for bar in group:
            parts += _drawn(bar, y, scale)
            y += _STEP
        y += _GAP - _STEP
    at = _LEFT + scale
    parts.append(path([(at, 18), (at, y - 8)], stroke="bad", stroke_width=1.5, stroke_dasharray="5 4"))
    parts.append(words(limit, at, 10, font_size=11, fill="bad", text_anchor="middle"))
    fastest = "; ".join(f"{name}: {max(group, key=lambda b: b.share).name}" for name, group in groups if group)
    told = f"Shares of the limit, {limit}. The longest bar of each group: {fastest}."
    return drawing(_LEFT + _WIDTH + 150, y, title, told, parts)


def _drawn(bar: Bar, y: float, scale: float) -> list[str]:
    width = max(1.0, scale * bar.share)
    fill = "cotangent" if bar.own else "input"
    return [
        words(bar.name, _LEFT - 8, y + 11, font_size=12, text_anchor="end"),
        element("rect", x=_LEFT, y=y, width=width, height=_BAR, rx=2, fill=fill),
        words(bar.words, _LEFT + width + 6, y + 11, font_size=11, fill="muted"),
    ]
