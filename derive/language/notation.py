"""Reads one operation written in index notation; the only parser of notation, and it evaluates nothing.

O[n,k,i] = sum[c,p](X[n,c,s*i+d*p-P] * F[k,c,p]) + b[k]; X[n<N,c<C,h<H]; pad X.h by P, P; size i fit
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from derive.errors import NotationError
from derive.expressions.expr import Binder, Expr
from derive.expressions.index import Index, index
from derive.language.grammar import Grammar
from derive.language.tokens import NAME

SIZE_RULES = ("fit", "ceil", "touch")
_SCALAR = re.compile(rf"(?:^|[;\n])\s*({NAME})\s*=")
_SCALARS = re.compile(rf"(?:^|[;\n])\s*scalar\s+({NAME}(?:\s*,\s*{NAME})*)")


@dataclass(frozen=True, slots=True)
class Equation:
    """`target[names] = body`."""

    target: str
    names: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class SizeRule:
    """`size i fit`, or with what is added to the rule's count: `size i touch - P + A`."""

    name: str
    more: Index


@dataclass(frozen=True, slots=True)
class Law:
    """What a text says, before extents are known; an unbounded binder p has the extent `?p`."""

    equations: tuple[Equation, ...]
    declarations: dict[str, tuple[Binder, ...]] = field(default_factory=dict)
    pads: dict[tuple[str, str], tuple[Index, Index]] = field(default_factory=dict)
    sizes: dict[str, SizeRule | Index] = field(default_factory=dict)
    integers: frozenset[str] = frozenset()


def parse(text: str) -> Law:
    """Read a law: equations, and the declarations, halos, size rules and abbreviations they need.

    Raises: NotationError naming the column, what was found, what was expected and the remedy.
    """
    return _Laws(text).law()


def parse_expr(text: str, scalars: frozenset[str] = frozenset()) -> Expr:
    """Read one expression; names in `scalars` are tensors without indices."""
    parser = Grammar(text, scalars)
    result = parser.sum()
    parser.expect_last()
    return result


def parse_index(text: str) -> Index:
    """Read one index expression such as `s*i + d*p - P`."""
    parser = Grammar(text)
    result = parser.index_sum()
    parser.expect_last()
    return result


class _Laws(Grammar):
    """A reader of statements: equations, declarations, halos, size rules, abbreviations."""

    def __init__(self, text: str) -> None:
        declared = (n.strip() for names in _SCALARS.findall(text) for n in names.split(","))
        super().__init__(text, frozenset((*_SCALAR.findall(text), *declared)))
        self.equations: list[Equation] = []
        self.declarations: dict[str, tuple[Binder, ...]] = {}
        self.pads: dict[tuple[str, str], tuple[Index, Index]] = {}
        self.sizes: dict[str, SizeRule | Index] = {}
        self.integers: set[str] = set()
        self.statements: dict[str, Callable[[], None]] = {
            "pad": self.pad,
            "size": self.size,
            "integer": self.integer_tensors,
            "scalar": self.scalar_tensors,
            "where": self.abbreviation,
        }

    def law(self) -> Law:
        while self.at < len(self.tokens):
            if self.accept_end():
                continue
            if self.here.text in self.statements and self.tokens[self.at + 1].kind == "name":
                self.statements[self.name("a statement")]()
            else:
                self.equation_or_declaration()
            self.expect_end()
        if not self.equations:
            raise NotationError("notation: got no equation, expected one such as O[i] = sum[p] X[i+p]*F[p]; write one")
        return Law(tuple(self.equations), self.declarations, self.pads, self.sizes, frozenset(self.integers))

    def integer_tensors(self) -> None:
        """`integer T, S`."""
        self.integers.add(self.name("a tensor's name"))
        while self.accept(","):
            self.integers.add(self.name("a tensor's name"))

    def scalar_tensors(self) -> None:
        """`scalar w, u`: inputs without indices."""
        start = self.at
        names = [self.name("a scalar's name")]
        while self.accept(","):
            names.append(self.name("a scalar's name"))
        for name in names:
            if name in self.declarations or name in self.read:
                self.fail(f"{name} declared once, and read as a scalar everywhere", "rename one of the two", start)
            self.declarations[name] = ()

    def abbreviation(self) -> None:
        """`where h = s*i + d*p - P`."""
        if self.here.text in self.read or self.here.text in self.where:
            self.fail("a name that was not used before", "write each abbreviation once, before what uses it")
        short = self.name("an abbreviation")
        self.expect("=", "write: where h = s*i + d*p - P")
        self.where[short] = self.index_sum()

    def pad(self) -> None:
        """`pad X.h by lo, hi`."""
        remedy = "write: pad X.h by lo, hi"
        start = self.at
        tensor = self.name("a tensor's name")
        self.expect(".", remedy)
        axis = self.name("an axis' name")
        if (tensor, axis) in self.pads:
            self.fail(f"one halo for {tensor}.{axis}", "leave one of the two out", start)
        self.expect("by", remedy)
        low = self.index_sum()
        self.expect(",", remedy)
        self.pads[tensor, axis] = (low, self.index_sum())

    def size(self) -> None:
        """`size i fit`, `size i touch - P`, `size i = H`."""
        if self.here.text in self.sizes:
            self.fail(f"one size for {self.here.text}", "leave one of the two out")
        output = self.name("an output index")
        if self.accept("="):
            self.sizes[output] = self.index_sum()
        elif self.here.text in SIZE_RULES:
            rule = self.name("a size rule")
            added = self.here.text in ("+", "-")
            self.accept("+")  # a minus belongs to the sum itself
            self.sizes[output] = SizeRule(rule, self.index_sum() if added else index(0))
        else:
            self.fail("'fit', 'ceil', 'touch' or '= size'", "write: size i fit")

    def equation_or_declaration(self) -> None:
        if self.here.kind not in ("name", "cotangent"):
            self.fail("a tensor's name", "start with the output, such as O[i] = ...")
        start = self.at
        tensor = self.here.text
        self.at += 1
        names, bounds = self.left_side() if self.accept("[") else ((), ())
        if bounds and self.here.text != "=":
            if len(bounds) < len(names):
                self.fail("'='", "give every index of a declaration its extent, such as X[n<N,h<H]")
            if tensor in self.declarations:
                self.fail(f"one declaration of {tensor}", "leave one of the two out", start)
            self.declarations[tensor] = tuple(Binder(n, b) for n, b in zip(names, bounds, strict=True))
            return
        if bounds:
            self.fail(
                "plain indices on the left side", f"declare the extents apart: {tensor}[{names[0]}<...]; ...", start
            )
        short = next((n for n in names if n in self.where), None)
        if short:
            self.fail(f"an index other than the abbreviation {short}", "rename one of the two", start)
        self.expect("=", "write an equation O[i] = ... or a declaration X[n<N,h<H]")
        if any(e.target == tensor for e in self.equations):
            self.fail(f"one equation for {tensor}", "give the second one another name", start)
        self.equations.append(Equation(tensor, names, self.sum()))

    def left_side(self) -> tuple[tuple[str, ...], tuple[Index, ...]]:
        """Index names and the extents that are given."""
        names: list[str] = []
        bounds: list[Index] = []
        if self.here.text == "]":
            self.fail("an index name", "a tensor without indices has no brackets: O = ...")
        while not self.accept("]"):
            if self.here.text in names:
                self.fail("distinct indices on the left side", f"rename one of the two {self.here.text}")
            names.append("..." if self.accept("...") else self.name("an index name"))
            if self.accept("<"):
                bounds.append(self.index_sum())
            if not self.accept(",") and self.here.text != "]":
                self.fail("',' or ']'", "the left side lists plain index names, such as O[n,k,i]")
        return tuple(names), tuple(bounds)
