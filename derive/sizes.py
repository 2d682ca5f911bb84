"""The extent of a windowed output, from the access and a size rule; no size formula is typed for any operation.

fit   as many windows as stay inside the halo            touch   every window with a real read
ceil  torch's: one more, unless it would start at or beyond H + lo
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.errors import OperationError
from derive.index import ONE, ZERO, Composite, Index, divide
from derive.show import show_index


@dataclass(frozen=True, slots=True)
class Window:
    """A read of an axis at an index that moves with an output index."""

    output: str
    access: Index
    axis: str
    scope: dict[str, tuple[str, Index | None]]


Extents = Callable[[str], Index]
Pads = Callable[[str], tuple[Index, Index]]


def extent_by_rule(rule: str, windows: list[Window], extent: Extents, pad: Pads) -> Index:
    """The extent of an output index by its rule.

    Raises: OperationError where the access is not stride*index + rest, or where two reads disagree.
    """
    found = {_RULES[rule](w, extent, pad) for w in windows}
    if len(found) == 1:
        return found.pop()
    smallest = [a for a in found if all(((b - a).constant or 0) >= 0 and (b - a).constant is not None for b in found)]
    if not smallest:
        name = windows[0].output
        options = " and ".join(sorted(show_index(f) for f in found))
        raise OperationError(
            f"index {name}: got sizes {options} from its reads, expected one; write its size: size {name} = N"
        )
    return smallest[0]


def _fit(w: Window, extent: Extents, pad: Pads) -> Index:
    stride, rest = _moves(w, w.access)
    _low, high = pad(w.axis)
    last = _largest(rest, w, extent)
    return divide("floor", extent(w.axis) + high - 1 - last, stride) + 1


def _ceil(w: Window, extent: Extents, pad: Pads) -> Index:
    stride, rest = _moves(w, w.access)
    low, high = pad(w.axis)
    last = _largest(rest, w, extent)
    by_windows = divide("floor", extent(w.axis) + high - 1 - last + stride - 1, stride) + 1
    by_start = divide("floor", extent(w.axis) + low - 1, stride) + 1
    return divide("min", by_windows, by_start)


def _touch(w: Window, extent: Extents, pad: Pads) -> Index:
    match w.access.terms:
        case ((((Composite("exact", dividend, divisor),)), 1),):
            stride, rest = _moves(w, dividend)
            reach = divisor * (extent(w.axis) - 1)
        case _:
            stride, rest = _moves(w, w.access)
            reach = extent(w.axis) - 1
    _low, high = pad(w.axis)
    if stride != ONE:
        raise OperationError(f"index {w.output}: got stride {show_index(stride)} under the rule touch, expected 1")
    return reach - _smallest(rest, w, extent) + 1 + high


def _moves(w: Window, access: Index) -> tuple[Index, Index]:
    parts = access.split(w.output)
    if parts is None or parts[0] == ZERO:
        raise OperationError(
            f"index {w.output}: got the access {show_index(w.access)}, expected stride*{w.output} + rest; write its"
            f" size: size {w.output} = N"
        )
    return parts


def _largest(rest: Index, w: Window, extent: Extents) -> Index:
    """The largest value over the other bound indices, parameters being non-negative."""
    return _extreme(rest, w, extent, positive=True)


def _smallest(rest: Index, w: Window, extent: Extents) -> Index:
    return _extreme(rest, w, extent, positive=False)


def _extreme(rest: Index, w: Window, extent: Extents, positive: bool) -> Index:
    for name, (place, bounded) in w.scope.items():
        if name not in rest.names():
            continue
        parts = rest.split(name)
        if parts is None:
            raise OperationError(f"index {w.output}: got the access {show_index(w.access)}, expected it to be linear in"
                                 f" {name}; write its size: size {w.output} = N")  # fmt: skip
        slope, other = parts
        grows = all(c > 0 for _, c in slope.terms)
        end = (bounded if bounded is not None else extent(place)) - 1
        rest = other + (slope * end if grows == positive else ZERO)
    return rest


_RULES: dict[str, Callable[[Window, Extents, Pads], Index]] = {"fit": _fit, "ceil": _ceil, "touch": _touch}
