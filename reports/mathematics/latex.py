"""Expressions as LaTeX of the subset on which KaTeX, MathJax, Temml and LaTeX agree."""

from __future__ import annotations

from derive.expressions.expr import Add, Contract, Expr, Mul
from derive.expressions.index import Index
from derive.language.show import SUM
from reports.mathematics.latex_index import index_text
from reports.mathematics.latex_nodes import Printer, factors, signs, terms
from reports.mathematics.measure import width
from reports.mathematics.names import Names

LINE = 42.0  # em: about what a page holds


def latex(e: Expr, names: Names | None = None, limits: bool = False) -> str:
    """The expression as LaTeX on one line; `limits` writes out from where to where every sum runs."""
    return Printer(names or Names(), limits).text(e, SUM)


def latex_lines(e: Expr, names: Names | None = None, limits: bool = False) -> str:
    """The expression as LaTeX, in lines under each other where one would be too long for a page."""
    first, *others = rows(e, names, limits)
    if not others:
        return first
    below = [rf"{room(row)}\displaystyle \qquad {row}" for row in others]
    under_each_other = r" \\ ".join([rf"\displaystyle {first}", *below])
    return rf"\begin{{array}}{{l}}{under_each_other}\end{{array}}"


def room(row: str) -> str:
    """What keeps a row of fractions away from the row above it."""
    return r"\rule{0pt}{1.7em}" if r"\frac" in row else ""


def rows(e: Expr, names: Names | None = None, limits: bool = False) -> list[str]:
    """The expression as LaTeX in as few lines as it takes; a line ends between two terms or factors."""
    printer = Printer(names or Names(), limits)
    whole = printer.text(e, SUM)
    if width(whole) <= LINE:
        return [whole]
    lines: list[str] = []
    for piece in _pieces(printer, e):
        if lines and width(lines[-1] + piece) <= LINE:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.removesuffix(r"\,") for line in lines]


def latex_index(i: Index, names: Names | None = None) -> str:
    """An index expression or a size as LaTeX."""
    return index_text(i, names or Names(), Printer(names or Names()).inner)


def _pieces(p: Printer, e: Expr) -> list[str]:
    """The parts of an expression between which a line may end."""
    if isinstance(e, Add):
        return terms(p, e)
    if isinstance(e, Contract) and isinstance(e.body, Mul):
        first, *others = _pieces(p, e.body)
        return [f"{signs(p, e)} {first}", *others]
    if isinstance(e, Mul) and e.items:
        *others, last = factors(p, e)
        match e.items[-1]:
            case Contract() as inner:
                return others + _pieces(p, inner)
            case Add() as inner if others:
                first, *rest = terms(p, inner)
                return (
                    [f"{''.join(others)}\\bigl({first}", *rest[:-1], f"{rest[-1]}\\bigr)"] if rest else [*others, last]
                )
        return [*others, last]
    return [p.text(e, SUM)]
