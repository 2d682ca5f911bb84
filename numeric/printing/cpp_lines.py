"""The formulas of an operation as functions of C++, one each: sizes are arguments, or written as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from textwrap import wrap

from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import all_names, binders_of, reads, walk
from derive.language.show import show
from derive.operation import Op
from numeric.backend import Formula, cotangent
from numeric.calling.binding import Value, evaluate
from numeric.nests.alpha import by_height
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register, row_major
from numeric.printing.cpp_module import function, identifiers
from numeric.printing.instruction_text import leaves_integers

WIDTH = 112
"""How long a line of a formula in a comment is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A formula as a function: what it reads and the sizes that it takes, by the law's names, in order.

    `exact` says that it gives integers for integers.
    """

    formula: Formula
    name: str
    text: str
    tensors: tuple[str, ...]
    sizes: tuple[str, ...]
    exact: bool
    common: Common


@dataclass(frozen=True, slots=True)
class Common:
    """What the functions of one operation have in common."""

    op: Op
    names: Mapping[str, str]
    axes: Mapping[str, tuple[Binder, ...]]
    reals: frozenset[str]


def lines(op: Op, formulas: Iterable[Formula]) -> Iterator[Line]:
    """A function for each formula of an operation."""
    formulas = list(formulas)
    axes = {f.target: f.axes for f in formulas} | {t.name: t.axes for t in op.tensors}
    axes[cotangent(op)] = op.output.axes
    names = identifiers([*sorted(op.symbols), *axes])
    common = Common(op, names, axes, reals(op))
    yield from (_line(common, f) for f in formulas)


def reals(op: Op) -> frozenset[str]:
    """The symbols that stand for real numbers."""
    return frozenset(p.name for p in op.parameters if p.real)


def turns(f: Formula, names: Mapping[str, Value]) -> int:
    """How many turns the deepest loops of a formula take; an extent that varies counts once."""
    return _size(f.axes, names) * _deepest(f.body, names)


def _deepest(e: Expr, names: Mapping[str, Value]) -> int:
    return _size(binders_of(e), names) * max((_deepest(p, names) for p in e.parts), default=1)


def _size(binders: Iterable[Binder], names: Mapping[str, Value]) -> int:
    return prod(evaluate(b.extent, names) for b in binders if b.extent.names() <= names.keys())


def sized(line: Line, numbers: Mapping[str, int], scheduled: Callable[[Nest, Mapping[str, Register]], Schedule]) -> str:
    """The same function for these very sizes: only settings that are real numbers are left as arguments."""
    left = tuple(s for s in line.sizes if s in line.common.reals)
    put_in = {s: index(numbers[s]) for s in line.sizes if s not in left}
    return _text(line.common, line.formula, line.tensors, left, put_in, scheduled)


def _line(common: Common, f: Formula) -> Line:
    tensors = tuple(dict.fromkeys(r.tensor for r in reads(f.body)))
    extents = [b.extent for t in (*tensors, f.target) for b in common.axes[t]]
    used = all_names(f.body).union(*(extent.names() for extent in extents))
    symbols = tuple(sorted(used & common.op.symbols))
    text = _text(common, f, tensors, symbols, {}, lambda nest, registers: Schedule(tuple(b.name for b in nest.axes)))
    exact = not any(leaves_integers(e) for e in walk(f.body))
    return Line(f, _name(common, f), text, tensors, symbols, exact, common)


def _name(common: Common, f: Formula) -> str:
    return f"make_{common.names[f.target]}"


def _text(
    common: Common,
    f: Formula,
    tensors: tuple[str, ...],
    symbols: tuple[str, ...],
    numbers: Mapping[str, Index],
    scheduled: Callable[[Nest, Mapping[str, Register]], Schedule],
) -> str:
    """The function under its formula: `symbols` are arguments, `numbers` are put in."""
    put_in = {s: index(common.names[s]) for s in symbols} | dict(numbers)
    registers = {t: _register(common, t, put_in) for t in (*tensors, f.target)}
    axes = tuple(Binder(b.name, b.extent.substitute(put_in)) for b in f.axes)
    target = Entry(f.target, tuple(index(b.name) for b in axes))
    nest = Nest(f.target, axes, (Output(target, by_height(substitute(f.body, put_in))),))
    body = write(nest, scheduled(nest, registers), registers)
    sizes = [("double" if s in common.reals else "Int", common.names[s]) for s in symbols]
    heading = wrap(f"{show(target)} = {show(f.body)}", WIDTH, initial_indent="// ", subsequent_indent="//   ")
    return "\n".join([*heading, function(_name(common, f), list(registers.values()), sizes, body)])


def _register(common: Common, tensor: str, put_in: Mapping[str, Index]) -> Register:
    labels = any(t.name == tensor and t.integer for t in common.op.tensors)
    extents = tuple(b.extent.substitute(put_in) for b in common.axes[tensor])
    return row_major(common.names[tensor], extents, "integer" if labels else "real")
