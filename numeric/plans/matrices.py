"""Products of several arrays, summed over shared indices, as products of matrices: which axes become rows and columns,
in which order they lie in memory, and what is copied for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from derive.expressions.expr import Entry, Expr, Mul
from numeric.plans.build import Build, Scope, axes_of, used
from numeric.plans.plan import Axes, Copy, Map, Matmul, Names, Operand, Reduce, View
from numeric.plans.reading import is_position
from numeric.plans.windowing import split_binders


def contract_operands(build: Build, binders: Axes, trees: list[Expr], scope: Scope) -> Expr:
    """The sum over `binders` of a product of at least two trees, over the free names."""
    inner = {**scope, **{b.name: b.extent for b in binders}}
    bound = {b.name for b in binders}
    operands = [_register(build, t, inner) for t in trees]
    while len(operands) > 1:
        k, m = _cheapest(operands, bound)
        rest = [o for j, o in enumerate(operands) if j not in (k, m)]
        kept = {n for o in rest for n in _names(o)} | (set(inner) - bound)
        a, b = (
            _summed(build, o, other, kept, inner)
            for o, other in ((operands[k], operands[m]), (operands[m], operands[k]))
        )
        operands = [*rest[:k], _pair(build, a, b, kept, inner), *rest[k:]]
    return _summed(build, operands[0], None, set(scope), inner)


def _names(o: Entry) -> Names:
    return tuple(i.name or "" for i in o.indices)


def _register(build: Build, tree: Expr, inner: Scope) -> Entry:
    if isinstance(tree, Entry):
        return tree
    return build.emit(Map("factor", axes_of(used(tree, inner), inner), tree))


def _cheapest(operands: list[Entry], bound: set[str]) -> tuple[int, int]:
    """The pair whose product has the fewest axes."""

    def axes_left(pair: tuple[int, int]) -> int:
        others = {n for j, o in enumerate(operands) if j not in pair for n in _names(o)}
        here = {n for j in pair for n in _names(operands[j])}
        return len([n for n in here if n not in bound or n in others])

    return min(combinations(range(len(operands)), 2), key=axes_left)


def _summed(build: Build, o: Entry, other: Entry | None, kept: set[str], inner: Scope) -> Entry:
    """An operand summed over what only it has."""
    alone = tuple(n for n in _names(o) if n not in kept and (other is None or n not in _names(other)))
    if not alone:
        return o
    axes = axes_of(tuple(n for n in inner if n in _names(o) and n not in alone), inner)
    taps, over = split_binders(build, axes_of(alone, inner), (o,), inner)
    return build.emit(Reduce("total", axes, "sum", taps, over, o))


def _pair(build: Build, a: Entry, b: Entry, kept: set[str], inner: Scope) -> Entry:
    """The product of two operands, summed over what both have and nobody else needs."""
    shared = [n for n in inner if n in _names(a) and n in _names(b)]
    summed = [n for n in shared if n not in kept]
    alone_a = [n for n in _names(a) if n not in shared]
    alone_b = [n for n in _names(b) if n not in shared]
    out = tuple(n for n in inner if n in {*_names(a), *_names(b)} and n not in summed)
    if not summed or not (alone_a or alone_b):
        body = Mul((a, b))
        if not summed:
            return build.emit(Map("factor", axes_of(out, inner), body))
        return build.emit(Reduce("total", axes_of(out, inner), "sum", (), axes_of(tuple(summed), inner), body))
    if _turned(build, alone_a, alone_b, summed, out, inner):
        a, b, alone_a, alone_b = b, a, alone_b, alone_a
    stack = [n for n in shared if n not in summed]
    return _product(build, _Pair(a, b, stack, alone_a, alone_b, summed), inner)


def _turned(build: Build, rows: list[str], columns: list[str], summed: list[str], out: Names, inner: Scope) -> bool:
    """Whether the operands change places.

    A long sum between two short sides is fastest with the longer side as rows; else the result lies as it is wanted, or
    with window places last.
    """
    if _long(build, summed, inner) and not _long(build, rows + columns, inner):
        return len(columns) > len(rows)
    if _in_order(rows + columns, out):
        return False
    return _in_order(columns + rows, out) or _long(build, rows, inner)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Left and right operand with the roles of their axes: in both and kept, rows, columns, summed."""

    left: Entry
    right: Entry
    stack: list[str]
    rows: list[str]
    columns: list[str]
    summed: list[str]

    def stacked_along(self, name: str) -> _Pair:
        """The same pair with one of its axes as the stack."""
        rows, columns, summed = ([n for n in ns if n != name] for ns in (self.rows, self.columns, self.summed))
        return _Pair(self.left, self.right, [name], rows, columns, summed)


def _product(build: Build, p: _Pair, inner: Scope) -> Entry:
    leading = _leading(build, p, inner) if build.stacked and not p.stack else None
    stacked = p if leading is None else p.stacked_along(leading)
    summed = _sum_order(build, stacked)
    left = _operand(build, p.left, stacked.stack, stacked.rows, summed, inner)
    right = _operand(build, p.right, stacked.stack, summed, stacked.columns, inner)
    axes = axes_of((*stacked.stack, *stacked.rows, *stacked.columns), inner)
    found = build.emit(Matmul("product", axes, left, right))
    if leading is None or leading not in p.summed:
        return found
    return build.emit(Reduce("total", axes[1:], "sum", (), axes[:1], found))


def _leading(build: Build, p: _Pair, inner: Scope) -> str | None:
    """The axis along which matrices are stacked: the first of an operand with window places, if others are left.

    It is an axis of the result, or the first one of both operands, which is then summed after the product.
    """
    for o, other, own in ((p.right, p.left, p.columns), (p.left, p.right, p.rows)):
        first = _names(o)[0]
        if is_position(build, first, inner) or not _long(build, _names(o), inner):
            continue
        if (first in own and len(own) > 1) or (first in p.summed and len(p.summed) > 1 and _names(other)[0] == first):
            return first
    return None


def _sum_order(build: Build, p: _Pair) -> list[str]:
    """The order of the summed axes: as they lie in an operand that is no view, which then needs no copy."""
    still = [o for o in (p.left, p.right) if not isinstance(build.made_by(o.tensor), View)]
    order = _names(still[0] if still else p.left)
    return [n for n in order if n in p.summed]


def _operand(build: Build, o: Entry, first: list[str], rows: list[str], columns: list[str], inner: Scope) -> Operand:
    """An operand as matrices; a view is copied, window places last, so that copying moves whole rows."""
    stack = tuple(n for n in first if n in _names(o))
    made = build.made_by(o.tensor)
    if isinstance(made, View):
        last_is_long = _long(build, columns, inner) or not _long(build, rows, inner)
        order = (*stack, *rows, *columns) if last_is_long else (*stack, *columns, *rows)
        o = build.emit(Copy(made.target.removesuffix("_windows") + "_columns", axes_of(order, inner), o))
    return Operand(o, stack, tuple(rows), tuple(columns))


def _long(build: Build, names: Iterable[str], inner: Scope) -> bool:
    return any(is_position(build, n, inner) for n in names)


def _in_order(names: list[str], out: Names) -> bool:
    return names == [n for n in out if n in names]
