"""A formula as a function of a compiled language: what it reads, what settings it takes, its nest, its heading."""

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
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register, row_major
from numeric.printing.cpp_module import identifiers
from numeric.printing.instruction_text import leaves_integers

WIDTH = 112
"""How long a line of a formula in a comment is."""


@dataclass(frozen=True, slots=True)
class Common:
    """What the functions of one operation have in common: identifiers for the law's names, axes, real settings."""

    op: Op
    names: Mapping[str, str]
    axes: Mapping[str, tuple[Binder, ...]]
    reals: frozenset[str]

    def register(self, tensor: str, put_in: Mapping[str, Index]) -> Register:
        """Where a tensor lies, row-major, once symbols are put in."""
        labels = any(t.name == tensor and t.integer for t in self.op.tensors)
        extents = tuple(b.extent.substitute(put_in) for b in self.axes[tensor])
        return row_major(self.names[tensor], extents, "integer" if labels else "real")


@dataclass(frozen=True, slots=True)
class Signature:
    """A formula's function by the law's names: the tensors that it reads, the symbols that it takes, in order.

    `exact` says that it gives integers for integers.
    """

    formula: Formula
    common: Common
    tensors: tuple[str, ...]
    symbols: tuple[str, ...]
    exact: bool

    @property
    def name(self) -> str:
        """The name of the function."""
        return f"make_{self.common.names[self.formula.target]}"

    @property
    def identifiers(self) -> dict[str, Index]:
        """The identifiers of the symbols, as indices."""
        return {s: index(self.common.names[s]) for s in self.symbols}

    def of_kind(self, real: bool) -> tuple[str, ...]:
        """The symbols that stand for real numbers, or those that are sizes."""
        return tuple(s for s in self.symbols if (s in self.common.reals) == real)

    def nest(self, put_in: Mapping[str, Index]) -> tuple[Nest, dict[str, Register]]:
        """The formula as a nest, and its registers, the target's last, once symbols are put in."""
        f = self.formula
        axes = tuple(Binder(b.name, b.extent.substitute(put_in)) for b in f.axes)
        registers = {t: self.common.register(t, put_in) for t in (*self.tensors, f.target)}
        return Nest(f.target, axes, (Output(self._target, by_height(substitute(f.body, put_in))),)), registers

    def heading(self, comment: str) -> list[str]:
        """The formula as lines of comment."""
        text = f"{show(self._target)} = {show(self.formula.body)}"
        return wrap(text, WIDTH, initial_indent=f"{comment} ", subsequent_indent=f"{comment}   ")

    @property
    def _target(self) -> Entry:
        return Entry(self.formula.target, tuple(index(b.name) for b in self.formula.axes))


def signatures(op: Op, formulas: Iterable[Formula]) -> Iterator[Signature]:
    """A function for each formula of an operation."""
    formulas = list(formulas)
    axes = {f.target: f.axes for f in formulas} | {t.name: t.axes for t in op.tensors}
    axes[cotangent(op)] = op.output.axes
    reals = frozenset(p.name for p in op.parameters if p.real)
    common = Common(op, identifiers([*sorted(op.symbols), *axes]), axes, reals)
    for f in formulas:
        tensors = tuple(dict.fromkeys(r.tensor for r in reads(f.body)))
        extents = [b.extent for t in (*tensors, f.target) for b in axes[t]]
        used = all_names(f.body).union(*(e.names() for e in extents)) & op.symbols
        exact = not any(leaves_integers(e) for e in walk(f.body))
        yield Signature(f, common, tensors, tuple(sorted(used)), exact)
