"""Reads sums and maxima over indices: what stands under and over the sign, and what it takes."""

from __future__ import annotations

from fractions import Fraction

from derive.language.latex.environments import Environments
from derive.language.latex.nodes import (
    Binding,
    Bound,
    Node,
    Number,
    Product,
    Relation,
    Symbol,
    Tuple,
)
from derive.language.latex.symbols import Names
from derive.language.latex.tokens import Token


class Limits(Names, Environments):
    """One method a kind of limit."""

    def loose(self) -> Node:
        raise NotImplementedError

    def summed(self) -> Node:
        return self.binding("sum", self.take().at)

    def binding(self, sign: str, start: int) -> Node:
        """What stands under and over the sign, then what it takes."""
        bounds, guards, highs = (), (), ()  # type: tuple[Bound, ...], tuple[Node, ...], tuple[Node | None, ...]
        while self.sees("_", "^"):
            if self.take().text == "^":
                highs = self.group(self.highs) if self.sees("{") else (self.one_high(),)
            elif self.sees("{"):
                bounds, guards = self.group(self.limits)
            else:
                name = self.symbol_token()
                bounds = (Bound(name.at, name.name),)
        bounds = self.with_highs(bounds, highs)
        before = len(self.bound)
        self.bound += [b.name for b in bounds]
        body = self.nested(self.loose)
        del self.bound[before:]
        return Binding(start, sign, bounds, body, guards)

    def highs(self) -> tuple[Node | None, ...]:
        found = [self.one_high()]
        while self.accept(","):
            found.append(self.one_high())
        return tuple(found)

    def one_high(self) -> Node | None:
        """An upper limit, or None for an infinite one."""
        self.accept("+")
        if self.accept(r"\infty"):
            return None
        return self.sum() if self.tokens[self.at - 1].text != "^" else self.braced()

    def with_highs(self, bounds: tuple[Bound, ...], highs: tuple[Node | None, ...]) -> tuple[Bound, ...]:
        if not highs:
            return bounds
        if len(highs) not in (1, len(bounds)):
            self.fail(f"{len(bounds)} upper limits", "write one for each index, or one for all")
        each = highs * len(bounds) if len(highs) == 1 else highs
        lows = [b.low for b in bounds]
        last = next((low for low in reversed(lows) if low), None)
        return tuple(
            Bound(b.at, b.name, low or last, high, b.endless or high is None)
            for b, low, high in zip(bounds, lows, each, strict=True)
        )

    def limits(self) -> tuple[tuple[Bound, ...], tuple[Node, ...]]:
        """`i=1`, `i,j`, `ij`, `0 <= i < n`, `i != j`."""
        bounds: list[Bound] = []
        guards: list[Node] = []
        while True:
            start = self.here
            self.lower_limit(bounds, guards, start)
            if not self.accept(",") and not self.accept_row():
                return tuple(bounds), tuple(guards)

    def lower_limit(self, bounds: list[Bound], guards: list[Node], start: Token) -> None:
        if start.kind == "name" and self.endless():
            bounds.append(Bound(start.at, start.text, endless=True))
            return
        item = self.relation()
        match item:
            case Relation(signs=("==",), items=(Symbol() as name, low)):
                bounds.append(Bound(item.at, self.bound_name(name), low))
            case Relation(signs=("<=", high), items=(low, Symbol() as name, top)) if high in ("<", "<="):
                one = Number(item.at, Fraction(1), "1")
                top = top if high == "<=" else self.minus(top, one)
                bounds.append(Bound(item.at, self.bound_name(name), low, top))
            case Relation(items=(Symbol() as name, *_)):
                if self.bound_name(name) not in {b.name for b in bounds}:
                    bounds.append(Bound(item.at, self.bound_name(name)))
                guards.append(item)
            case _:
                bounds += [Bound(s.at, self.bound_name(s)) for s in self.letters_of(item, start)]

    def endless(self) -> bool:
        """Steps over `a = -\\infty`."""
        texts = [t.text for t in self.tokens[self.at + 1 : self.at + 4]]
        if texts == ["=", "-", r"\infty"]:
            self.at += 4
            return True
        return False

    def letters_of(self, item: Node, start: Token) -> list[Symbol]:
        if isinstance(item, Symbol):
            return [item]
        if isinstance(item, Product) and item.sign == "":
            return [*self.letters_of(item.left, start), *self.letters_of(item.right, start)]
        if isinstance(item, Tuple):
            return [s for i in item.items for s in self.letters_of(i, start)]
        return self.fail("bound indices", r"write \sum_{i,j} or \sum_{i=1}^{n}", start)
