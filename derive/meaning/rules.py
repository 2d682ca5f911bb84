"""What each kind of node means: one rule a kind reads it into a function of the point of its free indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from derive.errors import MeaningError
from derive.expressions.expr import (
    GUARDS,
    Add,
    Apply,
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
from derive.meaning import exact
from derive.meaning.exact import Dual, Number, Slopes, primal
from derive.meaning.integers import Maybe, Point, Value, plain, refuse
from derive.meaning.loops import Scope, best_of, contract, guards_of, less, once_a_point

if TYPE_CHECKING:
    from derive.meaning.denote import World


# -- products and sums -------------------------------------------------------------------------------------------------


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


# -- derivatives -------------------------------------------------------------------------------------------------------


def _derivative(world: World, e: D, scope: Scope) -> Value:
    """Along all entries of the tensor at once, once for each point of what is differentiated."""
    if scope.along:
        return refuse("a derivative inside a derivative: got nested d/d, expected one; derive one first")
    if e.wrt.tensor in world.formulas:
        return refuse(f"d/d{e.wrt.tensor}: got a tensor with an equation, expected an input; name an input")
    place = once_a_point(world.place(e.wrt, scope.bound), e.wrt, scope)
    moved = once_a_point(world.read(e.expr, Scope(scope.bound, e.wrt.tensor)), e.expr, scope)

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
    "<": less,
    "<=": lambda a, b: not less(b, a),
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
            return left if less(right, left) == (word == "max") else right

        return value

    return rule


def _select(world: World, e: Select, scope: Scope) -> Value:
    best = best_of(world, e, scope)
    return lambda at: best(at)[0]


def _winner(world: World, e: Winner, scope: Scope) -> Value:
    best, indices = best_of(world, e, scope), [world.whole(i, scope.bound) for i in e.at]
    return lambda at: int(best(at)[1] == tuple([i(at) for i in indices]))


def _cases(world: World, e: Cases, scope: Scope) -> Value:
    condition, then, other = (world.read(p, scope) for p in e.parts)
    return lambda at: then(at) if condition(at) == 1 else other(at)


RULES: dict[type[Expr], Callable[[World, Any, Scope], Value]] = {
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
    Contract: contract,
    Select: _select,
    Winner: _winner,
    D: _derivative,
    Apply: _apply,
}
