"""Reads what is written on a name or a bracket: subscripts, powers, labels of layers, primes."""

from __future__ import annotations

from fractions import Fraction

from derive.language.latex.cursor import Cursor
from derive.language.latex.nodes import (
    Call,
    Indexed,
    Node,
    Number,
    Power,
    Run,
    Symbol,
    Transposed,
)
from derive.language.latex.tokens import Source, Token

MAX_INDICES = 24
_TRANSPOSES = ("T", "top")


class Scripts(Cursor):
    """Reads the scripts of one base; `bound` are the names that sums around it bind."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        super().__init__(source, tokens)
        self.bound: list[str] = []
        self.bars: list[str] = []
        self.claim = -1  # where the claim began
        self.indexing = 0  # how many subscripts are open here

    def sum(self) -> Node:
        raise NotImplementedError

    def power(self) -> Node:
        raise NotImplementedError

    def call(self, name: str, start: int) -> Node:
        raise NotImplementedError

    def braced(self) -> Node:
        raise NotImplementedError

    def binding(self, sign: str, start: int) -> Node:
        raise NotImplementedError

    def items(self, close: str) -> list[Node]:
        raise NotImplementedError

    def closing(self, at: int) -> int:
        raise NotImplementedError

    def scripts(self, base: Node) -> Node:
        """What is written behind a base, below and above it."""
        subs: tuple[Node, ...] = ()
        label: tuple[Node, ...] = ()
        above: list[Node | str] = []
        primes, at = 0, self.here.at
        while self.sees("_", "^", "'", "!"):
            sign = self.take()
            if sign.text == "'":
                primes += 1
            elif sign.text == "_":
                if subs:
                    self.fail("one subscript", "write one list of indices", sign)
                subs = self.subscripts()
            elif sign.text == "!":
                self.fail("no factorial", "write the product out", sign)
            elif self.accept(r"\prime"):
                primes += 1
            elif found := self.label(base):
                label = found
                if self.tokens[self.at - 2].text in ("T", "top", "\\top") and self.tokens[self.at - 3].text in (
                    ")",
                    "]",
                ):
                    above.append("T")
            else:
                above.append(self.above())
        return self.raised(self.based(base, subs, label, primes, at), above)

    def based(self, base: Node, subs: tuple[Node, ...], label: tuple[Node, ...], primes: int, at: int) -> Node:
        if isinstance(base, Symbol):
            return Symbol(base.at, base.name, base.subs + subs, base.label + label, base.primes + primes, base.called)
        if primes:
            self.source.fail(at, "a prime on an expression", "one on a function or a name", "write the derivative out")
        return Indexed(base.at, base, subs) if subs else base

    def raised(self, base: Node, above: list[Node | str]) -> Node:
        for exponent in above:
            if exponent == "T":
                base = Transposed(base.at, base)
            elif isinstance(exponent, str):
                base = Call(base.at, exponent, (base,))
            else:
                base = Power(base.at, base, exponent)
        return base

    def above(self) -> Node | str:
        """A power; or the name of what a sign above does."""
        if self.accept(r"\top"):
            return "T"
        mark = self.at
        word = self.word_in_group()
        if word in _TRANSPOSES:
            return "T"
        if word is not None and word.startswith(("rot", "flip")):
            return "rot180"
        self.at = mark
        if self.sees("{") and self.after.text == r"\top":
            return str(self.group(lambda: self.take() and "T"))
        if self.accept("+"):
            return "relu"
        if self.sees("*", r"\circ", r"\dagger"):
            self.fail("a power, T or a label", "leave it out, or write the operation")
        return self.script()

    def script(self) -> Node:
        """A group, or the one token that TeX takes."""
        if self.sees("{"):
            return self.group(self.sum)
        if self.here.kind in ("sign", "row", "close", "end") and not self.sees("|"):
            self.fail("an exponent", "write it in braces")
        return self.braced() if self.here.kind in ("name", "number") else self.nested(self.power)

    def label(self, base: Node) -> tuple[Node, ...]:
        """`^{(l)}`, `^{[l-1]}`, `^l`, `^{l+1}`: which layer or sample; empty and nothing read where it is a power."""
        if not isinstance(base, Symbol):
            return ()
        if self.here.kind == "name" and self.here.text in ("l", "L", "ell"):
            token = self.take()
            return (Symbol(token.at, token.text),)
        bracketed = self.after.text in ("(", "[")
        if self.sees("(", "["):
            close = {"(": ")", "[": "]"}[self.take().text]
            inner = self.nested(self.sum)
            self.expect(close, "close the bracket")
            return (inner,)
        if self.sees("{") and self.after.text == "prev":
            return (Symbol(self.after.at, str(self.word_in_group())),)
        if not self.sees("{") or not (bracketed or self.layer_ahead()):
            return ()
        end = self.closing(self.at)
        last = end - 2 if self.tokens[end - 1].text in ("T", "top", "\\top") else end - 1
        if bracketed and self.tokens[last].text not in (")", "]"):
            return ()
        if bracketed and self.tokens[self.at + 2].text == "-":
            return ()
        self.at += 1 + bracketed
        inner = self.nested(self.sum)
        if bracketed:
            self.take()
        if last < end - 1:
            self.take()
        self.expect("}", "close the label")
        return (inner,)

    def layer_ahead(self) -> bool:
        """Whether `{l}`, `{l+1}` or `{L-1}` stands here."""
        inner = self.tokens[self.at + 1 : self.closing(self.at)]
        texts = [t.text for t in inner]
        return texts[:1] in (["l"], ["L"], ["ell"]) and (
            len(texts) == 1 or (len(texts) == 3 and texts[1] in "+-" and inner[2].kind == "number")
        )

    def subscripts(self) -> tuple[Node, ...]:
        """`_i`, `_{i,j}`, `_{ij}`, `_{i+m,j+n}`."""
        if not self.sees("{"):
            return (self.index_token(),)
        self.take()
        self.indexing += 1
        found = [self.nested(self.subscript)]
        while self.accept(",", ";"):
            found.append(self.nested(self.subscript))
            if len(found) > MAX_INDICES:
                self.fail(f"at most {MAX_INDICES} indices", "flatten some axes into one")
        if self.sees(":"):
            self.fail("an index", "slices are not read; write one entry, or name the part")
        self.expect("}", "close the subscript")
        self.indexing -= 1
        return tuple(found)

    def index_token(self) -> Node:
        token = self.take()
        if token.kind == "number" and token.text.isdigit():
            rest = [Token("number", token.text[1:], token.at + 1)] if len(token.text) > 1 else []
            self.tokens[self.at : self.at] = rest  # TeX takes one digit
            return Number(token.at, Fraction(int(token.text[0])), token.text[0])
        if token.kind in ("name", "word"):
            return Symbol(token.at, token.text)
        return self.fail("an index", "write it in braces", token)

    def subscript(self) -> Node:
        """One index; letters side by side are kept apart until it is known what they are."""
        start = self.here
        if start.kind == "word":
            self.take()
            return Symbol(start.at, start.text)
        items = self.run_ahead()
        if items:
            return Run(start.at, tuple(items))
        return self.sum()

    def run_ahead(self) -> list[Node]:
        """Letters and digits up to the comma or brace, stepped over where they are two or more and nothing else."""
        at, items = self.at, []  # type: int, list[Node]
        while (token := self.tokens[at]).kind in ("name", "number") or (token.text == "'" and items):
            if token.text == "'":
                last = items[-1]
                if not isinstance(last, Symbol):
                    return []
                items[-1] = Symbol(last.at, last.name, primes=last.primes + 1)
            elif token.kind == "name":
                items.append(Symbol(token.at, token.text))
            elif token.text.isdigit():
                items += [Number(token.at + k, Fraction(int(d)), d) for k, d in enumerate(token.text)]
            else:
                return []
            at += 1
        if len(items) < 2 or token.text not in (",", "}"):
            return []
        self.at = at
        return items
