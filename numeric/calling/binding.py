"""Gives every symbol of an operation its number, from shapes and parameters, and refuses first what does not fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Binder, Expr
from derive.expressions.index import Composite, Index
from derive.expressions.traversal import own_indices, walk
from derive.language.show import show_index
from derive.lazy import LazyModule
from derive.meaning.denote import World
from derive.operation import Op, Parameter, Tensor
from derive.requirement import refuse_violations

if TYPE_CHECKING:
    from numeric.calling import windows
else:
    windows = LazyModule("numeric.calling.windows")  # they are looked at where shapes are known, with NumPy

Shape = tuple[int, ...]
Value = int | float | Fraction
LEADING = "..."


@dataclass(frozen=True, slots=True)
class Binding:
    """A number for every symbol; `leading` is the shape that the axis `...` stands for.

    `keywords` keeps what printed functions are called with, by function.
    """

    names: Mapping[str, Value]
    leading: Shape = ()
    keywords: dict[str, dict[str, Value]] = field(default_factory=dict, compare=False, repr=False)

    def extent(self, extent: Index) -> int:
        """The value of an extent."""
        return evaluate(extent, self.names)

    def shape(self, tensor: Tensor) -> Shape:
        """The shape that a user sees, the leading axes spread out."""
        return tuple(n for b in tensor.axes for n in (self.leading if b.name == LEADING else (self.extent(b.extent),)))

    def inner_shape(self, tensor: Tensor) -> Shape:
        """The shape that a kernel works on, the leading axes as one."""
        return tuple(self.extent(b.extent) for b in tensor.axes)


def evaluate(i: Index, names: Mapping[str, Value]) -> int:
    """The integer that an index of symbols is. Raises: MeaningError where it is none."""
    return World(names, {}).size(i, {})


def bind(op: Op, shapes: Mapping[str, Shape], parameters: Mapping[str, Value]) -> Binding:
    """Numbers for all symbols of `op`, given the shape of every input by its letter (optional ones may be absent).

    Raises: OperationError for a wrong rank, extents that disagree, an empty input or output, a violated requirement, or
    a window of a maximum without a real cell.
    """
    solver = _Solver(op, dict(parameters))
    for tensor in op.inputs:
        if tensor.name in shapes:
            solver.read(tensor, shapes[tensor.name])
    solver.solve()
    names = solver.known
    for tensor in op.tensors:
        if tensor.role != "input":
            _refuse_empty(op, tensor, names)
    if missing := sorted(op.symbols - names.keys()):
        raise OperationError(f"{op.name}: got the symbol {missing[0]} for a setting, expected a number; kernels need"
                             " numbers")  # fmt: skip
    refuse_violations(op, names)
    for e in op.equations:
        if found := windows.empty_window(e.body, op.tensor(e.target).axes, names, {t.name: t.axes for t in op.tensors}):
            raise OperationError(
                f"{op.name}: got a window without a single real cell ({found}), expected at least one in every window;"
                " use less padding or dilation, or a larger input"
            )
    return Binding(names, solver.leading or ())


@dataclass(slots=True)
class _Solver:
    """Solves extents of input axes, one unknown at a time; `origin` says which axis fixed a symbol."""

    op: Op
    known: dict[str, Value]
    origin: dict[str, str] = field(default_factory=dict)
    leading: Shape | None = None
    pending: list[tuple[Tensor, Binder, int]] = field(default_factory=list)

    def read(self, tensor: Tensor, shape: Shape) -> None:
        spread = any(b.name == LEADING for b in tensor.axes)
        fixed = len(tensor.axes) - spread
        if len(shape) < fixed or (not spread and len(shape) != fixed):
            letters = ", ".join(b.name for b in tensor.axes)
            raise OperationError(
                f"{self.op.name}: {tensor.argument}: got {len(shape)} axes in shape {shape}, expected"
                f" {'at least ' if spread else ''}{fixed} ({tensor.name}[{letters}]); reshape it"
            )
        if 0 in shape:
            raise OperationError(f"{self.op.name}: {tensor.argument}: got the empty shape {shape}, expected at least"
                                 " one entry; pass data")  # fmt: skip
        at = 0
        for b in tensor.axes:
            if b.name == LEADING:
                own = shape[at : at + len(shape) - fixed]
                self.lead(tensor, own)
                at += len(own)
                self.pending.append((tensor, b, math.prod(own)))
            else:
                self.pending.append((tensor, b, shape[at]))
                at += 1

    def lead(self, tensor: Tensor, own: Shape) -> None:
        if self.leading is not None and self.leading != own:
            raise OperationError(
                f"{self.op.name}: {tensor.argument}: got leading axes {own}, expected {self.leading} as in"
                f" {self.origin[LEADING]}; pass tensors whose shapes agree"
            )
        self.leading = own
        self.origin[LEADING] = tensor.argument

    def solve(self) -> None:
        sizes = dict(self.op.sizes)
        progress = True
        while progress:
            waiting = len(self.pending) + len(sizes)
            for item in list(self.pending):
                if self.settle(*item):
                    self.pending.remove(item)
            for name, size in list(sizes.items()):
                if not size.names() - self.known.keys():
                    self.known[name] = evaluate(sizes.pop(name), self.known)
            progress = len(self.pending) + len(sizes) < waiting
        if self.pending:
            tensor, b, _ = self.pending[0]
            unknown = ", ".join(sorted(b.extent.names() - self.known.keys()))
            raise OperationError(
                f"{self.op.name}: {tensor.argument}: got nothing that settles {unknown} in axis"
                f" {b.name}<{show_index(b.extent)}, expected a number; set {unknown}, or declare an axis of that extent"
            )

    def settle(self, tensor: Tensor, b: Binder, size: int) -> bool:
        """Whether an axis could be compared with its extent, or gave one symbol its number."""
        unknown = b.extent.names() - self.known.keys()
        if not unknown:
            expected = evaluate(b.extent, self.known)
            if expected != size:
                self.disagree(tensor, b, size, expected)
            return True
        name = min(unknown)
        parts = b.extent.split(name) if len(unknown) == 1 else None
        if parts is None:
            return False
        slope, rest = (evaluate(p, self.known) for p in parts)
        if slope == 0 or (size - rest) % slope or (size - rest) // slope < 0:
            self.disagree(tensor, b, size, None)
        self.known[name] = (size - rest) // slope
        self.origin[name] = f"{tensor.argument} (its axis {b.name})"
        return True

    def disagree(self, tensor: Tensor, b: Binder, size: int, expected: int | None) -> None:
        at = [x.name for x in tensor.axes].index(b.name)
        sources = sorted({self.origin[n] for n in b.extent.names() if n in self.origin})
        want = show_index(b.extent) if expected is None else str(expected)
        raise OperationError(
            f"{self.op.name}: {tensor.argument}: got {size} along axis {at} ({b.name}), expected {want}"
            + (f" as given by {' and '.join(sources)}" if sources else "")
            + "; pass tensors whose shapes agree"
        )


def _refuse_empty(op: Op, tensor: Tensor, names: Mapping[str, Value]) -> None:
    for b in tensor.axes:
        missing = next((n for n in sorted(b.extent.names()) if n not in names), None)
        if missing is not None:
            raise OperationError(f"{op.name}: got no value for {missing}, expected a number; set {missing}")
        try:
            size = evaluate(b.extent, names)
        except MeaningError as error:
            raise OperationError(f"{op.name}: axis {b.name} of {tensor.name}: {error}") from None
        if size < 1:
            formula = dict(op.sizes).get(b.extent.name or "", b.extent)
            values = ", ".join(f"{n} = {names[n]}" for n in sorted(formula.names()))
            raise OperationError(
                f"{op.name}: got the size {show_index(formula)} = {size} for axis {b.name} of the output ({values}),"
                " expected at least 1; use a larger input, more padding or a smaller window"
            )


def refuse_zero_divisors(where: str, e: Expr, names: Mapping[str, Value]) -> None:
    """Raises: OperationError where an index is divided by a parameter that is 0."""
    for divisor in divisors(e):
        if divisor.names() <= names.keys() and evaluate(divisor, names) < 1:
            raise OperationError(f"{where}: got {show_index(divisor)} = {evaluate(divisor, names)}, expected at least"
                                 " 1; indices are divided by it")  # fmt: skip


def divisors(e: Expr) -> Iterator[Index]:
    """The divisors of every quotient in an index of `e`."""
    for node in walk(e):
        for i in own_indices(node):
            yield from _divisors(i)


def _divisors(i: Index) -> Iterator[Index]:
    for atom in i.atoms():
        if isinstance(atom, Composite):
            if atom.kind != "min":
                yield atom.divisor
            yield from _divisors(atom.dividend)
            yield from _divisors(atom.divisor)
        elif not isinstance(atom, str):
            for inner in atom.indices:
                yield from _divisors(inner)


def defaults(op: Op, given: Mapping[str, Value]) -> dict[str, Value]:
    """A value for every parameter: the given one, else torch's default.

    Raises: OperationError for a parameter without either, or below its minimum.
    """
    values = dict(given)
    for p in op.parameters:
        if p.name not in values:
            values[p.name] = _default(op, p, values)
        if values[p.name] < p.minimum and not p.real:
            raise OperationError(f"{op.name}: got {p.argument} = {values[p.name]}, expected at least {p.minimum};"
                                 " change it")  # fmt: skip
    return values


def _default(op: Op, p: Parameter, values: Mapping[str, Value]) -> Value:
    if p.default is None:
        raise OperationError(f"{op.name}: got no {p.argument}, expected a number for {p.name}; give it")
    if isinstance(p.default, str):
        if p.default not in values:
            raise OperationError(f"{op.name}: got the symbol {p.default}, expected a number; kernels need numbers")
        return values[p.default]
    return float(p.default) if p.real else p.default
