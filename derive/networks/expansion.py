"""One entry of a formula written out at given sizes: sums as terms, guards about indices decided, zero reads gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from itertools import product
from typing import Any

from derive.errors import MeaningError
from derive.expressions.build import add, mul, rebuild
from derive.expressions.expr import (
    GUARDS,
    ONE,
    ZERO,
    Apply,
    Binder,
    Compare,
    Contract,
    Divides,
    Entry,
    Expr,
    InRange,
    Maximum,
    Mul,
    Num,
    Select,
    Val,
    Winner,
    val,
)
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads
from derive.laws.definitions import unfolder
from derive.networks.instance import Instance

Point = dict[str, int]


def expand(e: Expr, instance: Instance, point: Point) -> Expr:
    """The expression where its free indices are `point`, over entries at numbers, counted from 0.

    Data decide nothing here: the winner of a maximum stays a bracket that asks for it.
    Raises: MeaningError for a maximum without a cell.
    """
    return _RULES.get(type(e), _other)(e, instance, point)


def _put_in(i: Index, instance: Instance, point: Point) -> Index:
    """The index with numbers for its names; what is not whole stays a quotient."""
    numbers = {n: index(point[n] if n in point else instance.names[n]) for n in i.names()}
    return i.substitute(
        numbers, lambda entry: Entry(entry.tensor, tuple(_put_in(k, instance, point) for k in entry.indices))
    )


def _symbolic(i: Index) -> bool:
    """Whether the index reads an integer tensor."""
    return any(isinstance(a, Entry) for a in i.atoms())


def _outside(e: Entry, instance: Instance, point: Point) -> bool:
    """Whether a read is of nothing: between two entries or beyond the range."""
    for i, n in zip(e.indices, instance.shape(e.tensor), strict=True):
        at = _put_in(i, instance, point)
        if not _symbolic(at) and (at.constant is None or not 0 <= at.constant < n):
            return True
    return False


def _tuples(binders: tuple[Binder, ...], instance: Instance, point: Point) -> Iterator[Point]:
    for at in product(*(range(instance.extent(b.extent)) for b in binders)):
        yield {**point, **{b.name: k for b, k in zip(binders, at, strict=True)}}


def _entry(e: Entry, instance: Instance, point: Point) -> Expr:
    if e.tensor in instance.absent:
        return val(instance.op.tensor(e.tensor).absent)
    if _outside(e, instance, point):
        return ZERO
    return Entry(e.tensor, tuple(_put_in(i, instance, point) for i in e.indices))


def _val(e: Val, instance: Instance, point: Point) -> Expr:
    return val(_put_in(e.index, instance, point))


def _contract(e: Contract, instance: Instance, point: Point) -> Expr:
    return add(expand(e.body, instance, p) for p in _tuples(e.binders, instance, point))


def _mul(e: Mul, instance: Instance, point: Point) -> Expr:
    """A false guard annihilates its product, whatever else stands in it."""
    guards = {k: expand(f, instance, point) for k, f in enumerate(e.items) if isinstance(f, GUARDS)}
    if ZERO in guards.values():
        return ZERO
    return mul(guards[k] if k in guards else expand(f, instance, point) for k, f in enumerate(e.items))


def _candidates(e: Select | Winner, instance: Instance, point: Point) -> dict[tuple[int, ...], Expr]:
    """The cells among which a maximum is sought, by their place in the window."""
    found = {}
    for p in _tuples(e.binders, instance, point):
        if not any(_outside(r, instance, p) for r in reads(e.body)):
            found[tuple(p[b.name] for b in e.binders)] = expand(e.body, instance, p)
    if not found:
        raise MeaningError("max: got a window without a single cell inside its tensor, expected at least one;"
                           " use less padding or a larger input")  # fmt: skip
    return found


def _select(e: Select, instance: Instance, point: Point) -> Expr:
    return reduce(Maximum, _candidates(e, instance, point).values())


def _winner(e: Winner, instance: Instance, point: Point) -> Expr:
    """Whether the cell at this place is the largest of its window."""
    cells = _candidates(e, instance, point)
    at = tuple(_put_in(i, instance, point).constant for i in e.at)
    chosen = next((cell for place, cell in cells.items() if place == at), None)
    if chosen is None:
        return ZERO
    largest = reduce(Maximum, cells.values())
    return ONE if len(cells) == 1 else Compare("==", chosen, _maxima(instance).get(largest, largest))


@lru_cache(maxsize=8)
def _maxima(instance: Instance) -> dict[Expr, Entry]:
    """The entries of the law that are maxima over an index, by the cells they are chosen from."""
    return {
        expand(e.body, instance, dict(zip(e.names, place, strict=True))): instance.entry(e.target, place)
        for e in instance.op.equations
        if isinstance(e.body, Select)
        for place in instance.places(e.target)
    }


def _in_range(e: InRange, instance: Instance, point: Point) -> Expr:
    at, n = _put_in(e.index, instance, point), instance.extent(e.extent)
    if _symbolic(at):
        return InRange(at, index(n))
    return val(int(at.constant is not None and 0 <= at.constant < n))


def _divides(e: Divides, instance: Instance, point: Point) -> Expr:
    a, b = (_put_in(i, instance, point).constant for i in (e.dividend, e.divisor))
    return val(int(a is not None and b is not None and b != 0 and a % b == 0))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
}  # fmt: skip


def _compare(e: Compare, instance: Instance, point: Point) -> Expr:
    left, right = (expand(s, instance, point) for s in e.parts)
    if isinstance(left, Num) and isinstance(right, Num):
        return val(int(_COMPARE[e.op](left.value, right.value)))
    return Compare(e.op, left, right)


def _apply(e: Apply, instance: Instance, point: Point) -> Expr:
    return expand(unfolder(instance.op)(e), instance, point)


def _other(e: Expr, instance: Instance, point: Point) -> Expr:
    return rebuild(e, tuple(expand(p, instance, point) for p in e.parts)) if e.parts else e


_RULES: dict[type, Callable[[Any, Instance, Point], Expr]] = {
    Entry: _entry,
    Val: _val,
    Contract: _contract,
    Mul: _mul,
    Select: _select,
    Winner: _winner,
    InRange: _in_range,
    Divides: _divides,
    Compare: _compare,
    Apply: _apply,
}
