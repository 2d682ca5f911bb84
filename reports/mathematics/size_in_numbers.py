"""A size formula with its numbers put in and nothing worked out: `floor((227 + 2*0 - 11)/4) + 1`."""

from __future__ import annotations

from derive.language.show import show_index
from derive.size_formula import SizeFormula
from reports.document import Math
from reports.mathematics.size_text import size_text


def size_in_numbers(s: SizeFormula) -> Math:
    """`formula = size`."""
    values = {n: show_index(v) for n, v in s.values}

    def number(name: str) -> Math:
        return Math(values.get(name, name), values.get(name, name))

    formula, size = size_text(s.formula, number), show_index(s.size)
    if formula.plain == size:
        return formula
    return Math(f"{formula.latex} = {size}", f"{formula.plain} = {size}")
