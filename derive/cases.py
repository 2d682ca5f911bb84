"""Expressions without max, min and choices: one for every case, of which exactly one holds.

Two values f and g that are compared are f < g, f == g or f > g. In each case all that compares them is decided, and
where f == g one is put in for the other. Under a sum, h = h(>) + [f<g]*(h(<) - h(>)) + [f==g]*(h(==) - h(>)), and
sum[i] [i==a]*h(i) = [0<=a<I]*h(a).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from derive.expressions.build import add, contract, integral, mul, negate, rebuild
from derive.expressions.expr import (
    ONE,
    ZERO,
    Add,
    Binder,
    Binding,
    Cases,
    Compare,
    Contract,
    Entry,
    Expr,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Val,
    as_index,
)
from derive.expressions.index import Index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, walk

MOST_PAIRS = 3
"""So many pairs are told apart at once: 27 cases."""
LESS, EQUAL, GREATER = "<", "==", ">"
_HOLDS = {"<": {LESS}, "<=": {LESS, EQUAL}, "==": {EQUAL}, "!=": {LESS, GREATER}}
_TURNED = {LESS: GREATER, EQUAL: EQUAL, GREATER: LESS}
_COMPARING = (Compare, Maximum, Minimum)

Extents = Mapping[str, Index]


class TooManyCases(Exception):
    """More cases than are tried."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two values that are compared; `ordered` where it counts which one is larger."""

    left: Expr
    right: Expr
    ordered: bool = False

    @property
    def cases(self) -> tuple[str, ...]:
        """Those that are told apart; GREATER is what is left."""
        return (LESS, EQUAL, GREATER) if self.ordered else (EQUAL, GREATER)

    def compared_by(self, e: Expr) -> bool:
        """Whether a node compares the two."""
        return isinstance(e, _COMPARING) and {self.left, self.right} == set(e.parts)


def every_case(several: tuple[Expr, ...], extents: Extents) -> Iterator[tuple[Expr, ...]]:
    """Expressions in every case of what they compare; `extents` are those of the indices in force.

    Raises: TooManyCases.
    """
    yield from _each(tuple(_under_sums(_scaled(_decided(e)), extents) for e in several), 0)


def _each(several: tuple[Expr, ...], depth: int) -> Iterator[tuple[Expr, ...]]:
    pair = _first(several)
    if pair is None:
        yield several
        return
    if depth == MOST_PAIRS:
        raise TooManyCases
    for case in pair.cases:
        yield from _each(tuple(_in_case(e, pair, case) for e in several), depth + 1)


# -- under sums --------------------------------------------------------------------------------------------------------


def _under_sums(e: Expr, extents: Extents) -> Expr:
    """The expression with every sum whose summand compares what moves with its indices as sums of cases."""
    if isinstance(e, Contract):
        inner = {**extents, **{b.name: b.extent for b in e.binders}}
        return _summed(e.binders, _under_sums(e.body, inner), inner, ())
    if isinstance(e, Binding) or not e.parts:
        return e
    return rebuild(e, tuple(_under_sums(p, extents) for p in e.parts))


def _summed(binders: tuple[Binder, ...], body: Expr, extents: Extents, settled: tuple[Pair, ...]) -> Expr:
    pair = _first((body,), frozenset(b.name for b in binders), settled)
    if pair is None:
        return contract(binders, body)
    if len(settled) == MOST_PAIRS:
        raise TooManyCases
    known = (*settled, pair)
    otherwise = _in_case(body, pair, GREATER)
    total = [_summed(binders, otherwise, extents, known)]
    for case in pair.cases[:-1]:
        more = add((_in_case(body, pair, case), negate(otherwise)))
        place = _place(pair, binders) if case == EQUAL else None
        if place is None:
            guarded = mul((Compare(case, pair.left, pair.right), more))
            total.append(_summed(binders, guarded, extents, known))
            continue
        b, at = place
        inside = ONE if extents.get(at.name or "") == b.extent else InRange(at, b.extent)
        others = tuple(c for c in binders if c != b)
        total.append(_summed(others, mul((inside, substitute(more, {b.name: at}))), extents, known))
    return add(total)


def _place(pair: Pair, binders: tuple[Binder, ...]) -> tuple[Binder, Index] | None:
    """The bound index that is equal to something else, and what it is equal to."""
    return next(((b, at) for b in binders for name, at in _solutions(pair) if name == b.name), None)


def _solutions(pair: Pair) -> Iterator[tuple[str, Index]]:
    """Each index by itself that the two say the value of, if they are equal."""
    for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
        at = as_index(other) if isinstance(other, Val | Num) else None
        if isinstance(one, Val) and one.index.name and at is not None and one.index.name not in at.names():
            yield one.index.name, at


# -- pairs -------------------------------------------------------------------------------------------------------------


def _first(several: tuple[Expr, ...], own: frozenset[str] | None = None, settled: tuple[Pair, ...] = ()) -> Pair | None:
    """The first pair that is compared and compares nothing itself; with `own`, one that depends on these names."""
    found = [e for expression in several for e in _comparisons(expression, frozenset())]
    for e in found:
        left, right = sorted(e.parts, key=repr)
        pair = Pair(left, right)
        moves = own is None or bool(free_names(e) & own)
        if moves and not any({p.left, p.right} == set(e.parts) for p in settled):
            alike = [n for n in found if pair.compared_by(n)]
            equations = all(isinstance(n, Compare) and n.op in ("==", "!=") for n in alike)
            return Pair(left, right, not equations)
    return None


def _comparisons(e: Expr, bound: frozenset[str]) -> Iterator[Expr]:
    """What compares two values that have one wherever it stands, those under sums that do not move with their index."""
    if isinstance(e, Contract):
        bound |= {b.name for b in e.binders}
    elif isinstance(e, Binding):
        return
    if isinstance(e, _COMPARING) and not any(_compares(p) for p in e.parts) and not free_names(e) & bound:
        yield e
    for p in e.parts:
        yield from _comparisons(p, bound)


def _compares(side: Expr) -> bool:
    """Whether a value is one that is not compared with others: it compares, binds a maximum, or is between integers."""
    inner = any(isinstance(n, (*_COMPARING, Cases)) or (isinstance(n, Binding) and not isinstance(n, Contract))
                for n in walk(side))  # fmt: skip
    return inner or any(isinstance(n, Val) and not integral(n.index) for n in walk(side))


# -- one case ----------------------------------------------------------------------------------------------------------


def _in_case(e: Expr, pair: Pair, case: str) -> Expr:
    """The expression where one case of a pair holds."""
    found = _decided(_replaced(e, pair, case))
    return _decided(_put_in(found, pair)) if case == EQUAL else found


def _replaced(e: Expr, pair: Pair, case: str) -> Expr:
    e = _rebuilt(e, tuple(_replaced(p, pair, case) for p in e.parts), pair)
    if not pair.compared_by(e):
        return e
    here = case if e.parts[0] == pair.left else _TURNED[case]
    if isinstance(e, Compare):
        return ONE if here in _HOLDS[e.op] else ZERO
    return e.parts[(here == LESS) == isinstance(e, Maximum)]


def _rebuilt(e: Expr, parts: tuple[Expr, ...], pair: Pair) -> Expr:
    """The node over new parts; as it was where it binds a name of the pair, which is another there."""
    own = {b.name for b in e.binders} if isinstance(e, Binding) else set()
    if not parts or own & (free_names(pair.left) | free_names(pair.right)):
        return e
    return rebuild(e, parts)


def _put_in(e: Expr, pair: Pair) -> Expr:
    """The expression with one of two equal values for the other: an index, or an entry."""
    for name, at in _solutions(pair):
        return substitute(e, {name: at})
    for one, other in ((pair.left, pair.right), (pair.right, pair.left)):
        if isinstance(one, Entry) and one not in walk(other):
            return _with(e, one, other, pair)
    return e


def _with(e: Expr, one: Expr, other: Expr, pair: Pair) -> Expr:
    return other if e == one else _rebuilt(e, tuple(_with(p, one, other, pair) for p in e.parts), pair)


def _decided(e: Expr) -> Expr:
    """The expression without comparisons of numbers, and without choices between what they leave."""
    if not e.parts:
        return e
    e = rebuild(e, tuple(_decided(p) for p in e.parts))
    if isinstance(e, _COMPARING):
        one, other = e.parts
        if isinstance(one, Num) and isinstance(other, Num):
            case = LESS if one.value < other.value else EQUAL if one == other else GREATER
            return _replaced(e, Pair(one, other), case)
        return _replaced(e, Pair(one, other), EQUAL) if one == other and not _compares(one) else e
    if isinstance(e, Cases) and isinstance(e.condition, Num):
        return e.then if e.condition == ONE else e.other
    return e


# -- one value against a number ----------------------------------------------------------------------------------------


def _scaled(e: Expr) -> Expr:
    """The expression with a*m + b < c*m + d as a comparison of m with a number: so many pairs are one."""
    if not e.parts or (isinstance(e, Contract) and not any(isinstance(n, _COMPARING) for n in walk(e))):
        return e
    e = rebuild(e, tuple(_scaled(p) for p in e.parts))
    if not isinstance(e, _COMPARING) or any(_compares(p) or isinstance(p, Val) for p in e.parts):
        return e
    one, other = e.parts
    terms: dict[Expr, Fraction] = {}
    for number, value in (*_terms(one), *((-n, v) for n, v in _terms(other))):
        terms[value] = terms.get(value, Fraction(0)) + number
    constant = terms.pop(ONE, Fraction(0))
    moving = [(n, v) for v, n in terms.items() if n]
    if len(moving) != 1 or {one, other} == {moving[0][1], Num(-constant / moving[0][0])}:
        return e
    (scale, value), at = moving[0], Num(-constant / moving[0][0])
    left, right = (value, at) if scale > 0 else (at, value)
    if isinstance(e, Compare):
        return Compare(e.op, left, right)
    smaller, larger = (one, other) if isinstance(e, Minimum) else (other, one)
    return Cases(Compare("<", left, right), smaller, larger)


def _terms(e: Expr) -> list[tuple[Fraction, Expr]]:
    """A sum as numbers times values; a number is itself times 1."""
    if isinstance(e, Add):
        return [t for item in e.items for t in _terms(item)]
    items = e.items if isinstance(e, Mul) else (e,)
    numbers = [i.value for i in items if isinstance(i, Num)]
    return [(Fraction(prod(numbers)), mul(i for i in items if not isinstance(i, Num)))]
