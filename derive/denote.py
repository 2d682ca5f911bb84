"""The meaning of the notation, evaluated exactly: the definition that every rewriting and kernel answers to.

An index runs over 0 <= i < extent; a tensor read at a tuple that is not integral or not in range is 0; a false guard
annihilates its product; `max[...]` ranges over the tuples at which every read is in range; reading an intermediate
out of range is 0 as well.

An expression is read once, by one rule for each kind of node, into a function of the point that holds its free
indices: what does not move is worked out then, and a line has many entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any, TypeVar

from derive import digits, exact
from derive.digits import Digits
from derive.errors import MeaningError
from derive.exact import Dual, Number, Slopes, primal
from derive.expr import (
    GUARDS,
    Add,
    Apply,
    Binder,
    Cases,
    Compare,
    Contract,
    D,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.functions import Z, derivative
from derive.integers import Formula, Integers, Maybe, Names, Point, Value, plain, refuse
from derive.traversal import entries, free_names, own_indices, reads

Place = tuple[int, ...]
Holds = Callable[[Point], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a point gives, and the tensor whose entries move, if one does."""

    bound: frozenset[str]
    along: str = ""

    def inside(self, binders: tuple[Binder, ...]) -> Scope:
        """The scope of a body under binders."""
        return replace(self, bound=self.bound.union(b.name for b in binders))


@dataclass(slots=True)
class World(Integers):
    """Numbers for everything free: sizes and parameters, tensors as arrays, intermediates as formulas.

    `ties` says which side's derivative counts where `max(a,b)` or `min(a,b)` meet: "left" or "right"; `lift` takes the
    integers of the law itself into the arithmetic of the arrays, before a function is worked out.
    """

    formulas: Mapping[str, Formula] = field(default_factory=dict)
    unfold: Callable[[Apply], Expr] | None = None
    ties: Mapping[str, str] = field(default_factory=lambda: {"max": "right", "min": "left"})
    lift: Callable[[Number], Number] = field(default=lambda x: x)
    _intermediates: dict[tuple[str, str], Callable[[Place], Number]] = field(default_factory=dict, init=False)

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, e: Expr, point: Point) -> Number:
        """The value of an expression where the free indices are `point`."""
        return self.meaning(e, point)(point)

    def meaning(self, e: Expr, bound: Names) -> Value:
        """The value of an expression as a function of points that give these names."""
        return self.read(e, Scope(frozenset(bound)))

    def read(self, e: Expr, scope: Scope) -> Value:
        """The same inside a derivative too."""
        return _RULES[type(e)](self, e, scope)

    # -- reads -----------------------------------------------------------------------------------------------------

    def entry(self, e: Entry, bound: Names) -> Value:
        return self.read(e, Scope(frozenset(bound)))

    def place(self, e: Entry, bound: Names) -> Callable[[Point], Place | None]:
        """The tuple at which a tensor is read, or None where it is not integral or not in range."""
        shape = self._shape(e.tensor)
        if shape is None:
            return refuse(f"tensor {e.tensor}: got no values, expected an array; give it one")  # type: ignore
        axes = [(self.whole(i, bound), n) for i, n in zip(e.indices, shape, strict=True)]

        def place(at: Point) -> Place | None:
            where = []
            for index, n in axes:
                k = index(at)
                if k is None or not 0 <= k < n:
                    return None
                where.append(k)
            return tuple(where)

        return place

    def _shape(self, tensor: str) -> tuple[int, ...] | None:
        if tensor in self.formulas:
            return tuple(self.size(n, {}) for n in self.formulas[tensor].extents)
        return self.arrays[tensor].shape if tensor in self.arrays else None

    def at_place(self, tensor: str, along: str) -> Callable[[Place], Number]:
        """A tensor's entries; those of an intermediate by its equation, each worked out once."""
        if tensor not in self.formulas:
            array = self.arrays[tensor]
            return (lambda where: Dual(array[where], Slopes({where: 1}))) if tensor == along else array.__getitem__
        if (tensor, along) not in self._intermediates:
            formula = self.formulas[tensor]
            body = cache(lambda: self.read(formula.body, Scope(frozenset(formula.names), along)))
            self._intermediates[tensor, along] = cache(
                lambda where: exact.bounded(body()(dict(zip(formula.names, where, strict=True))))
            )
        return self._intermediates[tensor, along]

    def all_inside(self, e: Expr, scope: Scope) -> list[Holds]:
        """What holds where every read of an expression is in range; those of a maximum inside it are its own matter."""
        found: list[Holds] = []
        if isinstance(e, Entry):
            place = self.place(e, scope.bound)
            found.append(lambda at: place(at) is not None)
        if isinstance(e, Select | Winner):
            return found
        for i in own_indices(e):
            for r in entries(i):
                found += self.all_inside(r, scope)
        if isinstance(e, Contract):
            body = self.all_inside(e.body, scope.inside(e.binders))
            if body:
                found.append(lambda at: all(f(inner) for inner in self.tuples(e.binders, at) for f in body))
            return found
        for part in e.parts:
            found += self.all_inside(part, scope)
        return found

    # -- functions and maxima --------------------------------------------------------------------------------------

    def function(self, name: str, z: Number) -> Number:
        """A scalar function, its tangent through SymPy's derivative."""
        if isinstance(z, Dual):
            slope = World({Z: z.value}, {}, lift=self.lift).value(derivative(name), {})
            return Dual(self.function(name, z.value), slope * z.tangent)
        z = self.lift(z) if isinstance(z, exact.Rational) else z
        if isinstance(z, float):
            return exact.real_function(name, z)
        if isinstance(z, Digits):
            return digits.function(name, z)
        return exact.EXACT[name](z)

    def best(self, e: Select | Winner, scope: Scope) -> Callable[[Point], tuple[Number, Place]]:
        """The maximum and the first tuple that attains it; raises MeaningError where every tuple reads outside."""
        inner = scope.inside(e.binders)
        body, inside = self.read(e.body, inner), self.all_inside(e.body, inner)
        names = [b.name for b in e.binders]
        extents = [self.extent(b.extent, scope.bound) for b in e.binders]

        def search(at: Point) -> tuple[Number, Place]:
            found: tuple[Number, Place] | None = None
            here = dict(at)
            for place in product(*(range(n(at)) for n in extents)):
                here.update(zip(names, place, strict=True))
                if all(f(here) for f in inside):
                    candidate = body(here)
                    if found is None or _less(found[0], candidate):
                        found = (candidate, place)
            if found is None:
                raise MeaningError("max: got a window without a single cell inside its tensor, expected at least one;"
                                   " use less padding or a larger input")  # fmt: skip
            return found

        return _once_a_point(search, Contract(e.binders, e.body), scope)


def _once_a_point(value: Callable[[Point], T], e: Expr, scope: Scope) -> Callable[[Point], T]:
    """The same function, worked out once for all points that agree on the names that are free in `e`."""
    names = sorted(free_names(e) & scope.bound)
    known: dict[Place, T] = {}

    def once(at: Point) -> T:
        here = tuple([at[n] for n in names])
        if here not in known:
            known[here] = value(at)
        return known[here]

    return once


def _less(a: Number, b: Number) -> bool:
    x, y = primal(a), primal(b)
    if isinstance(x, exact.Residue) or isinstance(y, exact.Residue):
        raise MeaningError("a comparison: got values of the prime field, which have no order, expected numbers;"
                           " compare before exp or log")  # fmt: skip
    assert not isinstance(x, Dual)
    assert not isinstance(y, Dual)
    return bool(x < y)


# -- products and sums -------------------------------------------------------------------------------------------------


def guards_of(e: Expr) -> Iterator[Expr]:
    """The guards that annihilate an expression: among the factors of a product or above the line of a quotient."""
    if isinstance(e, GUARDS):
        yield e
    elif isinstance(e, Mul):
        for f in e.items:
            yield from guards_of(f)
    elif isinstance(e, Div) or (isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value > 0):
        yield from guards_of(e.left)


def _unless_annihilated(world: World, e: Expr, scope: Scope, value: Value) -> Value:
    """0 where a guard of `e` is false, else the value."""
    guards = [world.read(g, scope) for g in guards_of(e)]
    if not guards:
        return value

    def guarded(at: Point) -> Number:
        for guard in guards:
            if not guard(at):
                return 0
        return value(at)

    return guarded


def _product(world: World, e: Mul, scope: Scope) -> Value:
    parts = [world.read(f, scope) for f in e.items if not isinstance(f, GUARDS)]

    def value(at: Point) -> Number:
        total: Number = 1
        for f in parts:
            total = total * f(at)
        return total

    return _unless_annihilated(world, e, scope, value)


def _quotient(world: World, e: Div, scope: Scope) -> Value:
    above, below = world.read(e.left, scope), world.read(e.right, scope)
    return _unless_annihilated(world, e, scope, lambda at: exact.divide(above(at), below(at)))


def _power(world: World, e: Pow, scope: Scope) -> Value:
    left, right = world.read(e.left, scope), world.read(e.right, scope)

    def value(at: Point) -> Number:
        exponent = right(at)
        if isinstance(exponent, Dual) and exponent.tangent != 0:
            raise MeaningError("a power: got an exponent that moves, expected a constant one; write exp(n*log(a))")
        base, n = left(at), primal(exponent)
        if isinstance(base, exact.Rational) and isinstance(n, exact.Rational) and n.denominator != 1:
            base = world.lift(base)
        return exact.power(base, n)

    return _unless_annihilated(world, e, scope, value)


def _sum(world: World, e: Expr, scope: Scope) -> Value:
    parts = [world.read(p, scope) for p in e.parts]

    def value(at: Point) -> Number:
        total: Number = 0
        for part in parts:
            total = total + part(at)
        return total

    return value


Loop = Callable[[Point, list[range], Number], Number]


def _contract(world: World, e: Contract, scope: Scope) -> Value:
    """One loop a binder; a guard of the body is asked as soon as its indices are known."""
    inner = scope.inside(e.binders)
    body = world.read(e.body, inner)
    extents = [world.extent(b.extent, scope.bound) for b in e.binders]
    loop: Loop = lambda at, ranges, total: total + body(at)  # noqa: E731
    for depth in range(len(e.binders) - 1, -1, -1):
        loop = _loop(e.binders[depth].name, depth, _decided(world, e, depth, inner), loop)

    def value(at: Point) -> Number:
        return loop(dict(at), [range(n(at)) for n in extents], 0)

    return value


def _loop(name: str, depth: int, guards: list[Value], body: Loop) -> Loop:
    def loop(at: Point, ranges: list[range], total: Number) -> Number:
        for k in ranges[depth]:
            at[name] = k
            for guard in guards:
                if not guard(at):
                    break
            else:
                total = body(at, ranges, total)
        return total

    return loop


def _decided(world: World, e: Contract, depth: int, scope: Scope) -> list[Value]:
    """The guards of a sum's body that are decided by its index of that depth, and have a value whatever it is."""
    names = [b.name for b in e.binders]
    found = []
    for guard in guards_of(e.body):
        used = free_names(guard)
        last = max((k for k, n in enumerate(names) if n in used), default=0)
        if last == depth and all(isinstance(p, Val | Num) for p in guard.parts):
            known = all(n in scope.bound or n in world.names for n in used)
            if known and all(r.tensor in world.arrays for r in reads(guard)):
                found.append(world.read(guard, scope))
    return found


# -- derivatives -------------------------------------------------------------------------------------------------------


def _derivative(world: World, e: D, scope: Scope) -> Value:
    """Along all entries of the tensor at once, once for each point of what is differentiated."""
    if scope.along:
        return refuse("a derivative inside a derivative: got nested d/d, expected one; derive one first")
    if e.wrt.tensor in world.formulas:
        return refuse(f"d/d{e.wrt.tensor}: got a tensor with an equation, expected an input; name an input")
    place = world.place(e.wrt, scope.bound)
    moved = _once_a_point(world.read(e.expr, Scope(scope.bound, e.wrt.tensor)), e.expr, scope)

    def value(at: Point) -> Number:
        where = place(at)
        if where is None:
            return 0
        found = moved(at)
        return found.tangent.at(where) if isinstance(found, Dual) and isinstance(found.tangent, Slopes) else 0

    return value


# -- the other nodes ---------------------------------------------------------------------------------------------------


def _entry(world: World, e: Entry, scope: Scope) -> Value:
    place = world.place(e, scope.bound)
    if e.tensor not in world.formulas and e.tensor not in world.arrays:
        return place  # type: ignore[return-value]  # it refuses
    value = world.at_place(e.tensor, scope.along)

    def read(at: Point) -> Number:
        where = place(at)
        return 0 if where is None else value(where)

    return read


def _apply(world: World, e: Apply, scope: Scope) -> Value:
    """A named result is worth what its definition says."""
    if world.unfold is None:
        return refuse(f"{e.definition}: got no definition, expected one; give the world `unfold`")
    return world.read(world.unfold(e), scope)


def _function(world: World, e: Fn, scope: Scope) -> Value:
    name, z = e.name, world.read(e.arg, scope)
    return lambda at: world.function(name, z(at))


def _constant(world: World, e: Num, scope: Scope) -> Value:
    number = plain(e.value)
    return lambda at: number


def _value(world: World, e: Val, scope: Scope) -> Value:
    number = world.number(e.index, scope.bound)

    def value(at: Point) -> Number:
        found = number(at)
        if found is None:
            raise MeaningError("a number: got a quotient that leaves a rest, expected an integer; add a guard")
        return found

    return value


_SIGNS: dict[str, Callable[[Number, Number], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": _less,
    "<=": lambda a, b: not _less(b, a),
}


def _compare(world: World, e: Compare, scope: Scope) -> Value:
    left, right = (_side(world, p, scope) for p in e.parts)
    holds = _SIGNS[e.op]

    def value(at: Point) -> Number:
        a = left(at)
        if a is None:
            return 0
        b = right(at)
        return 0 if b is None else int(holds(a, b))

    return value


def _side(world: World, e: Expr, scope: Scope) -> Maybe:
    """A side of a comparison; None where it is an index that is not integral."""
    if isinstance(e, Val):
        return world.number(e.index, scope.bound)
    found = world.read(e, scope)
    return found if isinstance(e, Num) else lambda at: primal(found(at))


def _in_range(world: World, e: InRange, scope: Scope) -> Value:
    index, extent = world.whole(e.index, scope.bound), world.whole(e.extent, scope.bound)

    def value(at: Point) -> Number:
        found, end = index(at), extent(at)
        return int(found is not None and end is not None and 0 <= found < end)

    return value


def _divides(world: World, e: Divides, scope: Scope) -> Value:
    dividend, divisor = world.whole(e.dividend, scope.bound), world.whole(e.divisor, scope.bound)

    def value(at: Point) -> Number:
        a, b = dividend(at), divisor(at)
        return int(a is not None and b is not None and b != 0 and a % b == 0)

    return value


def _two(word: str) -> Callable[[World, Expr, Scope], Value]:
    def rule(world: World, e: Expr, scope: Scope) -> Value:
        first, second = (world.read(p, scope) for p in e.parts)
        tie_is_left = world.ties[word] == "left"

        def value(at: Point) -> Number:
            left, right = first(at), second(at)
            if primal(left) == primal(right):
                return left if tie_is_left else right
            return left if _less(right, left) == (word == "max") else right

        return value

    return rule


def _select(world: World, e: Select, scope: Scope) -> Value:
    best = world.best(e, scope)
    return lambda at: best(at)[0]


def _winner(world: World, e: Winner, scope: Scope) -> Value:
    best, indices = world.best(e, scope), [world.whole(i, scope.bound) for i in e.at]
    return lambda at: int(best(at)[1] == tuple([i(at) for i in indices]))


def _cases(world: World, e: Cases, scope: Scope) -> Value:
    condition, then, other = (world.read(p, scope) for p in e.parts)
    return lambda at: then(at) if condition(at) == 1 else other(at)


_RULES: dict[type[Expr], Callable[[World, Any, Scope], Value]] = {
    Num: _constant,
    Val: _value,
    Entry: _entry,
    Add: _sum,
    Mul: _product,
    Div: _quotient,
    Pow: _power,
    Fn: _function,
    Maximum: _two("max"),
    Minimum: _two("min"),
    Compare: _compare,
    InRange: _in_range,
    Divides: _divides,
    Cases: _cases,
    Contract: _contract,
    Select: _select,
    Winner: _winner,
    D: _derivative,
    Apply: _apply,
}


def denote(e: Expr, world: World, point: Point | None = None) -> Number:
    """The value of `e` in `world` where its free indices are `point`.

    Raises: MeaningError where the expression has no value there.
    """
    return world.value(e, point or {})
