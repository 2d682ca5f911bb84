"""The formulas of an operation as functions of Triton, one each; sizes and settings are arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import all_names, reads, walk
from derive.language.show import show
from derive.operation import Op
from numeric.backend import Formula, cotangent
from numeric.nests.alpha import by_height
from numeric.nests.flat import Flat, write_flat
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register, row_major
from numeric.printing.cpp_module import identifiers
from numeric.printing.instruction_text import leaves_integers
from numeric.printing.triton_module import function

WIDTH = 112
"""How long a line of a formula in a comment is."""


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


@dataclass(frozen=True, slots=True)
class _Common:
    """What the functions of one operation have in common: names of Triton for those of the law, and axes."""

    op: Op
    names: Mapping[str, str]
    axes: Mapping[str, tuple[Binder, ...]]


def lines(op: Op, formulas: Iterable[Formula]) -> Iterator[Line]:
    """A function for each formula of an operation."""
    formulas = list(formulas)
    axes = {f.target: f.axes for f in formulas} | {t.name: t.axes for t in op.tensors}
    axes[cotangent(op)] = op.output.axes
    common = _Common(op, identifiers([*sorted(op.symbols), *axes]), axes)
    yield from (_line(common, f) for f in formulas)


def _line(common: _Common, f: Formula) -> Line:
    tensors = tuple(dict.fromkeys(r.tensor for r in reads(f.body)))
    extents = [b.extent for t in (*tensors, f.target) for b in common.axes[t]]
    used = sorted(all_names(f.body).union(*(e.names() for e in extents)) & common.op.symbols)
    real = {p.name for p in common.op.parameters if p.real}
    sizes, reals = tuple(s for s in used if s not in real), tuple(s for s in used if s in real)
    renamed = {s: index(common.names[s]) for s in used}
    registers = {t: _register(common, t, renamed) for t in (*tensors, f.target)}
    name = f"make_{common.names[f.target]}"
    words = ([common.names[s] for s in sizes], [common.names[s] for s in reals])
    text = function(name, list(registers.values()), *words, _flat(f, renamed, registers))
    heading = wrap(f"{show(_target(f))} = {show(f.body)}", WIDTH, initial_indent="# ", subsequent_indent="#   ")
    exact = not any(leaves_integers(e) for e in walk(f.body))
    return Line(f, name, "\n".join([*heading, text]), tensors, sizes, reals, exact)


def _target(f: Formula) -> Entry:
    return Entry(f.target, tuple(index(b.name) for b in f.axes))


def _flat(f: Formula, renamed: Mapping[str, Index], registers: Mapping[str, Register]) -> Flat:
    axes = tuple(Binder(b.name, b.extent.substitute(renamed)) for b in f.axes)
    body = by_height(substitute(f.body, renamed))
    return write_flat(Nest(f.target, axes, (Output(_target(f), body),)), registers)


def _register(common: _Common, tensor: str, renamed: Mapping[str, Index]) -> Register:
    labels = any(t.name == tensor and t.integer for t in common.op.tensors)
    extents = tuple(b.extent.substitute(renamed) for b in common.axes[tensor])
    return row_major(common.names[tensor], extents, "integer" if labels else "real")
