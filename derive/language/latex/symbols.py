"""Reads names: an entry, a function by its letter, a differential of a loss."""

from __future__ import annotations

from fractions import Fraction

from derive.language.latex.nodes import Call, Node, Number, Partial, Symbol, Terms, Transposed
from derive.language.latex.scripts import Scripts
from derive.language.latex.tokens import Token

_UNKNOWN = ("f", "g", "phi", "psi")  # letters of functions that only their lecture defines


LECTURE = "?"  # before the letter of a function: what it is, its lecture says


class Names(Scripts):
    """Reads one name and what it is applied to."""

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
        if token.text == "sigma" and self.is_applied() and not self.value_ahead("sigma"):
            return self.call("sigmoid", token.at)
        first = self.at - 1 == self.claim
        found = self.scripts(self.item(Symbol(token.at, token.text)))
        if not isinstance(found, Symbol) or not self.sees("("):
            return found
        unknown = token.text in _UNKNOWN and not found.subs and not (first and self.defined_ahead())
        if found.primes or (unknown and not self.entry_ahead()):
            self.take()
            return self.scripts(Call(token.at, LECTURE + token.text, tuple(self.items(")")), found.primes))
        if (first and self.defined_ahead()) or (not found.subs and self.entry_ahead()):
            self.take()
            subs = tuple(self.items(")"))
            if found.subs:
                return found
            return self.scripts(Symbol(found.at, found.name, subs, found.label, found.primes, called=True))
        return found

    def item(self, name: Symbol) -> Symbol:
        """`padding[0]`: a number in square brackets behind a word."""
        inner = self.tokens[self.at + 1 : self.at + 3]
        kinds = [t.kind for t in inner]
        if len(name.name) < 2 or not self.sees("[") or kinds != ["number", "sign"] or inner[1].text != "]":
            return name
        self.at += 3
        return Symbol(name.at, name.name, (Number(inner[0].at, Fraction(inner[0].text), inner[0].text),))

    def defined_ahead(self) -> bool:
        """Whether `(x, y) =` stands here: what a name depends on, on the left side of an equation."""
        at = self.at + 1
        while self.tokens[at].kind == "name" or self.tokens[at].text in (",", "'"):
            at += 1
        return self.tokens[at].text == ")" and self.tokens[at + 1].text == "=" and at > self.at + 1

    def value_ahead(self, name: str) -> bool:
        """Whether the name stands in the bracket that opens here as a value: the bracket of `\\sigma(1 - \\sigma)`."""
        depth = 0
        for token, behind in zip(self.tokens[self.at :], self.tokens[self.at + 1 :], strict=False):
            depth += (token.text in ("(", r"\{")) - (token.text in (")", r"\}"))
            if depth == 0 or (token.text == name and behind.text not in ("(", "'", r"\{")):
                return depth > 0
        return False

    def is_applied(self) -> bool:
        """Whether a bracket follows, perhaps behind primes or a power."""
        at = self.at
        while self.tokens[at].text == "'":
            at += 1
        if self.tokens[at].text == "^":
            at = min(self.closing(at + 1) + 1, len(self.tokens) - 1)
        return self.tokens[at].text in ("(", r"\{")

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
