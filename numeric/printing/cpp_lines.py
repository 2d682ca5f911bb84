"""The formulas of an operation as functions of C++, one each; sizes and settings are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap

from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import all_names, reads, walk
from derive.language.show import show
from derive.operation import Op
from numeric.backend import Formula, cotangent
from numeric.calling.binding import Shape, Value
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register, row_major
from numeric.printing.cpp_module import function, identifiers
from numeric.printing.instruction_text import leaves_integers

WIDTH = 112
"""How long a line of a formula in a comment is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A formula as a function: what it reads and the sizes that it takes, by the law's names, in order.

    `exact` says that it gives integers for integers; `shapes` keeps the shapes of its target by sizes.
    """

    formula: Formula
    name: str
    text: str
    tensors: tuple[str, ...]
    sizes: tuple[str, ...]
    exact: bool
    shapes: dict[tuple[Value, ...], Shape] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lines:
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
    common = Lines(op, names, axes, reals(op))
    yield from (_line(common, f) for f in formulas)


def reals(op: Op) -> frozenset[str]:
    """The symbols that stand for real numbers."""
    return frozenset(p.name for p in op.parameters if p.real)


def _line(common: Lines, f: Formula) -> Line:
    tensors = tuple(dict.fromkeys(r.tensor for r in reads(f.body)))
    extents = [b.extent for t in (*tensors, f.target) for b in common.axes[t]]
    used = all_names(f.body).union(*(extent.names() for extent in extents))
    symbols = tuple(sorted(used & common.op.symbols))
    name = f"make_{common.names[f.target]}"
    exact = not any(leaves_integers(e) for e in walk(f.body))
    return Line(f, name, _text(common, f, name, tensors, symbols), tensors, symbols, exact)


def _text(common: Lines, f: Formula, name: str, tensors: tuple[str, ...], symbols: tuple[str, ...]) -> str:
    """The function under its formula, in names that C++ takes."""
    renamed = {s: index(common.names[s]) for s in symbols}
    registers = {t: _register(common, t, renamed) for t in (*tensors, f.target)}
    axes = tuple(Binder(b.name, b.extent.substitute(renamed)) for b in f.axes)
    target = Entry(f.target, tuple(index(b.name) for b in axes))
    nest = Nest(f.target, axes, (Output(target, substitute(f.body, renamed)),))
    body = write(nest, Schedule(tuple(b.name for b in axes)), registers)
    sizes = [("double" if s in common.reals else "Int", common.names[s]) for s in symbols]
    heading = wrap(f"{show(target)} = {show(f.body)}", WIDTH, initial_indent="// ", subsequent_indent="//   ")
    return "\n".join([*heading, function(name, list(registers.values()), sizes, body)])


def _register(common: Lines, tensor: str, renamed: Mapping[str, Index]) -> Register:
    labels = any(t.name == tensor and t.integer for t in common.op.tensors)
    extents = tuple(b.extent.substitute(renamed) for b in common.axes[tensor])
    return row_major(common.names[tensor], extents, "integer" if labels else "real")
