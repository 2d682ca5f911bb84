"""A result as the product of two matrices, or as one matrix slid over another: what its name says, in numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from derive.expressions.expr import ZERO, Add, Apply, Contract, Entry, Expr, Mul
from derive.expressions.index import Index, index
from derive.laws.definitions import definition
from derive.meaning.exact import Number
from derive.networks.expansion import expand
from reports.by_hand.friendly import Example
from reports.document import Math
from reports.mathematics.latex import latex
from reports.mathematics.names import Names
from reports.mathematics.plaintext import plaintext

Rows = list[list[Number]]
_SHORT = re.compile(r"(?:_\dd|_plain|_channels|_groups)+\(([^|)]*?)(?: \|[^)]*)?\)")
Factor = Entry | Apply


@dataclass(frozen=True, slots=True)
class Operand:
    """A matrix of an equation: its name and its numbers; `halo` counts the zeros (before, after) along each axis."""

    name: Math
    rows: Rows
    halo: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """`left = one (sign) other`, with the values that this gives for every place of the result.

    `step` and `spread`: how far a window moves, and how far its cells are apart, an axis each.
    """

    sign: Math
    one: Operand
    other: Operand
    values: Rows
    step: tuple[int, ...] = ()
    spread: tuple[int, ...] = ()


def form_of(target: Entry, body: Expr, ex: Example, names: Names) -> Form | None:
    """The form of `target = body` at these sizes; None where it is neither a product nor a sliding window.

    `target` is an entry at plain names; axes that are not shown are taken at their only place.
    """
    if isinstance(body, Apply):
        body = definition(body.definition, ex.at.op).unfold(body)
    body = _present(body, ex)
    if not isinstance(body, Contract) or not isinstance(body.body, Mul) or len(body.body.items) != 2:
        return None
    one, other = body.body.items
    if not isinstance(one, Factor) or not isinstance(other, Factor):
        return None
    hidden = {b.name: index(0) for k, b in enumerate(ex.at.axes(target.tensor)) if k not in ex.at.kept(target.tensor)}
    free = [(b.name, ex.at.extent(b.extent)) for b in ex.at.axes(target.tensor) if b.name not in hidden]
    bound = [(b.name, ex.at.extent(b.extent)) for b in body.binders]
    hidden |= {n: index(0) for n, extent in bound if extent == 1 and _only_counts(n, (one, other), ex)}
    bound = [(n, extent) for n, extent in bound if n not in hidden]
    sides = [_Side(f, hidden, ex, names) for f in (one, other)]
    return _windows(sides, free, bound) or _product(sides, free, bound)


def _present(e: Expr, ex: Example) -> Expr:
    """The law without the terms of tensors that are left out."""
    if not isinstance(e, Add):
        return e
    left = [t for t in e.items if not (isinstance(t, Entry) and t.tensor in ex.at.absent)]
    return left[0] if len(left) == 1 else e


def _only_counts(name: str, factors: Sequence[Factor], ex: Example) -> bool:
    """Whether a bound index stands alone wherever it stands: a batch or channel with one entry."""
    return all(i.name == name or name not in i.names() for f in factors for i in f.indices)


@dataclass(frozen=True, slots=True)
class _Side:
    """One factor, with numbers for the names of sizes and for the indices that are not shown."""

    factor: Factor
    hidden: dict[str, Index]
    ex: Example
    names: Names

    @property
    def indices(self) -> list[Index]:
        """The indices with numbers put in for sizes and hidden names."""
        known = {n: index(v) for n, v in self.ex.at.names.items()} | self.hidden
        return [i.substitute(known) for i in self.factor.indices]

    def value(self, at: Sequence[int]) -> Number:
        """The number at a place, 0 outside."""
        return self.ex.world.value(replace(self.factor, indices=tuple(map(index, at))), {})

    def shape(self) -> tuple[int, ...]:
        """The extents of a tensor; a named result has none of its own."""
        return self.ex.at.shape(self.factor.tensor) if isinstance(self.factor, Entry) else (0,) * len(self.indices)

    def real(self, at: Sequence[int]) -> bool:
        """Whether an entry stands at a place, and no zero of the border."""
        return expand(replace(self.factor, indices=tuple(map(index, at))), self.ex.at, {}) != ZERO

    def bare(self) -> list[str]:
        """The names of the indices that are shown; "" stands for one that is more than a name."""
        return [i.name or "" for i in self.indices if i.constant is None]

    def at(self, point: dict[str, int]) -> Number:
        """The number where the shown indices, all of them names, have these values."""
        values = {n: index(v) for n, v in point.items()}
        return self.value([i.substitute(values).constant or 0 for i in self.indices])

    def name(self, turned: bool = False) -> Math:
        """What the factor is called without indices."""
        whole = replace(self.factor, indices=())
        text, plain = latex(whole, self.names), _SHORT.sub(r"(\1)", plaintext(whole).removesuffix("[]"))
        return Math(rf"\left({text}\right)^{{\mathsf T}}", f"({plain})ᵀ") if turned else Math(text, plain)


Extents = list[tuple[str, int]]
_STAR, _TIMES = Math(r"\circledast", "⊛"), Math("", "·")


def _windows(sides: list[_Side], free: Extents, bound: Extents) -> Form | None:
    """One factor read at places that move with both kinds of indices, the other at the bound ones alone."""
    if len(free) > 2:
        return None  # numbers are printed as rows
    wanted = [(f, b) for (f, _), (b, _) in zip(free, bound, strict=False)]
    for moving, taps in (sides, sides[::-1]):
        axes = [a for i in moving.indices if (a := _moving(i, free, bound)) is not None]
        if not axes or [(a.free, a.bound) for a in axes] != wanted or len(free) != len(bound):
            continue
        if [i.name for i in taps.indices if i.constant is None] == [n for n, _ in bound]:
            turned, axes = _forwards(taps, axes, bound)
            forwards = all(a.step > 0 and a.spread > 0 for a in axes)
            return _slid(moving, turned, axes, free, bound) if forwards else None  # a slid window is never flipped
    return None


def _forwards(taps: _Side, axes: list[_Axis], bound: Extents) -> tuple[_Side, list[_Axis]]:
    """What slides as it slides: a window that is read backwards along every axis is rotated first."""
    leading = len(taps.factor.indices) - len(bound)
    if leading not in _ROTATED or not isinstance(taps.factor, Entry) or any(a.spread > 0 for a in axes):
        return taps, axes
    name, extents = f"rot180_{len(bound)}d{_ROTATED[leading]}", tuple(index(n) for _, n in bound)
    rotated = Apply(name, (taps.factor.tensor,), extents, taps.factor.indices)
    turned = [
        replace(a, spread=-a.spread, rest=a.rest + a.spread * (n - 1)) for a, (_, n) in zip(axes, bound, strict=True)
    ]
    return replace(taps, factor=rotated), turned


_ROTATED = {0: "", 2: "_channels"}  # how many axes stand before those that a definition rotates


@dataclass(frozen=True, slots=True)
class _Axis:
    """An index `step*free + spread*bound + rest`."""

    free: str
    step: int
    bound: str
    spread: int
    rest: int

    def at(self, f: int, b: int) -> int:
        return self.step * f + self.spread * b + self.rest


def _moving(i: Index, free: Extents, bound: Extents) -> _Axis | None:
    for f, _ in free:
        for b, _ in bound:
            parts = i.split(f)
            inner = parts[1].split(b) if parts else None
            if parts and inner and parts[0].constant and inner[0].constant and inner[1].constant is not None:
                return _Axis(f, parts[0].constant, b, inner[0].constant, inner[1].constant)
    return None


def _slid(moving: _Side, taps: _Side, axes: list[_Axis], free: Extents, bound: Extents) -> Form:
    extents = list(zip(axes, [n for _, n in free], [n for _, n in bound], strict=True))
    corners = [[a.at(f, b) for f in (0, n - 1) for b in (0, m - 1)] for a, n, m in extents]
    whole = [n for i, n in zip(moving.indices, moving.shape(), strict=True) if i.constant is None]
    positions = [range(min(0, *c), max(n - 1, *c) + 1) for c, n in zip(corners, whole, strict=True)]
    under = _grid(positions, lambda at: moving.value(_filled(moving.indices, at)))
    window = _grid([range(m) for _, m in bound], lambda at: taps.value(_filled(taps.indices, at)))
    values = _grid([range(n) for _, n in free], lambda at: _sum(
        moving.value(_filled(moving.indices, [a.at(f, b) for a, f, b in zip(axes, at, tap, strict=True)]))
        * taps.value(_filled(taps.indices, tap)) for tap in _places([range(m) for _, m in bound])))  # fmt: skip
    steps, spreads = tuple(a.step for a in axes), tuple(a.spread for a in axes)
    halo = _halo(moving, positions)
    return Form(_STAR, Operand(moving.name(), under, halo), Operand(taps.name(), window), values, steps, spreads)


def _halo(moving: _Side, positions: list[range]) -> tuple[tuple[int, int], ...]:
    """How many zeros stand before the first and after the last entry along each axis."""
    real = [at for at in _places(positions) if moving.real(_filled(moving.indices, at))]
    return tuple((min(a[k] for a in real) - p[0], p[-1] - max(a[k] for a in real)) for k, p in enumerate(positions))


def _product(sides: list[_Side], free: Extents, bound: Extents) -> Form | None:
    """Two factors of bare indices that share one summed index."""
    if len(bound) != 1:
        return None
    ((k, inner),) = bound
    extents = dict(free)
    for left, right in (sides, sides[::-1]):
        one, other = left.bare(), right.bare()
        rows, columns = [n for n in one if n != k], [n for n in other if n != k]
        if k not in one or k not in other or [*rows, *columns] != [n for n, _ in free] or max(len(one), len(other)) > 2:
            continue
        height, width = range(extents[rows[0]] if rows else 1), range(extents[columns[0]] if columns else 1)
        a = [[left.at({k: b} | dict.fromkeys(rows, r)) for b in range(inner)] for r in height]
        c = [[right.at({k: b} | dict.fromkeys(columns, j)) for j in width] for b in range(inner)]
        values = [[_sum(x * y[j] for x, y in zip(row, c, strict=True)) for j in width] for row in a]
        turned = one == [k, *rows] and bool(rows), other == [*columns, k] and bool(columns)
        return Form(_TIMES, Operand(left.name(turned[0]), a), Operand(right.name(turned[1]), c), values)
    return None


def _filled(indices: Sequence[Index], at: Sequence[int]) -> list[int]:
    """The places of all axes, hidden ones at their only place."""
    rest = iter(at)
    return [next(rest) if i.constant is None else i.constant for i in indices]


def _places(ranges: Sequence[range]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for r in ranges:
        found = [(*p, k) for p in found for k in r]
    return found


def _grid(ranges: Sequence[range], value: Callable[[Sequence[int]], Number]) -> Rows:
    """Numbers along one axis as one row, along two as rows."""
    if len(ranges) == 1:
        return [[value((c,)) for c in ranges[0]]]
    return [[value((r, c)) for c in ranges[1]] for r in ranges[0]]


def _sum(numbers: Iterable[Number]) -> Number:
    total: Number = 0
    for n in numbers:
        total = total + n
    return total
