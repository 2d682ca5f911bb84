"""Reads expressions and indices: recursive descent, one method a rule of the grammar."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from derive.expressions.expr import (
    MINUS_ONE,
    Add,
    Apply,
    Binder,
    Cases,
    Compare,
    Contract,
    D,
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
    Select,
    Winner,
    as_index,
    val,
)
from derive.expressions.functions import FUNCTIONS
from derive.expressions.index import Index, divide, index
from derive.language.index_grammar import IndexGrammar
from derive.language.tokens import MAX_DEPTH, MAX_EXPONENT, MAX_TERMS, Token

_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_FLIPPED = {">": "<", ">=": "<="}


class Grammar(IndexGrammar):
    """A reader of values and guards; `scalars` are the tensors without indices."""

    def __init__(self, text: str, scalars: frozenset[str] = frozenset()) -> None:
        super().__init__(text)
        self.scalars = set(scalars)

    # -- values ----------------------------------------------------------------------------------------------------

    def sum(self) -> Expr:
        terms = [_negate(self.product()) if self.accept("-") else self.product()]
        while sign := self.accept("+", "-"):
            terms.append(self.product() if sign.text == "+" else _negate(self.product()))
            if len(terms) > MAX_TERMS:
                self.fail(f"at most {MAX_TERMS} terms in a row", "name a part in an equation of its own")
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def product(self) -> Expr:
        result = self.power()
        quotients, start = 0, self.at
        while True:
            if self.accept("*"):
                result = _times(result, self.power())
            elif sign := self.accept("/", "//", "%"):
                quotients += 1
                if quotients > MAX_DEPTH:
                    self.fail(f"at most {MAX_DEPTH} quotients in a row", "name a part in an equation of its own")
                result = self.quotient(sign.text, result, start)
            elif self.here.text == "[":
                result = _times(result, self.guard())
            else:
                return result
            if isinstance(result, Mul) and len(result.items) > MAX_TERMS:
                self.fail(f"at most {MAX_TERMS} factors in a row", "name a part in an equation of its own")

    def quotient(self, sign: str, left: Expr, start: int) -> Expr:
        """`left/right` of numbers, `left//right` or `left%right` of integers; `left` began at the token `start`."""
        middle = self.at
        right = self.power()
        if sign == "/":
            return _divide(left, right)
        above, below = self.integer(left, start), self.integer(right, middle)
        if below.constant == 0:
            self.fail("a divisor that is not 0", "divide by a stride or an extent", middle)
        return val(self.bounded(divide("floor" if sign == "//" else "mod", above, below)))

    def power(self) -> Expr:
        base = self.nested(self.atom)
        if self.accept("^", "**"):
            negative, start = self.accept("-"), self.at
            exponent = self.nested(self.power)
            if isinstance(exponent, Num) and abs(exponent.value) > MAX_EXPONENT:
                self.fail(f"an exponent of at most {MAX_EXPONENT}", "use a smaller power", start)
            return Pow(base, _negate(exponent) if negative else exponent)
        return base

    def atom(self) -> Expr:
        here = self.here
        if self.accept("("):
            inner = self.sum()
            compared = self.here.text in _COMPARISONS
            self.expect(")", "write a condition in square brackets, as [X[i]>=0]" if compared else "close the bracket")
            return inner
        if self.accept("-"):
            return _negate(self.power())
        if here.text == "[":
            return self.guard()
        if self.accept("..."):
            return val("...")
        if here.kind == "number":
            self.at += 1
            return Num(Fraction(here.text))
        if here.kind not in ("name", "cotangent"):
            self.fail("a value", "write a number, a name, a tensor entry X[i], sum[...], max[...] or a function")
        self.at += 1
        following = self.here.text
        if here.text in ("sum", "max") and following == "[":
            binders = self.binders()
            return (Contract if here.text == "sum" else Select)(binders, self.product())
        if following == "(":
            return self.derivative() if here.text == "d" else self.call(here)
        return self.entry(here)

    def entry(self, name: Token) -> Expr:
        """A tensor's entry, or the number that a name stands for."""
        if self.accept("["):
            return Entry(name.text, self.indices())
        if name.kind == "cotangent" or name.text in self.scalars:
            return Entry(name.text, ())
        return val(self.named(name.text))

    def derivative(self) -> Expr:
        """`d(f)/dX[a]`, as derivations print it."""
        self.expect("(", "write: d(f)/dX[a]")
        inner = self.sum()
        self.expect(")", "close the bracket")
        self.expect("/", "write: d(f)/dX[a]")
        name = self.here
        if name.kind != "name" or len(name.text) < 2 or name.text[0] != "d":
            self.fail("d and a tensor's name", "write: d(f)/dX[a]")
        self.at += 1
        wrt = self.entry(Token(name.kind, name.text[1:], name.column))
        return D(inner, wrt if isinstance(wrt, Entry) else Entry(name.text[1:], ()))

    def binders(self) -> tuple[Binder, ...]:
        self.expect("[", "write: sum[p,q] or sum[p<K]")
        found: list[Binder] = []
        while not found or self.accept(","):
            start = self.at
            name = "..." if self.accept("...") else self.name("a bound index")
            if any(b.name == name for b in found):
                self.fail(f"{name} bound once", "rename one of the two", start)
            if name in self.where:
                self.fail(f"an index other than the abbreviation {name}", "rename one of the two", start)
            found.append(Binder(name, self.index_sum() if self.accept("<") else index(f"?{name}")))
        if {n for b in found for n in b.extent.names()} & {b.name for b in found}:
            self.fail("bounds without the indices of the same brackets", "write them apart: sum[i<N] sum[j<i]")
        self.expect("]", "list the bound indices, such as sum[p,q<Q]")
        return tuple(found)

    def call(self, name: Token) -> Expr:
        self.expect("(", "write: exp(...)")
        if name.text == "cases":
            condition = self.condition()
            self.expect(",", "write: cases(cond, a, b)")
            then = self.sum()
            self.expect(",", "write: cases(cond, a, b)")
            result: Expr = Cases(condition, then, self.sum())
        elif name.text in ("max", "min"):
            left = self.sum()
            self.expect(",", "write: max(a, b), or max[p] for a maximum over an index")
            result = self.extremum(name.text, left, self.sum())
        elif name.text in FUNCTIONS:
            result = Fn(name.text, self.sum())
        else:
            return self.named_result(name)
        self.expect(")", "close the bracket")
        return result

    def condition(self) -> Expr:
        """The condition of `cases(cond, a, b)`, which may stand in the brackets of a guard."""
        start = self.at
        if self.here.text == "[":
            found = self.guard()
            if self.here.text == ",":
                return found
            self.at = start
        return self.guard_body()

    def extremum(self, word: str, left: Expr, right: Expr) -> Expr:
        """The larger or the smaller of two values; the smaller of two integer expressions is one itself."""
        i, j = (None if isinstance(e, Entry) else self.index_of(e, exact=False) for e in (left, right))
        if word == "min" and i is not None and j is not None:
            return val(self.bounded(divide("min", i, j)))
        return (Maximum if word == "max" else Minimum)(left, right)

    def named_result(self, name: Token) -> Expr:
        """`name(A, B | s, P)[i, j]`: an entry of a named result."""
        tensors: list[str] = []
        while self.here.kind in ("name", "cotangent"):
            tensors.append(self.here.text)
            self.at += 1
            self.accept(",")
        arguments: list[Index] = []
        while self.accept("|", ","):
            arguments.append(self.index_sum())
        if self.here.text != ")" or self.tokens[self.at + 1].text != "[":
            self.at = self.tokens.index(name)
            self.fail(f"a function ({', '.join(sorted(FUNCTIONS))})", "write tensors with [ ] and products with *")
        self.at += 2
        return Apply(name.text, tuple(tensors), tuple(arguments), self.indices())

    # -- guards ----------------------------------------------------------------------------------------------------

    def guard(self) -> Expr:
        self.expect("[", "write a guard such as [0<=h<H]")
        result = self.winner() or self.guard_body()
        self.expect("]", "close the guard")
        return result

    def winner(self) -> Expr | None:
        """`[(p,q)==argmax[r,t] body]`, or None with nothing read."""
        if not self._compares_with_argmax():
            return None
        several = self.accept("(")
        at = [self.index_sum()]
        while several and self.accept(","):
            at.append(self.index_sum())
        if several:
            self.expect(")", "write: [(p,q)==argmax[r<K,t<L] X[...]]")
        self.expect("==", "write: [p==argmax[r<K] X[...]]")
        self.name("argmax")
        binders = self.binders()
        if len(binders) != len(at):
            self.fail(f"{len(at)} indices under argmax", "compare as many as the maximum runs over")
        return Winner(binders, self.sum(), tuple(at))

    def _compares_with_argmax(self) -> bool:
        """Whether the brackets that are open here hold `== argmax[...]`."""
        depth = 0
        for before, token in pairwise(self.tokens[self.at :]):
            depth += (before.text in "([" and before.kind == "sign") - (before.text in ")]" and before.kind == "sign")
            if depth < 0 or before.kind == "end":
                return False
            if depth == 0 and before.text == "==":
                return token.text == "argmax"
        return False

    def guard_body(self) -> Expr:
        starts = [self.at]
        left = self.nested(self.sum)
        if self.accept("|"):
            starts.append(self.at)
            return Divides(self.integer(left, starts[0]), self.integer(self.sum(), starts[1]))
        sign = self.accept(*_COMPARISONS)
        if sign is None:
            self.fail("==, !=, <, <=, >, >= or |", "a guard compares, such as [c==T[n]] or [2 | h]")
        starts.append(self.at)
        right = self.nested(self.sum)
        if sign.text == "<=" and left == val(0) and self.accept("<"):
            starts.append(self.at)
            return InRange(self.integer(right, starts[1]), self.integer(self.sum(), starts[2]))
        if sign.text in _FLIPPED:
            left, right = right, left
        return self.compare(_FLIPPED.get(sign.text, sign.text), left, right)

    def compare(self, op: str, left: Expr, right: Expr) -> Compare:
        """A comparison whose sides are index expressions where both are integers; with an entry a quotient is none."""
        data = isinstance(left, Entry) or isinstance(right, Entry)
        exact = op == "==" and not data
        i, j = self.index_of(left, exact), self.index_of(right, exact)
        both = isinstance(left, Entry) and isinstance(right, Entry)
        if i is not None and j is not None and not both and (not data or op in ("==", "!=")):
            return Compare(op, val(i), val(j))
        return Compare(op, left, right)

    def integer(self, e: Expr, start: int) -> Index:
        """The integer expression that a value was written as, from the token `start`; a quotient is an exact one."""
        found = self.index_of(e, exact=True, labels=True)
        decimal = next((k for k in range(start, self.at) if "." in self.tokens[k].text.strip(".")), None)
        if found is None or decimal is not None:
            remedy = "use integers here; / is the quotient of numbers elsewhere"
            self.fail("an integer expression", remedy, start if decimal is None else decimal)
        return found

    def index_of(self, e: Expr, exact: bool, labels: bool = False) -> Index | None:
        """The integer expression that a value was written as, or None; a quotient is one where `exact` says so.

        An entry alone is one; among others it is where `labels` says that it must be.
        """
        if isinstance(e, Add | Mul):
            total = index(0 if isinstance(e, Add) else 1)
            for part in e.items:
                inner = None if isinstance(part, Entry) and not labels else self.index_of(part, exact, labels)
                if inner is None:
                    return None
                total = self.bounded(total + inner if isinstance(e, Add) else total * inner)
            return total
        if exact and isinstance(e, Num) and e.value.denominator != 1:
            return divide("exact", index(e.value.numerator), index(e.value.denominator))
        if exact and isinstance(e, Div) and (labels or not any(isinstance(p, Entry) for p in e.parts)):
            above, below = self.index_of(e.left, exact, labels), self.index_of(e.right, exact, labels)
            if above is None or below is None or below.constant == 0:
                return None
            return self.bounded(divide("exact", above, below))
        return as_index(e)


def _negate(e: Expr) -> Expr:
    if isinstance(e, Num):
        return Num(-e.value)
    return _times(MINUS_ONE, e)


def _times(left: Expr, right: Expr) -> Expr:
    before = left.items if isinstance(left, Mul) else (left,)
    after = right.items if isinstance(right, Mul) else (right,)
    return Mul(before + after)


def _divide(left: Expr, right: Expr) -> Expr:
    if isinstance(left, Num) and isinstance(right, Num) and right.value != 0:
        return Num(left.value / right.value)
    return Div(left, right)
