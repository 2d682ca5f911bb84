"""Reads the mathematics of one formula: recursive descent, one method a rule, each token looked at once.

A sum takes the product behind it and no more; factors side by side bind tighter than a sign of convolution or of the
entrywise product, as in `\\delta \\odot W x`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.language.latex.calls import Calls
from derive.language.latex.nodes import Call, Indexed, Node, Number, Product, Relation, Terms
from derive.language.latex.tokens import Token, words

MAX_TERMS = 100
_LOOSE = {
    r"\circledast": "corr", r"\oast": "corr", "*": "*", r"\odot": "odot", r"\circ": "odot", r"\otimes": "otimes",
}  # fmt: skip
_TIGHT = {r"\cdot": ".", r"\times": "x", "/": "/", r"\div": "/", r"\bmod": "mod", r"\mod": "mod"}
_RELATIONS = {
    "=": "==", r"\ne": "!=", "<": "<", ">": ">", r"\le": "<=", r"\ge": ">=", r"\mid": "|",
}  # fmt: skip
_STARTS = words(
    r"( [ { \{ | \| \frac \sum \lfloor \lceil \hat \tilde \bar \dot \partial \nabla \indicator \underbrace \underset"
)
_REFUSED = {
    r"\prod": "a product over an index", r"\int": "an integral", r"\lim": "a limit", r"\binom": "a binomial",
    r"\vdots": "entries left out", r"\ldots": "entries left out", r"\dots": "entries left out",
    r"\cdots": "entries left out", r"\ddots": "entries left out", r"\pm": "two signs at once",
    r"\approx": "an approximation", r"\to": "an arrow", r"\rightarrow": "an arrow", r"\in": "a set",
    r"\sim": "a distribution", r"\mathbb": "a set or an expectation", r"\propto": "a proportion",
    r"\Rightarrow": "an implication", r"\implies": "an implication", r"\infty": "an infinite value",
}  # fmt: skip
_MODES = ("full", "valid", "same")


class Grammar(Calls):
    """A reader of values; what stands in brackets and environments is read by the classes below."""

    def sum(self) -> Node:
        start = self.here.at
        signs, items = [1], []
        if sign := self.accept("-", "+"):
            signs[0] = -1 if sign.text == "-" else 1
        items.append(self.loose())
        while sign := self.accept("+", "-"):
            signs.append(1 if sign.text == "+" else -1)
            items.append(self.loose())
            if len(items) > MAX_TERMS:
                self.fail(f"at most {MAX_TERMS} terms in a row", "check a part at a time")
        return items[0] if signs == [1] else Terms(start, tuple(signs), tuple(items))

    def loose(self) -> Node:
        """Products between signs of convolution, entrywise and outer products."""
        result, count = self.product(), 0
        while sign := self.loose_sign():
            count += 1
            if count > MAX_TERMS:
                self.fail(f"at most {MAX_TERMS} factors in a row", "check a part at a time")
            token, mode = sign
            result = Product(token.at, _LOOSE[token.text], result, self.signed(self.product), mode)
        return result

    def loose_sign(self) -> tuple[Token, str] | None:
        """A sign of convolution with the word that is written on it: full, valid or same."""
        if self.sees(r"\overset", r"\stackrel", r"\underset") and self.after.text == "{":
            mark = self.at
            self.take()
            mode = self.word_in_group()
            if mode is not None and self.sees("{") and self.after.text in _LOOSE:
                self.take()
                token = self.take()
                self.expect("}", "close the brace")
                return token, self.mode(mode, token)
            self.at = mark
            return None
        if not self.sees(*_LOOSE):
            return None
        token, mode = self.take(), ""
        if self.sees("_", "^"):
            self.take()
            mode = self.mode(self.word_in_group(), token)
        return token, mode

    def mode(self, word: str | None, token: Token) -> str:
        if word is None or word.lower().removesuffix("_conv") not in _MODES:
            self.fail("full, valid or same on a sign of convolution", r"write \circledast_{\text{full}}", token)
        return word.lower().removesuffix("_conv")

    def product(self) -> Node:
        result, count = self.signed(self.power), 0
        while True:
            count += 1
            if count > MAX_TERMS:
                self.fail(f"at most {MAX_TERMS} factors in a row", "check a part at a time")
            at = self.here.at
            if self.sees("/") and self.after.text == "/":
                self.at += 2
                result = Call(at, "floor", (Product(at, "/", result, self.signed(self.power)),))
            elif sign := self.accept(*_TIGHT):
                result = Product(at, _TIGHT[sign.text], result, self.signed(self.power))
            elif self.starts_factor():
                result = Product(at, "", result, self.power())
            else:
                return result

    def signed(self, rule: Callable[[], Node]) -> Node:
        """A factor, perhaps with its own minus, as in `2 \\cdot -3`."""
        if not self.sees("-"):
            return rule()
        start = self.take().at
        return Terms(start, (-1,), (self.nested(rule),))

    def starts_factor(self) -> bool:
        here = self.here
        if here.kind in ("name", "number", "begin"):
            return True
        if here.kind == "word":
            return here.text not in ("if", "for", "otherwise", "else", "and", "or", "all", "with")
        if self.sees("|", r"\|"):
            return here.text not in self.bars
        if self.sees(r"\underset") and self.loose_ahead():
            return False
        return here.kind in ("sign", "command") and here.text in _STARTS

    def loose_ahead(self) -> bool:
        """Whether `\\underset{..}{*}` stands here."""
        return any(t.text in _LOOSE for t in self.tokens[self.at + 3 : self.at + 6])

    def relation(self) -> Node:
        """`a`, or `a < b <= c`."""
        start = self.here.at
        items, signs = [self.nested(self.sum)], []
        while sign := self.accept(*_RELATIONS):
            text = _RELATIONS[sign.text]
            if sign.text == "<" and self.accept("="):
                text = "<="
            elif sign.text == ">" and self.accept("="):
                text = ">="
            signs.append(text)
            items.append(self.nested(self.sum))
            if len(items) > 4:
                self.fail("at most 4 sides", "write two conditions")
        return Relation(start, tuple(signs), tuple(items)) if signs else items[0]

    def power(self) -> Node:
        """A primary with what is written on it."""
        here = self.here
        if here.text in _REFUSED and here.kind == "command":
            self.fail("a finite formula in sums and products", f"{_REFUSED[here.text]} has no form here; write it out")
        if here.kind == "number":
            self.take()
            text = here.text if here.text[0] != "." else "0" + here.text
            return self.scripts(Number(here.at, Fraction(text), here.text))
        if here.kind == "name":
            return self.nested(self.symbol)
        if here.kind == "word":
            return self.nested(self.word)
        if here.kind == "begin":
            return self.scripts(self.nested(self.environment))
        if here.kind in ("sign", "command") and here.text in self.BLOCKS:
            found = self.nested(self.BLOCKS[here.text].__get__(self))
            if here.text == "(" and isinstance(found, Product) and self.sees("(") and self.entry_ahead():
                start = self.take().at  # (I * K)(i, j)
                found = Indexed(start, found, tuple(self.items(")")))
            return self.scripts(found)
        remedy = "write a number, a name, a sum, a fraction or brackets"
        return self.fail("a value", "write conditions as cases, prose elsewhere" if here.kind == "text" else remedy)

    def argument(self, name: str) -> Node:
        """What a function without brackets is taken of: one factor, and no doubt about where it ends."""
        found = self.nested(self.power)
        if isinstance(found, Call) and not self.after_bracket():
            return found
        if self.starts_factor() and not self.after_bracket():
            self.fail(f"an end of the argument of {name}", f"put the argument in brackets: {name}(...)")
        return found

    def after_bracket(self) -> bool:
        """Whether the factor that was read ended in a bracket or a script."""
        return self.tokens[self.at - 1].text in (")", "]", "}")
