"""The extent of a windowed output, from the access and a size rule; no size formula is typed for any operation.

fit   the windows that end inside the halo        touch   the windows with a real read
ceil  torch's: those that begin inside the halo, the last one possibly overhanging it by less than a stride

Each is solved from one inequality: what a window reads last (fit, ceil) or first (ceil, touch) has a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from derive.errors import OperationError
from derive.expressions.expr import Binder
from derive.expressions.index import ONE, ZERO, Composite, Index, divide, index
from derive.language.notation import SizeRule
from derive.language.show import show_index


@dataclass(frozen=True, slots=True)
class Window:
    """A read of an axis at an index that moves with an output index; `others` are the bound indices in it."""

    output: str
    access: Index
    axis: Binder
    others: tuple[Binder, ...]
    halo: tuple[Index, Index] | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """`stride*output + offset <= limit`, from which `output < limit//stride + 1` (with the offset moved over)."""

    why: str
    stride: Index
    offset: Index
    limit: Index

    @property
    def count(self) -> Index:
        """How many values of the output index, from 0, keep the bound."""
        return divide("floor", self.limit - self.offset, self.stride) + 1


@dataclass(frozen=True, slots=True)
class Sizing:
    """Why an output has its extent: the rule, the access, the bounds on the output index, and the size they give."""

    symbol: str
    output: str
    rule: str
    access: Index
    axis: Binder
    bounds: tuple[Bound, ...]
    size: Index

    def __str__(self) -> str:
        i = self.output
        lines = [f"size of {i} by the rule {self.rule}: {self.axis.name} is read at {show_index(self.access)}"]
        for b in self.bounds:
            moving = show_index(b.stride * index(i) + b.offset)
            lines.append(f"    {b.why}: {moving} <= {show_index(b.limit)}, so {i} < {show_index(b.count)}")
        return "\n".join([*lines, f"    {self.symbol} = {show_index(self.size)}"])

    def map(self, change: Callable[[Index], Index]) -> Sizing:
        """The same reasoning with other extents and parameters."""
        bounds = tuple(Bound(b.why, change(b.stride), change(b.offset), change(b.limit)) for b in self.bounds)
        axis = Binder(self.axis.name, change(self.axis.extent))
        return Sizing(self.symbol, self.output, self.rule, change(self.access), axis, bounds, change(self.size))


def size_by_rule(symbol: str, rule: SizeRule, windows: list[Window]) -> Sizing:
    """The extent of an output index by its rule; what the law adds to it is an output padding, less a crop.

    Raises: OperationError where the access is not stride*index + rest, or where two reads disagree.
    """
    found = {s.size: s for s in (_sizing(symbol, rule, w) for w in windows)}
    smallest = [a for a in found if all(_at_most(a, b) for b in found)]
    if not smallest:
        options = " and ".join(sorted(show_index(f) for f in found))
        name = windows[0].output
        raise OperationError(
            f"index {name}: got sizes {options} from its reads, expected one; write its size: size {name} = N"
        )
    return found[smallest[0]]


def _at_most(a: Index, b: Index) -> bool:
    more = (b - a).constant
    return more is not None and more >= 0


def _sizing(symbol: str, rule: SizeRule, w: Window) -> Sizing:
    bounds = _RULES[rule.name](w)
    size = bounds[0].count
    for b in bounds[1:]:
        size = divide("min", size, b.count)
    return Sizing(symbol, w.output, rule.name, w.access, w.axis, bounds, size + rule.more)


def _fit(w: Window) -> tuple[Bound, ...]:
    stride, rest = _moves(w, w.access)
    high = _high(w, rest)
    return (Bound("a window ends inside", stride, _extreme(rest, w, largest=True), w.axis.extent - 1 + high),)


def _ceil(w: Window) -> tuple[Bound, ...]:
    (ends,) = _fit(w)
    stride, rest = _moves(w, w.access)
    why = "a window ends inside, or overhangs by less than a stride"
    overhang = Bound(why, stride, ends.offset, ends.limit + stride - 1)
    begins = Bound("a window begins before the end", stride, _extreme(rest, w, largest=False), w.axis.extent - 1)
    return (overhang, begins)


def _touch(w: Window) -> tuple[Bound, ...]:
    if w.halo is not None:
        raise OperationError(
            f"index {w.output}: got a halo for {w.axis.name} under the rule touch, expected none; write what is cropped"
            f" or added: size {w.output} touch - P"
        )
    match w.access.terms:
        case ((((Composite("exact", dividend, divisor),)), 1),):
            access, limit = dividend, divisor * (w.axis.extent - 1)
        case _:
            access, limit = w.access, w.axis.extent - 1
    stride, rest = _moves(w, access)
    return (Bound("a window has a real read", stride, _extreme(rest, w, largest=False), limit),)


def _high(w: Window, rest: Index) -> Index:
    """The halo's high side; its low side must be where the first window begins."""
    if w.halo is None:
        return ZERO
    low, high = w.halo
    first = _extreme(rest, w, largest=False)
    if first + low != ZERO:
        raise OperationError(
            f"index {w.output}: got a halo of {show_index(low)} below {w.axis.name}, expected {show_index(-first)},"
            " where the first window begins; make the access and the halo agree"
        )
    return high


def _moves(w: Window, access: Index) -> tuple[Index, Index]:
    parts = access.split(w.output)
    if parts is None or not parts[0].terms or any(c < 0 for _, c in parts[0].terms):
        raise OperationError(
            f"index {w.output}: got the access {show_index(w.access)}, expected stride*{w.output} + rest; write its"
            f" size: size {w.output} = N"
        )
    return parts


def _extreme(rest: Index, w: Window, largest: bool) -> Index:
    """The largest or smallest value over the other bound indices, parameters being non-negative."""
    for b in reversed(w.others):  # inner extents may depend on outer indices
        if b.name not in rest.names():
            continue
        parts = rest.split(b.name)
        signs = set() if parts is None else {c > 0 for _, c in parts[0].terms}
        if parts is None or len(signs) != 1:
            raise OperationError(
                f"index {w.output}: got the access {show_index(w.access)}, expected it to be linear in {b.name}; write"
                f" its size: size {w.output} = N"
            )
        slope, other = parts
        rest = other + (slope * (b.extent - ONE) if signs == {largest} else ZERO)
    return rest


_RULES: Mapping[str, Callable[[Window], tuple[Bound, ...]]] = {"fit": _fit, "ceil": _ceil, "touch": _touch}
