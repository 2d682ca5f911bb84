"""Reads index expressions such as `s*i + d*p - P`, within bounds: a short text can stand for a huge polynomial."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from derive.expressions.expr import Entry
from derive.expressions.index import Composite, Index, atom_index, divide, index
from derive.language.tokens import MAX_AXES, MAX_DEPTH, Reader

MAX_WEIGHT, MAX_QUOTIENTS, MAX_COEFFICIENT = 300, 12, 10**30
_KINDS = {"/": "exact", "//": "floor", "%": "mod"}
_T = TypeVar("_T")


class IndexGrammar(Reader):
    """A reader of indices; `where` holds the abbreviations, `read` the other names that were read."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.where: dict[str, Index] = {}
        self.read: set[str] = set()

    def nested(self, rule: Callable[[], _T]) -> _T:
        """What a rule reads, one level deeper."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} levels of nesting", "name an intermediate in an equation of its own")
        result = rule()
        self.depth -= 1
        return result

    def indices(self) -> tuple[Index, ...]:
        """The indices of a read and the bracket that closes them."""
        found: list[Index] = []
        if self.here.text == "]":
            self.fail("an index", "declare a tensor without indices, scalar w, and read it as w")
        while not self.accept("]"):
            found.append(self.index_sum())
            if len(found) > MAX_AXES:
                self.fail(f"at most {MAX_AXES} indices", "flatten some axes into one")
            if not self.accept(",") and self.here.text != "]":
                self.fail("',' or ']'", "separate indices by ','")
        return tuple(found)

    def index_sum(self) -> Index:
        total = -self.index_product() if self.accept("-") else self.index_product()
        while sign := self.accept("+", "-"):
            term = self.index_product()
            total = self.bounded(total + term if sign.text == "+" else total - term)
        return total

    def index_product(self) -> Index:
        total = self.index_atom()
        while sign := self.accept("*", "/", "//", "%"):
            start = self.at
            right = self.index_atom()
            if sign.text != "*" and right.constant == 0:
                self.fail("a divisor that is not 0", "divide by a stride or an extent", start)
            total = self.bounded(total * right if sign.text == "*" else divide(_KINDS[sign.text], total, right))
        return total

    def index_atom(self) -> Index:
        here = self.here
        if self.accept("("):
            inner = self.nested(self.index_sum)
            self.expect(")", "close the bracket")
            return inner
        if self.accept("..."):
            return index("...")
        if here.kind == "number" and "." not in here.text:
            self.at += 1
            return index(int(here.text))
        if here.kind != "name":
            self.fail("an index", "write an integer expression such as s*i+d*p-P")
        self.at += 1
        if self.accept("["):
            return self.bounded(atom_index(Entry(here.text, self.nested(self.indices))))
        if here.text == "min" and self.accept("("):
            return self.nested(self.lesser)
        return self.named(here.text)

    def named(self, name: str) -> Index:
        """What an abbreviation stands for, or the name itself."""
        if name not in self.where:
            self.read.add(name)
        return self.where.get(name, index(name))

    def lesser(self) -> Index:
        """`min(a, b)` behind its bracket."""
        left = self.index_sum()
        self.expect(",", "write: min(a, b)")
        right = self.index_sum()
        self.expect(")", "close the bracket")
        return self.bounded(divide("min", left, right))

    def bounded(self, i: Index) -> Index:
        """The index, unless it grew beyond what any law needs."""
        weight, quotients = _weigh(i)
        if weight > MAX_WEIGHT or quotients > MAX_QUOTIENTS or any(abs(c) > MAX_COEFFICIENT for _, c in i.terms):
            self.fail("an index expression of moderate size", "name a part of it as a parameter")
        return i


def _weigh(i: Index) -> tuple[int, int]:
    """How many names, numbers and quotients an index is made of, and how deep its quotients and reads nest."""
    weight, deepest = 0, 0
    for monomial, _ in i.terms:
        weight += 1 + len(monomial)
        for atom in monomial:
            if not isinstance(atom, str):
                parts = (atom.dividend, atom.divisor) if isinstance(atom, Composite) else atom.indices
                inner = [_weigh(p) for p in parts]
                weight += sum(w for w, _ in inner)
                deepest = max([deepest, *(d + 1 for _, d in inner)])
    return weight, deepest
