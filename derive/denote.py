"""The meaning of the notation, evaluated slowly and exactly: the definition that every rewriting and kernel answers to.

An index runs over 0 <= i < extent; a tensor read at a tuple that is not integral or not in range is 0; a false guard
annihilates its product; `max[...]` ranges over the tuples at which every read is in range; reading an intermediate
out of range is 0 as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from derive import digits, exact
from derive.digits import Digits
from derive.errors import MeaningError
from derive.exact import Dual, Number, primal
from derive.expr import (
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
from derive.functions import Z, derivative
from derive.integers import Formula, Integers, Point, plain
from derive.traversal import entries, own_indices

Rule = Callable[["World", Expr, Point], Number]


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
    _along: tuple[str, tuple[int, ...]] | None = None
    _memo: dict[object, Number] = field(default_factory=dict)
    _shapes: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False)

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, e: Expr, point: Point) -> Number:
        """The value of an expression where the free indices are `point`."""
        return _RULES[type(e)](self, e, point)

    def entry(self, e: Entry, point: Point) -> Number:
        place = self.place(e, point)
        if place is None:
            return 0
        if e.tensor in self.formulas:
            return self._through(e.tensor, place)
        value = self.arrays[e.tensor][place]
        if self._along is not None and self._along[0] == e.tensor:
            return Dual(value, 1 if place == self._along[1] else 0)
        return value

    def place(self, e: Entry, point: Point) -> tuple[int, ...] | None:
        """The tuple at which a tensor is read, or None where it is not integral or not in range."""
        where: list[int] = []
        for i, n in zip(e.indices, self._shape(e.tensor), strict=True):
            k = self.integer(i, point)
            if k is None or not 0 <= k < n:
                return None
            where.append(k)
        return tuple(where)

    def _shape(self, tensor: str) -> tuple[int, ...]:
        if tensor not in self._shapes:
            if tensor in self.formulas:
                self._shapes[tensor] = tuple(self.size(n, {}) for n in self.formulas[tensor].extents)
            elif tensor in self.arrays:
                self._shapes[tensor] = self.arrays[tensor].shape
            else:
                raise MeaningError(f"tensor {tensor}: got no values, expected an array; give it one")
        return self._shapes[tensor]

    def _through(self, name: str, place: tuple[int, ...]) -> Number:
        """An intermediate's entry by its equation, worked out once."""
        key = (name, place, self._along)
        if key not in self._memo:
            formula = self.formulas[name]
            found = self.value(formula.body, dict(zip(formula.names, place, strict=True)))
            self._memo[key] = exact.bounded(found)
        return self._memo[key]

    def reads_inside(self, e: Expr, point: Point) -> bool:
        """Whether every read of an expression is in range; those of a maximum inside it are its own matter."""
        if isinstance(e, Entry) and self.place(e, point) is None:
            return False
        if isinstance(e, Select | Winner):
            return True
        if any(not self.reads_inside(r, point) for i in own_indices(e) for r in entries(i)):
            return False
        if isinstance(e, Contract):
            return all(self.reads_inside(e.body, inner) for inner in self.tuples(e.binders, point))
        return all(self.reads_inside(p, point) for p in e.parts)

    def derivative(self, e: D, point: Point) -> Number:
        if self._along is not None:
            raise MeaningError("a derivative inside a derivative: got nested d/d, expected one; derive one first")
        if e.wrt.tensor in self.formulas:
            raise MeaningError(f"d/d{e.wrt.tensor}: got a tensor with an equation, expected an input; name an input")
        place = self.place(e.wrt, point)
        if place is None:
            return 0
        self._along = (e.wrt.tensor, place)
        try:
            found = self.value(e.expr, point)
        finally:
            self._along = None
        return found.tangent if isinstance(found, Dual) else 0

    def apply(self, e: Apply, point: Point) -> Number:
        """A named result is worth what its definition says."""
        if self.unfold is None:
            raise MeaningError(f"{e.definition}: got no definition, expected one; give the world `unfold`")
        return self.value(self.unfold(e), point)

    def function(self, name: str, z: Number) -> Number:
        """A scalar function, its tangent through SymPy's derivative."""
        if isinstance(z, Dual):
            slope = World({Z: z.value}, {}, lift=self.lift).value(derivative(name), {})
            return Dual(self.function(name, z.value), slope * z.tangent)
        z = self.lift(z) if isinstance(z, int | Fraction) else z
        if isinstance(z, float):
            return exact.real_function(name, z)
        if isinstance(z, Digits):
            return digits.function(name, z)
        return exact.EXACT[name](z)

    def best(self, e: Select | Winner, point: Point) -> tuple[Number, Point]:
        """The maximum and the first tuple that attains it. Raises: MeaningError where every tuple reads outside."""
        found: tuple[Number, Point] | None = None
        for inner in self.tuples(e.binders, point):
            if self.reads_inside(e.body, inner):
                candidate = self.value(e.body, inner)
                if found is None or _less(found[0], candidate):
                    found = (candidate, inner)
        if found is None:
            raise MeaningError("max: got a window without a single cell inside its tensor, expected at least one;"
                               " use less padding or a larger input")  # fmt: skip
        return found


def _less(a: Number, b: Number) -> bool:
    x, y = primal(a), primal(b)
    if isinstance(x, exact.Residue) or isinstance(y, exact.Residue):
        raise MeaningError("a comparison: got values of the prime field, which have no order, expected numbers;"
                           " compare before exp or log")  # fmt: skip
    assert not isinstance(x, Dual)
    assert not isinstance(y, Dual)
    return bool(x < y)


_SEEN_THROUGH = {*GUARDS, Mul, Div, Pow}
"""Nodes that can hold a guard of the product that they are a factor of."""


def _annihilated(world: World, e: Expr, point: Point) -> bool:
    """Whether a false guard stands among the factors of a product or above the line of a quotient."""
    if isinstance(e, Mul):
        return any(type(f) in _SEEN_THROUGH and _annihilated(world, f, point) for f in e.items)
    if isinstance(e, Div):
        return _annihilated(world, e.left, point)
    if isinstance(e, Pow):
        positive = isinstance(e.right, Num) and e.right.value > 0
        return positive and _annihilated(world, e.left, point)
    return isinstance(e, GUARDS) and world.value(e, point) == 0


def _product(world: World, e: Mul, point: Point) -> Number:
    if _annihilated(world, e, point):
        return 0
    total: Number = 1
    for f in e.items:
        if not isinstance(f, GUARDS):
            total = total * world.value(f, point)
    return total


def _quotient(world: World, e: Div, point: Point) -> Number:
    if _annihilated(world, e.left, point):
        return 0
    return exact.divide(world.value(e.left, point), world.value(e.right, point))


def _power(world: World, e: Pow, point: Point) -> Number:
    if _annihilated(world, e, point):
        return 0
    exponent = world.value(e.right, point)
    if isinstance(exponent, Dual) and exponent.tangent != 0:
        raise MeaningError("a power: got an exponent that moves, expected a constant one; write exp(n*log(a))")
    base, n = world.value(e.left, point), primal(exponent)
    if isinstance(base, int | Fraction) and isinstance(n, Fraction) and n.denominator != 1:
        base = world.lift(base)
    return exact.power(base, n)


def _sum(world: World, e: Expr, point: Point) -> Number:
    total: Number = 0
    for part in e.parts:
        total = total + world.value(part, point)
    return total


def _contract(world: World, e: Contract, point: Point) -> Number:
    total: Number = 0
    for inner in world.tuples(e.binders, point):
        total = total + world.value(e.body, inner)
    return total


def _compare(world: World, e: Compare, point: Point) -> Number:
    sides = []
    for side in (e.left, e.right):
        found = world.number(side, point) if isinstance(side, Val | Num) else primal(world.value(side, point))
        if found is None:
            return 0
        sides.append(found)
    left, right = sides
    if e.op in ("==", "!="):
        return int((left == right) == (e.op == "=="))
    return int(_less(left, right) if e.op == "<" else not _less(right, left))


def _in_range(world: World, e: InRange, point: Point) -> Number:
    found = world.integer(e.index, point)
    return int(found is not None and 0 <= found < world.size(e.extent, point))


def _divides(world: World, e: Divides, point: Point) -> Number:
    a, b = world.integer(e.dividend, point), world.integer(e.divisor, point)
    return int(a is not None and b is not None and b != 0 and a % b == 0)


def _value(world: World, e: Val, point: Point) -> Number:
    found = world.number(e, point)
    if found is None:
        raise MeaningError("a number: got a quotient that leaves a rest, expected an integer; add a guard")
    return found


def _two(word: str) -> Rule:
    def rule(world: World, e: Expr, point: Point) -> Number:
        left, right = (world.value(p, point) for p in e.parts)
        if primal(left) == primal(right):
            return left if world.ties[word] == "left" else right
        return left if _less(right, left) == (word == "max") else right

    return rule


def _winner(world: World, e: Winner, point: Point) -> Number:
    _, first = world.best(e, point)
    where = [world.integer(i, point) for i in e.at]
    return int(where == [first[b.name] for b in e.binders])


def _cases(world: World, e: Cases, point: Point) -> Number:
    return world.value(e.then if world.value(e.condition, point) == 1 else e.other, point)


_RULES: dict[type, Callable[..., Number]] = {
    Num: lambda w, e, p: plain(e.value),
    Val: _value,
    Entry: World.entry,
    Add: _sum,
    Mul: _product,
    Div: _quotient,
    Pow: _power,
    Fn: lambda w, e, p: w.function(e.name, w.value(e.arg, p)),
    Maximum: _two("max"),
    Minimum: _two("min"),
    Compare: _compare,
    InRange: _in_range,
    Divides: _divides,
    Cases: _cases,
    Contract: _contract,
    Select: lambda w, e, p: w.best(e, p)[0],
    Winner: _winner,
    D: World.derivative,
    Apply: World.apply,
}


def denote(e: Expr, world: World, point: Point | None = None) -> Number:
    """The value of `e` in `world` where its free indices are `point`.

    Raises: MeaningError where the expression has no value there.
    """
    return world.value(e, point or {})
