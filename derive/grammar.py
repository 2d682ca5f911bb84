"""Reads expressions and indices: recursive descent, one method a rule of the grammar."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.expr import (
    MINUS_ONE,
    Add,
    Apply,
    Binder,
    Cases,
    Compare,
    Contract,
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
from derive.functions import FUNCTIONS
from derive.index import Index, atom_index, divide, index
from derive.tokens import MAX_DEPTH, MAX_EXPONENT, Reader, Token

_FLIPPED = {">": "<", ">=": "<="}


class Grammar(Reader):
    """A reader of values, guards and indices; `where` holds abbreviations, `scalars` the tensors without indices."""

    def __init__(self, text: str, scalars: frozenset[str] = frozenset()) -> None:
        super().__init__(text)
        self.where: dict[str, Index] = {}
        self.scalars = set(scalars)

    def nested(self, rule: Callable[[], Expr]) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} levels of nesting", "name an intermediate in an equation of its own")
        result = rule()
        self.depth -= 1
        return result

    # -- values ----------------------------------------------------------------------------------------------------

    def sum(self) -> Expr:
        terms = [_negate(self.product()) if self.accept("-") else self.product()]
        while sign := self.accept("+", "-"):
            terms.append(self.product() if sign.text == "+" else _negate(self.product()))
        return terms[0] if len(terms) == 1 else Add(tuple(terms))

    def product(self) -> Expr:
        result = self.power()
        while True:
            if self.accept("*"):
                result = _times(result, self.power())
            elif self.accept("/"):
                result = _divide(result, self.power())
            elif sign := self.accept("//", "%"):
                kind = "floor" if sign.text == "//" else "mod"
                result = val(divide(kind, self.integer_of(result), self.integer_of(self.power())))
            elif self.here.text == "[":
                result = _times(result, self.guard())
            else:
                return result

    def integer_of(self, e: Expr) -> Index:
        found = expr_index(e)
        if found is None:
            self.fail("integers on both sides of // and %", "use / for the quotient of numbers")
        assert found is not None
        return found

    def power(self) -> Expr:
        base = self.nested(self.atom)
        if self.accept("^", "**"):
            negative = self.accept("-")
            exponent = self.nested(self.power)
            if isinstance(exponent, Num) and abs(exponent.value) > MAX_EXPONENT:
                self.fail(f"an exponent of at most {MAX_EXPONENT}", "use a smaller power")
            return Pow(base, _negate(exponent) if negative else exponent)
        return base

    def atom(self) -> Expr:
        here = self.here
        if self.accept("("):
            inner = self.sum()
            self.expect(")", "close the bracket")
            return inner
        if self.accept("-"):
            return _negate(self.power())
        if here.text == "[":
            return self.guard()
        if here.kind == "number":
            self.at += 1
            return Num(Fraction(int(here.text)))
        if here.kind not in ("name", "cotangent"):
            self.fail("a value", "write a number, a name, a tensor entry X[i], sum[...], max[...] or a function")
        self.at += 1
        following = self.here.text
        if here.text in ("sum", "max") and following == "[":
            binders = self.binders()
            return (Contract if here.text == "sum" else Select)(binders, self.product())
        if following == "(":
            return self.call(here)
        if following == "[":
            self.at += 1
            return Entry(here.text, self.indices())
        if here.kind == "cotangent" or here.text in self.scalars:
            return Entry(here.text, ())
        return val(self.where.get(here.text, index(here.text)))

    def binders(self) -> tuple[Binder, ...]:
        self.expect("[", "write: sum[p,q] or sum[p<K]")
        found: list[Binder] = []
        while not found or self.accept(","):
            name = "..." if self.accept("...") else self.name("a bound index")
            if any(b.name == name for b in found):
                self.fail(f"{name} bound once", "rename one of the two")
            found.append(Binder(name, self.index_sum() if self.accept("<") else index(f"?{name}")))
        self.expect("]", "list the bound indices, such as sum[p,q<Q]")
        return tuple(found)

    def call(self, name: Token) -> Expr:
        self.expect("(", "write: exp(...)")
        if name.text == "cases":
            condition = self.guard_body()
            self.expect(",", "write: cases(cond, a, b)")
            then = self.sum()
            self.expect(",", "write: cases(cond, a, b)")
            result: Expr = Cases(condition, then, self.sum())
        elif name.text in ("max", "min"):
            left = self.sum()
            self.expect(",", "write: max(a, b), or max[p] for a maximum over an index")
            result = (Maximum if name.text == "max" else Minimum)(left, self.sum())
        elif name.text in FUNCTIONS:
            result = Fn(name.text, self.sum())
        else:
            return self.named_result(name)
        self.expect(")", "close the bracket")
        return result

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
        ahead = [t.text for t in self.tokens[self.at : self.at + 40]]
        if "argmax" not in ahead or "]" in ahead[: ahead.index("argmax")]:
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

    def guard_body(self) -> Expr:
        left = self.nested(self.sum)
        if self.accept("|"):
            return Divides(self.integer_of(left), self.integer_of(self.sum()))
        sign = self.accept("==", "!=", "<=", ">=", "<", ">")
        if sign is None:
            self.fail("==, !=, <, <=, >, >= or |", "a guard compares, such as [c==T[n]] or [2 | h]")
        assert sign is not None
        right = self.nested(self.sum)
        if sign.text == "<=" and left == val(0) and self.accept("<"):
            return InRange(self.integer_of(right), self.integer_of(self.sum()))
        if sign.text in _FLIPPED:
            left, right = right, left
        return compare(_FLIPPED.get(sign.text, sign.text), left, right)

    # -- indices ---------------------------------------------------------------------------------------------------

    def indices(self) -> tuple[Index, ...]:
        found: list[Index] = []
        while not self.accept("]"):
            found.append(index("...") if self.accept("...") else self.index_sum())
            if not self.accept(",") and self.here.text != "]":
                self.fail("',' or ']'", "separate indices by ','")
        return tuple(found)

    def index_sum(self) -> Index:
        total = -self.index_product() if self.accept("-") else self.index_product()
        while sign := self.accept("+", "-"):
            total = total + self.index_product() if sign.text == "+" else total - self.index_product()
        return total

    def index_product(self) -> Index:
        total = self.index_atom()
        while sign := self.accept("*", "/", "//", "%"):
            right = self.index_atom()
            kinds = {"/": "exact", "//": "floor", "%": "mod"}
            if sign.text != "*" and right.constant == 0:
                self.fail("a divisor that is not 0", "divide by a stride or an extent")
            total = total * right if sign.text == "*" else divide(kinds[sign.text], total, right)
        return total

    def index_atom(self) -> Index:
        here = self.here
        if self.accept("("):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                self.fail(f"at most {MAX_DEPTH} levels of nesting", "name an abbreviation with where")
            inner = self.index_sum()
            self.depth -= 1
            self.expect(")", "close the bracket")
            return inner
        if here.kind == "number":
            self.at += 1
            return index(int(here.text))
        if here.kind != "name":
            self.fail("an index", "write an integer expression such as s*i+d*p-P")
        self.at += 1
        if self.accept("["):
            return atom_index(Entry(here.text, self.indices()))
        return self.where.get(here.text, index(here.text))


def compare(op: str, left: Expr, right: Expr) -> Compare:
    """A comparison whose sides are index expressions where both are integers."""
    i, j = expr_index(left), expr_index(right)
    if i is not None and j is not None and not (isinstance(left, Entry) and isinstance(right, Entry)):
        data = isinstance(left, Entry) or isinstance(right, Entry)
        if not data or op in ("==", "!="):
            return Compare(op, val(i), val(j))
    return Compare(op, left, right)


def expr_index(e: Expr) -> Index | None:
    """The integer expression that a value was written as, or None."""
    if isinstance(e, Add | Mul):
        total = index(0 if isinstance(e, Add) else 1)
        for part in e.items:
            inner = None if isinstance(part, Entry) else expr_index(part)
            if inner is None:
                return None
            total = total + inner if isinstance(e, Add) else total * inner
        return total
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
