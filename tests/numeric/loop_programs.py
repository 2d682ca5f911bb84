"""Runs loop programs on exact numbers: what each statement means, apart from any language that it is printed in."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

from derive.expressions.expr import Add, Expr, Fn, Mul, Num, Pow
from derive.expressions.functions import FUNCTIONS
from derive.expressions.index import Composite, Index
from numeric.nests.statements import Begin, Block, If, Let, Load, Loop, Operand, Store, Update, Value

LOWEST = Fraction(-(10**9))
"""Less than all numbers of the tests."""

Memory = dict[str, list[Any]]


class Undefined:
    """What has no value, such as a quotient by 0; it may be computed, but not stored."""


UNDEFINED = Undefined()


def run(block: Block, memory: Memory, names: Mapping[str, int], width: int = 1) -> None:
    """Carry the statements out; a value with lanes is a list of `width` numbers."""
    _Run(memory, dict(names), width).block(block)


class _Run:
    def __init__(self, memory: Memory, names: dict[str, Any], width: int) -> None:
        self.memory, self.names, self.width = memory, names, width

    def block(self, block: Block) -> None:
        for s in block.body:
            getattr(self, type(s).__name__.lower())(s)

    def let(self, s: Let) -> None:
        if s.operation == "sum of lanes":
            self.names[s.target.name] = sum(self.value(s.operands[0]))
            return
        found = each(OPERATIONS[s.operation], *map(self.value, s.operands))
        assert isinstance(found, list) <= s.target.lanes, s
        self.names[s.target.name] = self.spread(found, s.target)

    def load(self, s: Load) -> None:
        where = all(self.names[w.name] for w in s.where)
        self.names[s.target.name] = (
            self.cells(s.register, s.offset, s.target.lanes) if where else self.spread(0, s.target)
        )

    def begin(self, s: Begin) -> None:
        self.names[s.target.name] = self.spread({"zero": 0, "lowest": LOWEST, "none": -1}[s.start], s.target)

    def update(self, s: Update) -> None:
        old, found = self.names[s.target.name], [self.value(o) for o in s.operands]
        if s.operation == "add":
            new = each(add, old, each(multiply, *found))
        else:
            new = each(max, old, found[0]) if s.operation == "maximum" else found[0]
        where = each(lambda *x: all(x), *(self.names[w.name] for w in s.where)) if s.where else True
        self.names[s.target.name] = each(lambda w, a, b: a if w else b, where, self.spread(new, s.target), old)

    def store(self, s: Store) -> None:
        if not all(self.names[w.name] for w in s.where):
            return
        found = self.value(s.value)
        at, lanes = self.index(s.offset), isinstance(found, list)
        assert 0 <= at <= len(self.memory[s.register]) - (self.width if lanes else 1), s
        for k, x in enumerate(found if lanes else [found]):
            assert x is not UNDEFINED, s
            self.memory[s.register][at + k] = x

    def loop(self, s: Loop) -> None:
        for k in range(max(map(self.index, s.starts)), min(map(self.index, s.stops)), s.step):
            self.names[s.name] = k
            self.block(s)

    def if_(self, s: If) -> None:
        if all(self.names[c.name] for c in s.conditions):
            self.block(s)

    def cells(self, register: str, offset: Index, lanes: bool) -> Any:
        at, memory = self.index(offset), self.memory[register]
        assert 0 <= at <= len(memory) - (self.width if lanes else 1), (register, offset, at)
        return memory[at : at + self.width] if lanes else memory[at]

    def spread(self, x: Any, target: Value) -> Any:
        return [x] * self.width if target.lanes and not isinstance(x, list) else x

    def value(self, o: Operand) -> Any:
        if isinstance(o, Value):
            return self.names[o.name]
        return self.index(o) if isinstance(o, Index) else o.numerator if o.denominator == 1 else o

    def index(self, i: Index) -> Any:
        terms = [each(multiply, c, *map(self.atom, monomial)) for monomial, c in i.terms]
        return each(add, *terms) if terms else 0

    def atom(self, a: Any) -> Any:
        if isinstance(a, Composite):
            return each(QUOTIENTS[a.kind], self.index(a.dividend), self.index(a.divisor))
        return self.names[a]


setattr(_Run, "if", _Run.if_)


def each(rule: Callable[..., Any], *operands: Any) -> Any:
    """A rule lane by lane where an operand has lanes; single values count for each lane."""
    width = next((len(x) for x in operands if isinstance(x, list)), None)
    if width is None:
        return rule(*operands)
    return [rule(*lane) for lane in zip(*(x if isinstance(x, list) else [x] * width for x in operands), strict=True)]


def add(*terms: Any) -> Any:
    return UNDEFINED if UNDEFINED in terms else sum(terms)


def multiply(*factors: Any) -> Any:
    return UNDEFINED if UNDEFINED in factors else prod(factors)


def divide(a: Any, b: Any) -> Any:
    return UNDEFINED if UNDEFINED in (a, b) or b == 0 else Fraction(a) / b


def power(a: Any, n: Any) -> Any:
    if a is UNDEFINED or (a == 0 and n < 0):
        return UNDEFINED
    return _root(a, n) if isinstance(n, Fraction) and n.denominator != 1 else Fraction(a) ** int(n)


# -- functions that are not rational: others in their place, here and in the formulas that are compared ----------------


def _root(a: Any, n: Any) -> Any:
    return UNDEFINED if UNDEFINED in (a, n) else a * a + n + 3


def _function(name: str) -> Callable[[Any], Any]:
    k = 2 + list(FUNCTIONS).index(name)
    return lambda x: UNDEFINED if x is UNDEFINED else x * x + k


def rational(e: Expr) -> Expr:
    """The expression with the functions that loop programs are run with, written out."""
    e = e.with_parts(tuple(map(rational, e.parts)))
    if isinstance(e, Fn):
        return Add((Mul((e.arg, e.arg)), Num(Fraction(2 + list(FUNCTIONS).index(e.name)))))
    if isinstance(e, Pow) and not (isinstance(e.right, Num) and e.right.value.denominator == 1):
        return Add((Mul((e.left, e.left)), e.right, Num(Fraction(3))))
    return e


def _inside(at: int, extent: int) -> bool:
    return 0 <= at < extent


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": add,
    "multiply": multiply,
    "divide": divide,
    "power": power,
    "pow": _root,
    "maximum": max,
    "minimum": min,
    "choose": lambda which, a, b: a if which else b,
    "and": lambda *x: all(x),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "inside": _inside,
    "divides": lambda divisor, dividend: dividend % divisor == 0,
    "number": lambda x: int(x) if isinstance(x, bool) else x,
    "better": lambda a, best, place: a > best or place < 0,
    **{name: _function(name) for name in FUNCTIONS},
}
QUOTIENTS: dict[str, Callable[[int, int], int]] = {
    "floor": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "min": min,
}
