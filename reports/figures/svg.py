"""What every picture is drawn with: elements, colours by role, the frame with its text alternatives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from reports.palette import light
from reports.writers.printable import one_line

SANS = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"
_PADDING = 12


def number(value: float) -> str:
    """A coordinate with at most two decimals, never "-0"."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, content: str = "", /, **attributes: Any) -> str:
    """One element; `_` in a name stands for `-`, numbers are rounded, None is left out, colours are roles."""
    written = _painted({key.replace("_", "-"): value for key, value in attributes.items() if value is not None})
    text = "".join(f' {key}="{escape(_value(value))}"' for key, value in written.items())
    return f"<{name}{text}>{content}</{name}>" if content else f"<{name}{text}/>"


def words(text: str, x: float, y: float, /, **attributes: Any) -> str:
    """A line of text; it is in ink, 13 units high and starts at x unless told otherwise."""
    return element("text", escape(one_line(text)), **{"x": x, "y": y, "font_size": 13, "fill": "ink"} | attributes)


def path(points: Iterable[tuple[float, float]], closed: bool = False, **attributes: Any) -> str:
    """Straight lines through the points."""
    line = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=line + ("Z" if closed else ""), **attributes)


def drawing(width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """The picture: a card of paper that pages make transparent, its name and description, and what is drawn."""
    frame = f"{-_PADDING} {-_PADDING} {number(width + 2 * _PADDING)} {number(height + 2 * _PADDING)}"
    card = element(
        "rect", x=-_PADDING, y=-_PADDING, width=width + 2 * _PADDING, height=height + 2 * _PADDING, rx=8, fill="ground"
    )
    told = f"<title>{escape(one_line(title))}</title><desc>{escape(one_line(description))}</desc>"
    return element(
        "svg",
        "\n".join([told, card, *parts]),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=frame,
        width=width + 2 * _PADDING,
        height=height + 2 * _PADDING,
        role="img",
        font_family=SANS,
    )


def rows_of(values: Any) -> list[Any]:
    """Nested lists of an array, a tensor or a nested sequence."""
    return values.tolist() if hasattr(values, "tolist") else list(values)


def matrix_of(values: Any, what: str) -> list[list[float]]:
    """A rectangular matrix as nested lists. Raises: ValueError where it is none."""
    rows = [list(row) for row in rows_of(values)]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"{what} takes a matrix with rows of equal length, got rows of {sorted({*map(len, rows)})}")
    return rows


def listing(names: Sequence[str]) -> str:
    """Names as a phrase: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _painted(attributes: dict[str, Any]) -> dict[str, Any]:
    """Each role as a class, which pages colour by their ground, and as its colour on light, which holds elsewhere."""
    roles = {key: attributes[key] for key in ("fill", "stroke") if attributes.get(key) not in (None, "none")}
    if not roles:
        return attributes
    classes = " ".join(f"{key}-{role}" for key, role in roles.items())
    return {"class": classes} | attributes | {key: light(role) for key, role in roles.items()}


def _value(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else value
