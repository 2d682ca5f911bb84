"""Reads names and functions with what is written on them: subscripts, powers, labels of layers, primes, arguments."""

from __future__ import annotations

from fractions import Fraction

from derive.language.latex.cursor import Cursor
from derive.language.latex.nodes import (
    Call,
    Indexed,
    Node,
    Number,
    Partial,
    Power,
    Run,
    Symbol,
    Terms,
    Transposed,
)
from derive.language.latex.tokens import Source, Token

MAX_INDICES = 24
_UNKNOWN = ("f", "g", "phi", "psi")  # letters of functions that only their lecture defines
_TRANSPOSES = ("T", "top")


class Scripts(Cursor):
    """Reads one name or function and its scripts; `bound` are the names that sums around it bind."""

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

    # -- names ---------------------------------------------------------------------------------------------------------

    def symbol(self) -> Node:
        """A name, a function by its letter, `dE/dX` on one line, or an entry in round brackets."""
        token = self.take()
        if token.text == "d" and self.slashed_ahead():
            return self.slashed(token)
        if token.text == "d" and self.differential_ahead(token):
            wrt = self.power()
            base = wrt.base if isinstance(wrt, Transposed) else wrt
            if isinstance(base, Symbol):
                whole = Partial(token.at, Symbol(token.at, "E"), base)
                return Transposed(token.at, whole) if wrt is not base else whole
            self.source.fail(wrt.at, "a differential of an expression", "one of a name", "write \\partial E")
        if token.text == "e" and self.sees("^"):
            self.take()
            return self.scripts(Call(token.at, "exp", (self.script(),)))
        if token.text == "sigma" and self.is_applied():
            return self.call("sigmoid", token.at)
        first = self.at - 1 == self.claim
        found = self.scripts(Symbol(token.at, token.text))
        if not isinstance(found, Symbol) or not self.sees("("):
            return found
        unknown = token.text in _UNKNOWN and not found.subs and not (first and self.defined_ahead())
        if found.primes or (unknown and not self.entry_ahead()):
            self.fail("a function that is known here", "name it: \\tanh, \\sigma, \\operatorname{ReLU}", token)
        if (first and self.defined_ahead()) or (not found.subs and self.entry_ahead()):
            self.take()
            subs = tuple(self.items(")"))
            if found.subs:
                return found
            return self.scripts(Symbol(found.at, found.name, subs, found.label, found.primes, called=True))
        return found

    def defined_ahead(self) -> bool:
        """Whether `(x, y) =` stands here: what a name depends on, on the left side of an equation."""
        at = self.at + 1
        while self.tokens[at].kind == "name" or self.tokens[at].text in (",", "'"):
            at += 1
        return self.tokens[at].text == ")" and self.tokens[at + 1].text == "=" and at > self.at + 1

    def is_applied(self) -> bool:
        """Whether a bracket follows, perhaps behind primes or a power."""
        at = self.at
        while self.tokens[at].text == "'":
            at += 1
        if self.tokens[at].text == "^":
            at = min(self.closing(at + 1) + 1, len(self.tokens) - 1)
        return self.tokens[at].text in ("(", r"\{")

    def closing(self, at: int) -> int:
        raise NotImplementedError

    def entry_ahead(self) -> bool:
        """Whether the round brackets hold indices: several, or one that uses an index of a sum around it."""
        depth, bound = 0, False
        for k in range(self.at, len(self.tokens)):
            token = self.tokens[k]
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            if token.text == "," and depth == 1:
                return True
            if depth == 0:
                return bound
            bound |= token.kind == "name" and token.text in self.bound
            if token.kind not in ("name", "number", "sign"):
                bound = False
                if depth == 1 and token.kind != "command":
                    return False
        return False

    def differential_ahead(self, d: Token) -> bool:
        """Whether `dW` stands here, which some write for the gradient: at the left side's start, or of a capital."""
        name = self.here
        if name.kind != "name" or name.at != d.at + 1 or self.indexing:
            return False
        if self.at - 1 == self.claim:
            return self.after.text in ("=", "_", "^")
        return name.text.isupper()

    def slashed_ahead(self) -> bool:
        """Whether `E / d X` stands here, behind a d."""
        texts = [t.text for t in self.tokens[self.at : self.at + 4]]
        kinds = [t.kind for t in self.tokens[self.at : self.at + 4]]
        return kinds[:1] == ["name"] and texts[1:3] == ["/", "d"] and kinds[3:] == ["name"]

    def slashed(self, token: Token) -> Node:
        of = self.take()
        self.at += 2
        wrt = self.power()
        if not isinstance(wrt, Symbol):
            self.source.fail(wrt.at, "a derivative by an expression", "by one entry", "write dE/dX_{i,j}")
        return Partial(token.at, Symbol(of.at, of.text), wrt)

    def bound_name(self, s: Symbol) -> str:
        """A bound index's name: c' is c1, a copy of c, and so is c_1."""
        below = "".join(i.text for i in s.subs if isinstance(i, Number))
        return s.name + below + (str(s.primes) if s.primes else "")

    def symbol_token(self) -> Symbol:
        """One name without anything on it."""
        if self.here.kind != "name":
            self.fail("a name", "write a letter")
        token = self.take()
        return Symbol(token.at, token.text)

    def minus(self, left: Node, right: Node) -> Node:
        return Terms(left.at, (1, -1), (left, right))

    # -- scripts -------------------------------------------------------------------------------------------------------

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
