"""Reads one operation written in index notation; the only parser of notation, and it evaluates nothing.

O[n,k,i] = sum[c,p](X[n,c,s*i+d*p-P] * F[k,c,p]) + b[k]; X[n<N,c<C,h<H]; pad X.h by P, P; size i fit
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from derive.errors import NotationError
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

MAX_LENGTH, MAX_DEPTH, MAX_DIGITS, MAX_EXPONENT = 10_000, 60, 15, 64
NAME = r"[A-Za-z][A-Za-z0-9_]*"
_TOKEN = re.compile(
    rf"(?P<space>[ \t\r]+)|(?P<end>[;\n])|(?P<cotangent>dE/d{NAME})|(?P<name>{NAME})|(?P<number>[0-9]+)"
    r"|(?P<sign>\.\.\.|\*\*|==|!=|<=|>=|//|[-+*/%^()\[\],<>=|.])"
)
_FLIPPED = {">": "<", ">=": "<="}
_STATEMENTS = ("pad", "size", "integer", "where")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Equation:
    """`target[names] = body`."""

    target: str
    names: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Law:
    """What a text says, before extents are known; an unbounded binder p has the extent `?p`."""

    equations: tuple[Equation, ...]
    declarations: dict[str, tuple[Binder, ...]] = field(default_factory=dict)
    pads: dict[tuple[str, str], tuple[Index, Index]] = field(default_factory=dict)
    sizes: dict[str, str | Index] = field(default_factory=dict)
    integers: frozenset[str] = frozenset()


def parse(text: str) -> Law:
    """Read a law: equations, and the declarations, halos, size rules and abbreviations they need.

    Raises: NotationError naming the column, what was found, what was expected and the remedy.
    """
    return _Parser(text).law()


def parse_expr(text: str, scalars: frozenset[str] = frozenset()) -> Expr:
    """Read one expression; names in `scalars` are tensors without indices."""
    parser = _Parser(text, scalars)
    result = parser.sum()
    parser.expect_end()
    return result


def parse_index(text: str) -> Index:
    """Read one index expression such as `s*i + d*p - P`."""
    parser = _Parser(text)
    result = parser.index_sum()
    parser.expect_end()
    return result


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens. Raises NotationError at the first character that is none."""
    if len(text) > MAX_LENGTH:
        raise NotationError(f"notation: got {len(text)} characters, expected at most {MAX_LENGTH}; split the law")
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise NotationError(
                f"notation, column {at + 1}: got {text[at]!r}, expected a name, a number or one of"
                " + - * / // % ^ ( ) [ ] < <= == != , ; write names with letters, digits and _"
            )
        if found.lastgroup == "number" and len(found.group()) > MAX_DIGITS:
            raise NotationError(f"notation, column {at + 1}: got a number of {len(found.group())} digits, expected at"
                                f" most {MAX_DIGITS}; use a parameter")  # fmt: skip
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup or "", found.group(), at + 1))
        at = found.end()
    tokens.append(Token("end", "", len(text) + 1))
    return tokens


class _Parser:
    """Recursive descent over tokens; one method a grammar rule."""

    def __init__(self, text: str, scalars: frozenset[str] = frozenset()) -> None:
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.where: dict[str, Index] = {}
        self.scalars = set(scalars) | set(re.findall(rf"(?:^|[;\n])\s*({NAME})\s*=", text))

    # -- tokens ----------------------------------------------------------------------------------------------------

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def accept(self, *texts: str) -> Token | None:
        if self.here.kind != "end" and self.here.text in texts:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def expect(self, text: str, remedy: str) -> None:
        if not self.accept(text):
            self.fail(repr(text), remedy)

    def name(self, what: str) -> str:
        if self.here.kind != "name":
            self.fail(what, "a name starts with a letter and has letters, digits and _")
        self.at += 1
        return self.tokens[self.at - 1].text

    def fail(self, expected: str, remedy: str) -> None:
        got = repr(self.here.text) if self.here.text.strip() else "the end"
        raise NotationError(f"notation, column {self.here.column}: got {got}, expected {expected}; {remedy}")

    def expect_end(self) -> None:
        if self.here.kind != "end":
            self.fail("an operator or the end", "separate equations by ';'")

    def nested(self, rule: Callable[[], Expr]) -> Expr:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"at most {MAX_DEPTH} levels of nesting", "name an intermediate in an equation of its own")
        result = rule()
        self.depth -= 1
        return result

    # -- statements ------------------------------------------------------------------------------------------------

    def law(self) -> Law:
        equations: list[Equation] = []
        law = Law((), {}, {}, {})
        integers: set[str] = set()
        while self.at < len(self.tokens):
            if self.here.kind == "end":
                self.at += 1
                continue
            following = self.tokens[self.at + 1].kind
            if self.here.text in _STATEMENTS and following == "name":
                self.statement(law, integers)
            else:
                self.equation_or_declaration(equations, law)
            self.expect_end()
        if not equations:
            raise NotationError("notation: got no equation, expected one such as O[i] = sum[p] X[i+p]*F[p]; write one")
        return Law(tuple(equations), law.declarations, law.pads, law.sizes, frozenset(integers))

    def statement(self, law: Law, integers: set[str]) -> None:
        keyword = self.name("a statement")
        if keyword == "integer":
            integers.add(self.name("a tensor's name"))
            while self.accept(","):
                integers.add(self.name("a tensor's name"))
        elif keyword == "where":
            short = self.name("an abbreviation")
            self.expect("=", "write: where h = s*i + d*p - P")
            self.where[short] = self.index_sum()
        elif keyword == "pad":
            tensor = self.name("a tensor's name")
            self.expect(".", "write: pad X.h by lo, hi")
            axis = self.name("an axis' name")
            self.expect("by", "write: pad X.h by lo, hi")
            low = self.index_sum()
            self.expect(",", "write: pad X.h by lo, hi")
            law.pads[tensor, axis] = (low, self.index_sum())
        else:
            output = self.name("an output index")
            if self.accept("="):
                law.sizes[output] = self.index_sum()
            elif self.here.text in ("fit", "ceil", "touch"):
                law.sizes[output] = self.name("a size rule")
            else:
                self.fail("'fit', 'ceil', 'touch' or '= size'", "write: size i fit")

    def equation_or_declaration(self, equations: list[Equation], law: Law) -> None:
        if self.here.kind not in ("name", "cotangent"):
            self.fail("a tensor's name", "start with the output, such as O[i] = ...")
        tensor = self.here.text
        self.at += 1
        names: list[str] = []
        bounds: list[Index | None] = []
        if self.accept("["):
            while not self.accept("]"):
                names.append("..." if self.accept("...") else self.name("an index name"))
                bounds.append(self.index_sum() if self.accept("<") else None)
                if not self.accept(",") and self.here.text != "]":
                    self.fail("',' or ']'", "the left side lists plain index names, such as O[n,k,i]")
        if len(set(names)) != len(names):
            self.fail("distinct indices on the left side", f"rename one of {', '.join(names)}")
        if all(bounds) and bounds and self.here.text != "=":
            law.declarations[tensor] = tuple(Binder(n, b) for n, b in zip(names, bounds, strict=True) if b is not None)
            return
        self.expect("=", "write an equation O[i] = ... or a declaration X[n<N,h<H]")
        if any(e.target == tensor for e in equations):
            self.fail(f"one equation for {tensor}", "give the second one another name")
        equations.append(Equation(tensor, tuple(names), self.sum()))

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


# -- small constructors ------------------------------------------------------------------------------------------------


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
