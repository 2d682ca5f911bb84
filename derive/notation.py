"""Reads one operation written in index notation; the only parser of notation, and it evaluates nothing.

O[n,k,i] = sum[c,p](X[n,c,s*i+d*p-P] * F[k,c,p]) + b[k]; X[n<N,c<C,h<H]; pad X.h by P, P; size i fit
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from derive.errors import NotationError
from derive.expr import Binder, Expr
from derive.grammar import Grammar
from derive.index import Index
from derive.tokens import NAME

_STATEMENTS = ("pad", "size", "integer", "where")
_SCALAR = re.compile(rf"(?:^|[;\n])\s*({NAME})\s*=")


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
    return _Laws(text).law()


def parse_expr(text: str, scalars: frozenset[str] = frozenset()) -> Expr:
    """Read one expression; names in `scalars` are tensors without indices."""
    parser = Grammar(text, scalars)
    result = parser.sum()
    parser.expect_end()
    return result


def parse_index(text: str) -> Index:
    """Read one index expression such as `s*i + d*p - P`."""
    parser = Grammar(text)
    result = parser.index_sum()
    parser.expect_end()
    return result


class _Laws(Grammar):
    """A reader of statements: equations, declarations, halos, size rules, abbreviations."""

    def __init__(self, text: str) -> None:
        super().__init__(text, frozenset(_SCALAR.findall(text)))

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
