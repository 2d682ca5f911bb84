"""Reads one claim as it is written: a left side, `=`, and an expression; what the names stand for comes later.

dE/dF[k,c,p,q] = ...    a gradient          I = floor((H + 2*P - K)/s) + 1    a size
dO[i]/dX[j] = ...       a derivative        parameters = K*C*K_h*K_w + K      how many numbers are learned
O[n,k,i,j] = ...        a law                 2*O[i]*O[i] = 2*O[i]^2                an identity
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from derive.errors import NotationError
from derive.expressions.expr import ZERO, Binder, Contract, D, Div, Entry, Expr, Fn, Maximum, val
from derive.expressions.functions import FUNCTIONS
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.substitution import fresh
from derive.language.grammar import Grammar
from derive.language.tokens import MAX_LENGTH, NAME, Token
from derive.laws.law import COTANGENT

GRADIENT, DERIVATIVE, LAW, NUMBER, IDENTITY = "gradient", "derivative", "law", "number", "identity"
SIGNS = {"∂": "d", "·": "*", "×": "*", "−": "-", "⋅": "*", "≤": "<=", "≥": ">=", "⌊": "floor(", "⌋": ")", "⌈": "ceil(",
         "⌉": ")", "σ": "sigmoid"}  # fmt: skip
_LOSS = re.compile(rf"\bd\s*(E|J|L|Loss|loss)\s*/\s*d\s*(?={NAME})")
_WORDS = {"ln": "log", "sigma": "sigmoid", "logistic": "sigmoid"}


@dataclass(frozen=True, slots=True)
class Written:
    """A claim before its names are known: `indices` are None where the left side has none.

    Of an identity, `left` is the left side, which is no tensor.
    """

    kind: str
    target: str
    indices: tuple[Index, ...] | None
    right: Expr
    wrt: Entry | None = None
    left: Expr = ZERO


def tidied(text: str) -> str:
    """The text in one line of plain signs; any letter that a loss may have is E. Raises: NotationError if too long."""
    if len(text) > MAX_LENGTH:
        raise NotationError(f"claim: got {len(text)} characters, expected at most {MAX_LENGTH}; check its parts")
    for sign, plain in SIGNS.items():
        text = text.replace(sign, plain)
    return _LOSS.sub(COTANGENT, " ".join(text.split())).strip().rstrip(".;,")


def written(text: str, tensors: Collection[str], scalars: Collection[str]) -> Written:
    """A claim; `tensors` are the names that may follow a d, `scalars` those that are read without indices.

    Raises: NotationError with the column, what was found, what was expected and the remedy.
    """
    return ClaimGrammar(tidied(text), tensors, scalars).claim()


class ClaimGrammar(Grammar):
    """The grammar of notation with derivatives between tensors, floor and ceil, and what lecturers call functions."""

    def __init__(self, text: str, tensors: Collection[str], scalars: Collection[str]) -> None:
        super().__init__(text, frozenset(scalars))
        self.tensors = frozenset(tensors)

    # -- the whole -----------------------------------------------------------------------------------------------------

    def claim(self) -> Written:
        """A claim about a tensor or a number; where another sign than = stands behind it, an identity."""
        ends = [k for k, t in enumerate(self.tokens) if t.text == "="]
        if len(ends) == 1 and self._is_expression(ends[0]):
            left = self.sum()
            return Written(IDENTITY, "", (), self.right(), left=left)
        return self.about_tensor()

    def _is_expression(self, end: int) -> bool:
        """Whether what stands before the = is more than one name with its indices, or a quotient of differentials."""
        before = self.tokens[:end]
        depth, outside = 0, []
        for t in before:
            depth -= t.text in "])" and t.kind == "sign"
            outside += [t.text] if depth == 0 and t.text not in ("[", "]", "(", ")") else []
            depth += t.text in "[(" and t.kind == "sign"
        first = outside[0] if outside else ""
        return first in FUNCTIONS or (len(outside) > 1 and not first.startswith("d"))

    def about_tensor(self) -> Written:
        if self.here.text == "d" and self.tokens[self.at + 1].text == "(":
            self.at += 1
            found = self.derivative()
            assert isinstance(found, D)
            if not isinstance(found.expr, Entry):
                return Written(IDENTITY, "", (), self.right(), left=found)
            return Written(DERIVATIVE, found.expr.tensor, found.expr.indices, self.right(), found.wrt)
        name = self.here
        if name.kind not in ("name", "cotangent"):
            self.fail("a left side", "write a claim such as dE/dX[i] = ..., O[i] = ... or I = ...")
        self.at += 1
        indices = self.indices() if self.accept("[") else None
        if self.here.text == "/" and name.text[0] == "d":
            wrt = self.denominator()
            return Written(DERIVATIVE, name.text[1:], indices, self.right(), wrt)
        if name.kind == "cotangent":
            return Written(GRADIENT, name.text.removeprefix(COTANGENT), indices, self.right())
        known = name.text in self.scalars or indices is not None
        return Written(LAW if known else NUMBER, name.text, indices, self.right())

    def right(self) -> Expr:
        self.expect("=", "write a claim as left = right")
        found = self.sum()
        if self.here.text == "=":
            self.fail("the end", "check a chain of equalities line by line, from a file")
        self.expect_last()
        return found

    def denominator(self) -> Entry:
        """`/dX[j]` behind a tensor."""
        self.expect("/", "write: dO[i]/dX[j]")
        name = self.here
        if name.kind != "name" or name.text[0] != "d" or len(name.text) < 2:
            self.fail("d and a tensor's name", "write: dO[i]/dX[j]")
        self.at += 1
        return Entry(name.text[1:], self.indices() if self.accept("[") else ())

    # -- values --------------------------------------------------------------------------------------------------------

    def entry(self, name: Token) -> Expr:
        """As in notation, and `dO[i]/dX[j]` where O is a tensor."""
        inner = name.text[1:]
        following = self.tokens[self.at + 1].text if self.here.text == "/" else ""
        differential = name.text[0] == "d" and inner in self.tensors and name.text not in self.tensors
        if differential and (self.here.text == "[" or following.startswith("d")):
            above = Entry(inner, self.indices() if self.accept("[") else ())
            return D(above, self.denominator())
        return super().entry(name)

    def call(self, name: Token) -> Expr:
        word = _WORDS.get(name.text, name.text)
        if word in ("floor", "ceil"):
            return self.rounded(word)
        if word == "relu" and self.accept("("):
            inner = self.nested(self.sum)
            self.expect(")", "close the bracket")
            return Maximum(inner, ZERO)
        if word == "softmax":
            return self.softmax()
        return super().call(Token(name.kind, word, name.column))

    def rounded(self, word: str) -> Expr:
        """`floor(a/b)`, `ceil(a/b)` of integers, and of what integers are added to."""
        start = self.at + 1
        self.expect("(", f"write: {word}(a/b)")
        inner = self.nested(self.sum)
        self.expect(")", "close the bracket")
        whole = self.integer(inner, start)
        return val(self.bounded(_floor(whole) if word == "floor" else -_floor(-whole)))

    def softmax(self) -> Expr:
        """`softmax(X)[n,c]`, over the last index."""
        self.expect("(", "write: softmax(X)[n,c]")
        tensor = self.name("a tensor's name")
        self.expect(")", "close the bracket")
        self.expect("[", "give an entry: softmax(X)[n,c]")
        at = self.indices()
        bound = fresh("m", {n for i in at for n in i.names()})
        other = Entry(tensor, (*at[:-1], index(bound)))
        return Div(Fn("exp", Entry(tensor, at)), Contract((_open(bound),), Fn("exp", other)))


def _open(name: str) -> Binder:
    """A bound index whose extent is not known yet."""
    return Binder(name, index(f"?{name}"))


def _floor(i: Index) -> Index:
    """The floor of an index: that of its exact quotients over one divisor; integers come out of it."""
    quotients = [(m[0], c) for m, c in i.terms if len(m) == 1 and isinstance(m[0], Composite) and m[0].kind == "exact"]
    if not quotients:
        return i
    divisor = quotients[0][0].divisor
    whole = Index(tuple(t for t in i.terms if not (len(t[0]) == 1 and (t[0][0], t[1]) in quotients)))
    if any(q.divisor != divisor for q, _ in quotients):
        raise NotationError("claim: got quotients by several numbers under floor, expected one; write floor(a/b)")
    return divide("floor", sum((c * q.dividend for q, c in quotients), index(0)), divisor) + whole
