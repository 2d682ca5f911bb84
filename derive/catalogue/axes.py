"""The spatial axes of windowed operations: one pattern serves images, signals and volumes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Axis:
    """The letters of one axis: its index, extent and output index, and the window's index, extent and parameters."""

    h: str
    H: str
    i: str
    p: str
    K: str
    s: str
    d: str
    P: str
    A: str
    L: str
    U: str

    def write(self, pattern: str) -> str:
        """A pattern such as `{s}*{i}+{p}-{P}` in the letters of this axis."""
        return pattern.format(**{name: getattr(self, name) for name in self.__slots__})


def _suffixed(h: str, i: str, p: str) -> Axis:
    return Axis(h, h.upper(), i, p, *(f"{stem}_{h}" for stem in ("K", "s", "d", "P", "A", "L", "U")))


AXES = {
    1: (Axis("h", "H", "i", "p", "M", "s", "d", "P", "A", "L", "U"),),
    2: (_suffixed("h", "i", "p"), _suffixed("w", "j", "q")),
    3: (_suffixed("t", "m", "r"), _suffixed("h", "i", "p"), _suffixed("w", "j", "q")),
}
"""Dimensions -> axes. s stride, d dilation, P padding, L and U padding below and above, A output padding."""


def over(dimensions: int, pattern: str, between: str = ",") -> str:
    """A pattern once an axis."""
    return between.join(axis.write(pattern) for axis in AXES[dimensions])


def symbols(dimensions: int, stem: str) -> tuple[str, ...]:
    """The symbols of one parameter, one an axis."""
    return tuple(axis.write(f"{{{stem}}}") for axis in AXES[dimensions])
