"""Python text of a scalar tree over registers, each aligned to the axes of the result by None and transposes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from derive.expressions.expr import (
    Add,
    Cases,
    Compare,
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
    Val,
)
from derive.expressions.index import Index
from numeric.plans.plan import Names
from numeric.printing import python_text as py
from numeric.printing.dialect import Dialect
from numeric.printing.python_text import Text


class Registers(Protocol):
    """What a tree needs to know of the function that it stands in."""

    dialect: Dialect
    uses_dtype: bool

    def register(self, name: str) -> str:
        """The identifier of a register."""

    def is_mask(self, name: str) -> bool:
        """Whether a register holds booleans."""

    def symbol_text(self, atom: object) -> Text:
        """A size or parameter."""

    def range_of(self, name: str) -> str:
        """The identifier of 0, 1, ... along an index."""


@dataclass(frozen=True, slots=True)
class TreeText:
    """Prints trees whose values have an axis for each name of `order`; names of `fixed` are loop variables."""

    world: Registers
    order: Names
    fixed: Mapping[str, str]

    def __call__(self, e: Expr) -> Text:
        return _RULES[type(e)](self, e)

    def numeric(self, e: Expr) -> Text:
        """A tree as numbers: truths become 0 and 1."""
        found = self(e)
        if found.kind == "mask":
            self.world.uses_dtype = True
            return Text(self.world.dialect.cast(found.within(py.ATOM)), py.ATOM, "array")
        return Text(f"int({found.text})", py.ATOM, "number") if found.kind == "truth" else found

    def entry(self, e: Entry) -> Text:
        """A register, with its axes at the places of `order`."""
        names = [i.name or "" for i in e.indices]
        text = self.world.register(e.tensor)
        kind = "mask" if self.world.is_mask(e.tensor) else "array"
        present = [n for n in names if n not in self.fixed]
        wanted = [n for n in self.order if n in present]
        marks = [self.fixed.get(n, ":") for n in names]
        if present != wanted:
            if len(present) < len(names):
                text += _subscript(marks)
            text = self.world.dialect.permuted(text, tuple(present.index(n) for n in wanted))
            names = wanted
            marks = [":"] * len(wanted)
        return Text(text + self.subscript(names, marks), py.ATOM, kind)

    def subscript(self, names: list[str], marks: list[str]) -> str:
        """`[:, None, p]`: a place for every axis of the result from the first that is there."""
        where = {n: k for k, n in enumerate(self.order)}
        found: list[str] = []
        last: int | None = None
        for n, mark in zip(names, marks, strict=True):
            if n in where:
                found += ["None"] * (where[n] - last - 1) if last is not None else []
                last = where[n]
            found.append(mark)
        found += ["None"] * (len(self.order) - 1 - last) if last is not None else []
        return _subscript(found)

    def index(self, i: Index) -> Text:
        """An index as integers."""
        return py.integer(i, self.atom)

    def atom(self, a: object) -> Text:
        """A name or an entry of an integer tensor, as integers."""
        if isinstance(a, Entry):
            return self.entry(a)
        assert isinstance(a, str)
        if a in self.fixed:
            return Text(self.fixed[a], py.ATOM, "number")
        if a in self.order:
            spread = ["None"] * (len(self.order) - 1 - self.order.index(a))
            subscript = f"[{', '.join([':', *spread])}]" if spread else ""
            return Text(self.world.range_of(a) + subscript, py.ATOM, "array")
        return self.world.symbol_text(a)

    def value(self, e: Val) -> Text:
        """An index as a number."""
        found = self.index(e.index)
        if found.kind != "array":
            return found
        self.world.uses_dtype = True
        return Text(self.world.dialect.cast(found.within(py.ATOM)), py.ATOM, "array")

    def product(self, e: Mul) -> Text:
        """A product; masks are multiplied in, and cast only where there is nothing else."""
        texts = [self(f) for f in e.items]
        if any(t.kind == "array" for t in texts):
            texts = [Text(f"int({t.text})", py.ATOM, "number") if t.kind == "truth" else t for t in texts]
            return py.multiply([t for t in texts if t.kind != "mask"] + [t for t in texts if t.kind == "mask"])
        return py.multiply([self.numeric(f) for f in e.items])

    def condition(self, e: Expr) -> Text:
        """A guard, or a product of guards, as truths."""
        return py.both([self(f) for f in (e.items if isinstance(e, Mul) else (e,))])

    def compare(self, e: Compare) -> Text:
        if isinstance(e.left, Val | Num) and isinstance(e.right, Val | Num):
            sides = [self.index(s.index) if isinstance(s, Val) else self(s) for s in (e.left, e.right)]
            found = py.compare(e.op, *sides)
            return self.integral(found, *(s.index for s in (e.left, e.right) if isinstance(s, Val)))
        return py.compare(e.op, self.numeric(e.left), self.numeric(e.right))

    def integral(self, found: Text, *indices: Index) -> Text:
        """A condition, and that every exact quotient in it leaves no rest."""
        extra = [self.no_rest(q.dividend, q.divisor) for i in indices for q in py.quotients(i)]
        return py.both([found, *extra])

    def in_range(self, e: InRange) -> Text:
        at, extent = self.index(e.index), self.index(e.extent)
        low, high = py.compare(">=", at, py.number(Fraction(0))), py.compare("<", at, extent)
        return self.integral(py.both([low, high]), e.index, e.extent)

    def divides(self, e: Divides) -> Text:
        return self.no_rest(e.dividend, e.divisor)

    def no_rest(self, dividend: Index, divisor: Index) -> Text:
        """Whether a quotient is an integer."""
        a, b = self.index(dividend), self.index(divisor)
        rest = Text(f"{a.within(py.PRODUCT)}%{b.within(py.SIGN)}", py.PRODUCT, py.joined_kind((a, b)))
        return py.compare("==", rest, py.number(Fraction(0)))

    def cases(self, e: Cases) -> Text:
        """A choice; of two numbers by a mask, one is made an array, so that the choice has the tensors' dtype."""
        condition, then, other = self.condition(e.condition), self.numeric(e.then), self.numeric(e.other)
        if condition.kind == "truth":
            return Text(
                f"{then.within(py.BOTH)} if {condition.text} else {other.within(py.BOTH)}", py.CHOICE, then.kind
            )
        chosen = then.text
        if then.kind == other.kind == "number":
            self.world.uses_dtype = True
            chosen = self.world.dialect.typed(then.text)
        return Text(self.world.dialect.where(condition.text, chosen, other.text), py.ATOM, "array")

    def function(self, e: Fn) -> Text:
        arg, words = self.numeric(e.arg), self.world.dialect
        if arg.kind == "number":
            return Text(words.of_number(words.functions[e.name], arg.text), py.ATOM, "number")
        return Text(words.functions[e.name].format(arg.text), py.ATOM, "array")

    def extreme(self, word: str, e: Maximum | Minimum) -> Text:
        return self.world.dialect.extreme(word, self.numeric(e.left), self.numeric(e.right))


def _subscript(marks: list[str]) -> str:
    while marks and marks[-1] == ":":
        marks = marks[:-1]
    return f"[{', '.join(marks)}]" if marks else ""


_RULES: dict[type, Callable[..., Text]] = {
    Num: lambda t, e: py.number(e.value),
    Val: TreeText.value,
    Entry: TreeText.entry,
    Add: lambda t, e: py.add([t.numeric(i) for i in e.items]),
    Mul: TreeText.product,
    Div: lambda t, e: py.divide(t.numeric(e.left), t.numeric(e.right)),
    Pow: lambda t, e: py.power(t.numeric(e.left), t.numeric(e.right)),
    Maximum: lambda t, e: t.extreme("max", e),
    Minimum: lambda t, e: t.extreme("min", e),
    Compare: TreeText.compare,
    InRange: TreeText.in_range,
    Divides: TreeText.divides,
    Cases: TreeText.cases,
    Fn: TreeText.function,
}
