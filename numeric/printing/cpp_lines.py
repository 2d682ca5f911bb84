"""The formulas of an operation as functions of C++, one each: sizes are arguments, or written as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from derive.expressions.expr import Binder, Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of
from derive.operation import Op
from numeric.backend import Formula
from numeric.calling.binding import Value, evaluate
from numeric.nests.nest import Nest, Schedule, write
from numeric.nests.registers import Register
from numeric.printing.cpp_module import function
from numeric.printing.formula_lines import Signature, signatures

Scheduled = Callable[[Nest, Mapping[str, Register]], Schedule]


@dataclass(frozen=True, slots=True)
class Line:
    """A formula as a function: what it reads and the sizes that it takes, by the law's names, in order.

    `reals` are those of the sizes that are real settings; `exact` says that it gives integers for integers.
    """

    formula: Formula
    name: str
    text: str
    tensors: tuple[str, ...]
    sizes: tuple[str, ...]
    reals: tuple[str, ...]
    exact: bool
    signature: Signature


def lines(op: Op, formulas: Iterable[Formula]) -> Iterator[Line]:
    """A function for each formula of an operation."""
    for s in signatures(op, formulas):
        text = _text(s, s.symbols, {}, lambda nest, registers: Schedule(tuple(b.name for b in nest.axes)))
        yield Line(s.formula, s.name, text, s.tensors, s.symbols, s.of_kind(real=True), s.exact, s)


def turns(f: Formula, names: Mapping[str, Value]) -> int:
    """How many turns the deepest loops of a formula take; an extent that varies counts once."""
    return _size(f.axes, names) * _deepest(f.body, names)


def _deepest(e: Expr, names: Mapping[str, Value]) -> int:
    return _size(binders_of(e), names) * max((_deepest(p, names) for p in e.parts), default=1)


def _size(binders: Iterable[Binder], names: Mapping[str, Value]) -> int:
    return prod(evaluate(b.extent, names) for b in binders if b.extent.names() <= names.keys())


def sized(line: Line, numbers: Mapping[str, int], scheduled: Scheduled) -> str:
    """The same function for these very sizes: only settings that are real numbers are left as arguments."""
    put_in = {s: index(numbers[s]) for s in line.sizes if s not in line.reals}
    return _text(line.signature, line.reals, put_in, scheduled)


def _text(s: Signature, symbols: tuple[str, ...], numbers: Mapping[str, Index], scheduled: Scheduled) -> str:
    """The function under its formula: `symbols` are arguments, `numbers` are put in."""
    nest, registers = s.nest({**s.identifiers, **numbers})
    body = write(nest, scheduled(nest, registers), registers)
    sizes = [("double" if n in s.common.reals else "Int", s.common.names[n]) for n in symbols]
    return "\n".join([*s.heading("//"), function(s.name, list(registers.values()), sizes, body)])
