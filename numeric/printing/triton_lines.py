"""The formulas of an operation as functions of Triton, one each; sizes and settings are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from derive.operation import Op
from numeric.backend import Formula
from numeric.nests.flat import write_flat
from numeric.printing.formula_lines import Signature, signatures
from numeric.printing.triton_module import function


@dataclass(frozen=True, slots=True)
class Line:
    """A formula as a function: what it reads, the sizes and the real settings that it takes, by the law's names.

    `exact` says that it gives integers for integers.
    """

    formula: Formula
    name: str
    text: str
    tensors: tuple[str, ...]
    sizes: tuple[str, ...]
    reals: tuple[str, ...]
    exact: bool


def lines(op: Op, formulas: Iterable[Formula]) -> Iterator[Line]:
    """A function for each formula of an operation."""
    for s in signatures(op, formulas):
        sizes, reals = s.of_kind(real=False), s.of_kind(real=True)
        yield Line(s.formula, s.name, _text(s, sizes, reals), s.tensors, sizes, reals, s.exact)


def _text(s: Signature, sizes: tuple[str, ...], reals: tuple[str, ...]) -> str:
    """The function under its formula."""
    nest, registers = s.nest(s.identifiers)
    words = [s.common.names[n] for n in sizes], [s.common.names[n] for n in reals]
    return "\n".join([*s.heading("#"), function(s.name, list(registers.values()), *words, write_flat(nest, registers))])
