"""What is known of indices while a nest is written: ranges of names, which guards are decided, which limits follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor

from derive.expressions.expr import Compare, Divides, Expr, InRange, Num, Val
from derive.expressions.index import Atom, Composite, Index, divide, index

Span = tuple[int, int]


@dataclass(slots=True)
class Facts:
    """Ranges of names with numbers, both ends included, and extents of names that run from 0."""

    ranges: dict[str, Span] = field(default_factory=dict)
    extents: dict[str, Index] = field(default_factory=dict)

    def runs(self, name: str, extent: Index, last: int | None = None) -> None:
        """A name runs over 0 <= name < extent, or ends at `last`."""
        self.extents[name] = extent
        if extent.constant is not None:
            self.ranges[name] = (0, extent.constant - 1 if last is None else last)

    def span(self, i: Index) -> Span | None:
        """The smallest and largest value of a polynomial of degree one, where all is numbers."""
        low = high = 0
        for monomial, c in i.terms:
            found = (1, 1) if not monomial else self._atom(monomial[0]) if len(monomial) == 1 else None
            if found is None:
                return None
            low, high = low + min(c * found[0], c * found[1]), high + max(c * found[0], c * found[1])
        return low, high

    def _atom(self, a: Atom) -> Span | None:
        if isinstance(a, str):
            return self.ranges.get(a)
        if not isinstance(a, Composite) or not (d := a.divisor.constant) or (s := self.span(a.dividend)) is None:
            return None
        match a.kind:
            case "mod":
                return (s[0] % d, s[1] % d) if s[0] // d == s[1] // d else (0, d - 1)
            case "floor":
                return s[0] // d, s[1] // d
            case "exact":
                return ceil(s[0] / d), floor(s[1] / d)
            case _:
                return min(s[0], d), min(s[1], d)

    def decided(self, guard: Expr) -> bool | None:
        """Whether a guard always holds, never holds, or (None) is decided by the loops."""
        match guard:
            case InRange(at, extent):
                return self._in_range(at, extent)
            case Divides(divisor, dividend):
                return _divides(divisor, dividend)
            case Compare(op, (Val() | Num()) as left, (Val() | Num()) as right):
                return self._compared(op, as_index(left) - as_index(right))
        return None

    def _in_range(self, at: Index, extent: Index) -> bool | None:
        if at.name is not None and self.extents.get(at.name) == extent:
            return True
        low, high = self.span(at), self.span(at - extent)
        if (low is not None and low[1] < 0) or (high is not None and high[0] >= 0):
            return False
        return True if low is not None and high is not None and low[0] >= 0 and high[1] < 0 else None

    def _compared(self, op: str, difference: Index) -> bool | None:
        s = self.span(difference)
        if s is None:
            return None
        low, high = s
        always = {"==": low == high == 0, "!=": low > 0 or high < 0, "<": high < 0, "<=": high <= 0}[op]
        never = {"==": low > 0 or high < 0, "!=": low == high == 0, "<": low >= 0, "<=": low > 0}[op]
        return True if always else False if never else None


def whole(i: Index, facts: Facts) -> tuple[Index, list[Expr]] | None:
    """An index whose exact quotients are floors, and the guards that say where they are whole; None where never."""
    if all(isinstance(a, str) for a in i.atoms()):
        return i, []
    total, guards = index(0), list[Expr]()
    for monomial, c in i.terms:
        product = index(c)
        for a in monomial:
            if not isinstance(a, Composite):
                product = product * Index((((a,), 1),))
                continue
            above, below = whole(a.dividend, facts), whole(a.divisor, facts)
            if above is None or below is None:
                return None
            (x, more), (y, even_more) = above, below
            guards += more + even_more
            if a.kind == "exact":
                rest = Divides(y, x)
                if facts.decided(rest) is False:
                    return None
                if facts.decided(rest) is None:
                    guards.append(rest)
            product = product * _quotient(a.kind, x, y)
        total = total + product
    return total, guards


def _quotient(kind: str, x: Index, y: Index) -> Index:
    d = y.constant
    if kind in ("exact", "floor") and d and len(x.terms) > 1:
        # (d*a + r)//d = a + r//d
        multiple = Index(tuple((m, c // d) for m, c in x.terms if c % d == 0))
        rest = Index(tuple((m, c) for m, c in x.terms if c % d))
        return multiple + divide("floor", rest, y)
    return divide("floor" if kind == "exact" else kind, x, y)


def _divides(divisor: Index, dividend: Index) -> bool | None:
    d = divisor.constant
    if d is None:
        return None
    rest = [(m, c % d) for m, c in dividend.terms if c % d] if d else []
    if not rest:
        return True
    return False if len(rest) == 1 and not rest[0][0] else None


def as_index(e: Val | Num) -> Index:
    """The index that a number made of indices, or a whole number, is."""
    return e.index if isinstance(e, Val) else index(int(e.value))


@dataclass(frozen=True, slots=True)
class Limits:
    """`max(starts) <= name < min(stops)`."""

    starts: tuple[Index, ...]
    stops: tuple[Index, ...]


def solved(guard: Expr, name: str) -> Limits | None:
    """The limits of a name that a guard says, where its index is `name + rest` or `rest - name`; else None."""
    match guard:
        case InRange(at, extent):
            parts = at.split(name)
            if parts is None or name in extent.names():
                return None
            slope, rest = parts
            return _limits(slope.constant or 0, rest, extent)
        case Compare("<" | "<=" as op, (Val() | Num()) as left, (Val() | Num()) as right):
            parts = (as_index(right) - as_index(left)).split(name)
            if parts is not None and parts[0] == index(-1):
                return Limits((), (parts[1] + (1 if op == "<=" else 0),))
            if parts is not None and parts[0] == index(1):
                return Limits((-parts[1] + (1 if op == "<" else 0),), ())
    return None


def _limits(slope: int, rest: Index, extent: Index) -> Limits | None:
    """The limits of x in `0 <= slope*x + rest < extent`; None where x does not enter.

    With c = slope > 0: -rest <= c*x is -(rest//c) <= x, for whole x. With c = -slope > 0: rest - extent < c*x.
    """
    c = index(abs(slope))
    if slope > 0:
        return Limits((-divide("floor", rest, c),), (divide("floor", extent - rest - 1, c) + 1,))
    if slope < 0:
        return Limits((-divide("floor", extent - 1 - rest, c),), (divide("floor", rest, c) + 1,))
    return None
