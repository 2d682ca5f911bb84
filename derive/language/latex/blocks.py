"""Reads what has an opening and an end: brackets, bars, accents, fractions, derivatives."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import ClassVar

from derive.language.latex.environments import MAX_CELLS
from derive.language.latex.limits import Limits
from derive.language.latex.nodes import (
    Binding,
    Call,
    Guard,
    Node,
    Number,
    Partial,
    Ratio,
    Relation,
    Symbol,
    Transposed,
    Tuple,
)
from derive.language.latex.tokens import Token


class Blocks(Limits):
    """One method a kind of block; each is entered at its first token and left behind its last."""

    def round(self) -> Node:
        start = self.take().at
        items = self.items(")")
        return items[0] if len(items) == 1 else Tuple(start, tuple(items))

    def items(self, close: str) -> list[Node]:
        """Values between commas, and the bracket behind them."""
        found = [self.sum()]
        while self.accept(",", ";"):
            found.append(self.sum())
            if len(found) > MAX_CELLS:
                self.fail(f"at most {MAX_CELLS} items", "check a part at a time")
        self.expect(close, "close the bracket")
        return found

    def square(self) -> Node:
        """`[i = j]` is 1 or 0; without a relation the brackets only group."""
        start = self.take().at
        inner = self.relation()
        relations = [inner]
        while self.accept(","):
            relations.append(self.relation())
        self.expect("]", "close the bracket")
        if len(relations) == 1 and not isinstance(inner, Relation):
            return inner
        return self.guard(start, relations)

    def guard(self, start: int, relations: list[Node]) -> Node:
        for r in relations:
            if not isinstance(r, Relation):
                self.source.fail(r.at, "no relation", "a condition such as i = j or x > 0", "compare two values")
        return Guard(start, tuple(relations))

    def indicator(self) -> Node:
        r"""`\mathbf 1[x > 0]`, `\mathbb 1_{x > 0}`, `\mathbf 1(..)`."""
        start = self.take().at
        below = self.accept("_")
        length = self.word_in_group() if below else None  # of a vector of ones
        close = {"[": "]", "(": ")", "{": "}", r"\{": r"\}"}.get(self.here.text)
        if length is not None or close is None:
            return Number(start, Fraction(1), "1")
        self.take()
        again = {"[": "]", "(": ")", r"\{": r"\}"}.get(self.here.text) if close == "}" else None
        if again:
            self.take()
        relations = [self.relation()]
        while self.accept(","):
            relations.append(self.relation())
        if again:
            self.expect(again, "close the bracket")
        self.expect(close, "close the bracket")
        return self.guard(start, relations)

    def group_or_name(self) -> Node:
        """`{x}`: braces only group."""
        return self.group(self.sum)

    def bars_of(self) -> Node:
        """`|x|` and `\\|x\\|`."""
        token = self.take()
        self.bars.append(token.text)
        inner = self.sum()
        self.bars.pop()
        self.expect(token.text, "close the bar")
        return Call(token.at, "abs" if token.text == "|" else "norm", (inner,))

    def rounded(self) -> Node:
        start, name = self.here.at, self.take().text
        inner = self.sum()
        self.expect(r"\r" + name[2:], "close the bracket")
        return Call(start, "floor" if "floor" in name else "ceil", (inner,))

    def accent(self) -> Node:
        token = self.take()
        inner = self.group(self.power) if self.sees("{") else self.symbol_token()
        if not isinstance(inner, Symbol):
            self.fail("a name under the accent", r"write \hat{y}", token)
        return Symbol(token.at, f"{inner.name}_{token.text[1:]}", inner.subs, inner.label, inner.primes)

    def underbraced(self) -> Node:
        r"""`\underbrace{x}_{words}`: the words are not mathematics."""
        self.take()
        inner = self.group(self.sum)
        if self.accept("_", "^"):
            self.skip_group()
        return inner

    def skip_group(self) -> None:
        depth = 0
        while self.here.kind != "end":
            token = self.take()
            depth += (token.text == "{") - (token.text == "}")
            if depth <= 0:
                return

    def underset(self) -> Node:
        r"""`\underset{j}{\operatorname{argmax}} x`."""
        self.take()
        start = self.here.at
        bounds, guards = self.group(self.limits)
        self.expect("{", "write \\underset{j}{\\operatorname{argmax}}")
        name = self.take().text
        if name == "arg":
            name += self.take().text
        self.expect("}", "close the brace")
        if name not in ("argmax", "max"):
            self.fail("argmax or max", "write it out")
        return Binding(start, name, bounds, self.loose(), guards)

    # -- fractions and derivatives -------------------------------------------------------------------------------------

    def fraction(self) -> Node:
        start = self.take().at
        if self.derivative_ahead():
            return self.derivative(start)
        top = self.braced()
        return Ratio(start, top, self.braced())

    def braced(self) -> Node:
        """An argument: a group, or one digit, letter or command."""
        if self.sees("{"):
            return self.group(self.sum)
        here = self.here
        if here.kind == "number" and len(here.text) > 1:  # \frac12 is 1 over 2
            self.tokens[self.at : self.at + 1] = [Token("number", d, here.at + k) for k, d in enumerate(here.text)]
        if self.here.kind == "number":
            return self.number()
        return self.symbol_token()

    def number(self) -> Node:
        token = self.take()
        if not token.text.isdigit():
            self.fail("digits", "put the number in braces", token)
        return Number(token.at, Fraction(int(token.text)), token.text)

    def derivative_ahead(self) -> bool:
        """Whether `{\\partial ..}{\\partial ..}` or `{d ..}{d x}` stands here."""
        if not self.sees("{"):
            return False
        if self.after.text == r"\partial":
            return True
        close = self.closing(self.at)
        below = self.tokens[close + 1 : close + 4]
        return (
            self.after.text == "d"
            and len(below) == 3
            and below[0].text == "{"
            and below[1].text == "d"
            and below[2].kind in ("name", "sign", "command")
            and below[2].text not in ("}", "_", "^", "+", "-")
        )

    def closing(self, at: int) -> int:
        """Where the brace at a place is closed."""
        depth = 0
        for k in range(at, len(self.tokens)):
            depth += (self.tokens[k].text == "{") - (self.tokens[k].text == "}")
            if depth == 0:
                return k
        return len(self.tokens) - 1

    def derivative(self, start: int) -> Node:
        self.take()
        sign = self.take()
        if self.sees("^"):
            self.fail("a first derivative", "second derivatives are not read; write the entry of each", sign)
        of = None if self.sees("}") else self.nested(self.sum)
        self.expect("}", "close the brace")
        self.expect("{", r"write \frac{\partial E}{\partial x}")
        if self.take().text not in (r"\partial", "d"):
            self.fail(r"\partial", r"write \frac{\partial E}{\partial x}", self.tokens[self.at - 1])
        wrt = self.nested(self.sum)
        self.expect("}", "close the brace")
        if of is None:
            of = self.nested(self.loose if self.here.kind != "name" else self.power)
        return self.partial(start, of, wrt)

    def partial(self, start: int, of: Node, wrt: Node) -> Node:
        if isinstance(wrt, Transposed):
            wrt = wrt.base
        if not isinstance(wrt, Symbol):
            self.source.fail(wrt.at, "a derivative by an expression", "by one entry", r"write \partial X_{i,j}")
        return Partial(start, of, wrt)

    def slash_derivative(self) -> Node:
        r"""`\partial E / \partial F_{p,q}`."""
        if self.after.text == "_":  # \partial_x E
            return self.nabla()
        start = self.take().at
        of = self.power()
        self.expect("/", r"write \partial E / \partial F_{p,q}")
        if self.take().text not in (r"\partial", "d"):
            self.fail(r"\partial", r"write \partial E / \partial F_{p,q}", self.tokens[self.at - 1])
        return self.partial(start, of, self.power())

    def nabla(self) -> Node:
        r"""`\nabla_F E`, `\nabla_{F} E`."""
        start = self.take().at
        self.expect("_", r"write \nabla_F E")
        wrt = self.group(self.sum) if self.sees("{") else self.symbol_token()
        return self.partial(start, self.power(), wrt)

    BLOCKS: ClassVar[dict[str, Callable[..., Node]]] = {
        "(": round, "[": square, "{": group_or_name, "|": bars_of, r"\|": bars_of, r"\lfloor": rounded,
        r"\lceil": rounded, r"\hat": accent, r"\tilde": accent, r"\bar": accent, r"\dot": accent, r"\frac": fraction,
        r"\sum": Limits.summed, r"\partial": slash_derivative, r"\nabla": nabla, r"\indicator": indicator,
        r"\underbrace": underbraced, r"\underset": underset,
    }  # fmt: skip
