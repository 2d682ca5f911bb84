"""Reads functions: their primes, powers and arguments; maxima; and words that are names."""

from __future__ import annotations

from derive.language.latex.blocks import Blocks
from derive.language.latex.nodes import Call, Node, Power, Symbol
from derive.language.latex.tokens import Token

_FUNCTIONS = {
    "exp": "exp", "log": "log", "ln": "log", "tanh": "tanh", "sin": "sin", "cos": "cos", "sqrt": "sqrt",
    "sigmoid": "sigmoid", "softmax": "softmax", "relu": "relu", "ReLU": "relu", "rot180": "rot180", "rot": "rot180",
    "flip": "rot180", "conv": "conv", "full": "full",
    "convolution": "conv", "fullconvolution": "full", "diag": "diag", "sign": "sign", "sgn": "sign", "cosh": "cosh",
    "sinh": "sinh", "sech": "sech",
}  # fmt: skip


class Calls(Blocks):
    """Reads a function at its first token."""

    def argument(self, name: str) -> Node:
        raise NotImplementedError

    def word(self) -> Node:
        """A function, a maximum, or a word that is a name."""
        token = self.take()
        if token.text == "arg" and self.here.text in ("max", "min"):
            token = Token("word", "arg" + self.take().text, token.at)
        if token.text in ("max", "min"):
            return self.extreme(token)
        if token.text == "argmax":
            return self.binding("argmax", token.at)
        if token.text in _FUNCTIONS:
            return self.call(_FUNCTIONS[token.text], token.at)
        if token.text in ("mean", "argmin", "if", "for", "and", "or", "all", "with"):
            self.fail("a function that is known here", "write it as a sum or by cases", token)
        return self.scripts(self.item(Symbol(token.at, token.text)))

    def extreme(self, token: Token) -> Node:
        if self.sees("_"):
            return self.binding(token.text, token.at)
        close = {"(": ")", r"\{": r"\}", "[": "]", "{": "}"}.get(self.here.text)
        if close is None:
            self.fail("brackets or an index below", r"write \max(a, b) or \max_{p} X_p", token)
        self.take()
        return self.scripts(Call(token.at, token.text, tuple(self.items(close))))

    def call(self, name: str, start: int) -> Node:
        """A function with its primes, power and argument: `\\tanh^2(z)`, `\\sigma'(z)`, `\\log p`."""
        primes, power, mode = 0, None, ""
        while self.sees("'", "^", "_"):
            sign = self.take()
            if sign.text == "'" or self.accept(r"\prime"):
                primes += 1
            elif sign.text == "_":
                mode = str(self.word_in_group() or "")
            else:
                found = self.above()
                if isinstance(found, str):
                    self.fail("a power of a function", "put the function in brackets", sign)
                power = found
        opening = self.here.text if self.sees("(", r"\{") else ""
        arguments: tuple[Node, ...]
        if name == "sqrt" and self.sees("{"):
            arguments = (self.group(self.sum),)
        elif opening:
            self.take()
            arguments = tuple(self.items({"(": ")"}.get(opening, r"\}")))
        elif self.starts_argument():
            arguments = (self.argument(name),)
        else:
            self.fail(f"what {name} is taken of", f"write {name}(...)")
        result = self.scripts(Call(start, name, arguments, primes, mode))
        return Power(start, result, power) if power is not None else result

    def starts_argument(self) -> bool:
        return self.here.kind in ("name", "number", "word", "begin") or self.sees(
            r"\frac", r"\sum", "{", r"\hat", r"\tilde", r"\bar", r"\partial", "[", "|"
        )
