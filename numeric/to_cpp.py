"""The backend of C++: formulas written as loops, printed as C++ and compiled at first use, run on NumPy's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from derive.errors import NotDerived
from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import all_names, reads, walk
from derive.language.show import show
from derive.lazy import LazyModule
from derive.operation import Op
from numeric.backend import Array, Formula, Saved, cotangent, forward_formulas, gradient_formula
from numeric.calling.binding import Binding, Shape, Value
from numeric.calling.numpy_arrays import NumpyArrays
from numeric.native.library import library
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register, row_major
from numeric.printing.cpp_module import function, identifiers, module
from numeric.printing.instruction_text import leaves_integers

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")  # a kernel is printed without it

SHOWN = "float32"
"""The dtype of the text that is shown."""

WIDTH = 112
"""How long a line of a formula in a comment is."""


@dataclass(frozen=True, slots=True)
class Line:
    """A formula as a function of C++: what it reads and the sizes that it takes, by the law's names, in order."""

    formula: Formula
    name: str
    text: str
    tensors: tuple[str, ...]
    sizes: tuple[str, ...]
    exact: bool
    shapes: dict[tuple[Value, ...], Shape] = field(default_factory=dict)


@dataclass(eq=False)
class CppFunctions:
    """One operation's kernels; sizes are arguments, so that one text serves all shapes and settings.

    `formulas` are gradients by letter to be computed in place of the derived ones.
    """

    op: Op
    formulas: Mapping[str, Formula] | None = None
    _texts: dict[str, str] = field(default_factory=dict, repr=False)
    _loaded: dict[tuple[str, str], Callable[..., None]] = field(default_factory=dict, repr=False)

    @property
    def plan(self) -> None:
        """None: loops are written from the formulas themselves."""

    @property
    def source(self) -> str:
        """The C++ text, for float32."""
        return self.text(SHOWN)

    def text(self, dtype: str) -> str:
        """The C++ text for numbers of a dtype; of integers, what does not leave them."""
        if dtype not in self._texts:
            lines = (*self._forward.values(), *self._gradients.values())
            self._texts[dtype] = module([line.text for line in lines if line.exact or dtype != "int64"], dtype)
        return self._texts[dtype]

    # -- text ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _forward(self) -> dict[str, Line]:
        """The lines of the forward pass by target, in an order in which they can be computed."""
        return {f.target: self._line(f) for f in forward_formulas(self.op)}

    @cached_property
    def _gradients(self) -> dict[str, Line]:
        """The gradients by letter; what has none is left out."""
        found = {}
        for t in self.op.differentiable:
            with suppress(NotDerived):
                found[t.name] = self._line((self.formulas or {}).get(t.name) or gradient_formula(self.op, t))
        return found

    @cached_property
    def _reals(self) -> frozenset[str]:
        """The symbols that stand for real numbers."""
        return frozenset(p.name for p in self.op.parameters if p.real)

    @cached_property
    def _axes(self) -> dict[str, tuple[Binder, ...]]:
        """The axes of every tensor but the gradients."""
        own = {t.name: t.axes for t in self.op.tensors} | {cotangent(self.op): self.op.output.axes}
        return {f.target: f.axes for f in forward_formulas(self.op)} | own

    def _line(self, f: Formula) -> Line:
        symbols = sorted(self.op.symbols & {n for extent in self._extents(f) for n in extent.names()} | self._used(f))
        tensors = tuple(dict.fromkeys(r.tensor for r in reads(f.body)))
        words = identifiers([*symbols, *tensors, f.target])
        renamed = {s: index(words[s]) for s in symbols}
        integers = {t.name for t in self.op.tensors if t.integer}
        axes = self._axes | {f.target: f.axes}
        registers = {
            t: row_major(words[t], _extents(axes[t], renamed), "integer" if t in integers else "real")
            for t in (*tensors, f.target)
        }
        name = f"make_{words[f.target]}"
        return Line(
            f,
            name,
            self._function(f, name, registers, {words[s]: s in self._reals for s in symbols}, renamed),
            tensors,
            tuple(symbols),
            not any(leaves_integers(e) for e in walk(f.body)),
        )

    def _extents(self, f: Formula) -> Iterator[Index]:
        """The extents of the tensors of a formula: guards refer to them, and places in memory."""
        for b in f.axes:
            yield b.extent
        for r in reads(f.body):
            yield from (b.extent for b in self._axes[r.tensor])

    def _used(self, f: Formula) -> frozenset[str]:
        return all_names(f.body) & self.op.symbols

    def _function(
        self,
        f: Formula,
        name: str,
        registers: Mapping[str, Register],
        sizes: Mapping[str, bool],
        renamed: Mapping[str, Index],
    ) -> str:
        """The function under its formula; `sizes` says of a size whether it is a real number."""
        axes = tuple(Binder(b.name, b.extent.substitute(renamed)) for b in f.axes)
        target = Entry(f.target, tuple(index(b.name) for b in axes))
        nest = Nest(f.target, axes, (Output(target, substitute(f.body, renamed)),))
        body = write(nest, Schedule(tuple(b.name for b in axes)), registers)
        kinds = [("double" if real else "Int", word) for word, real in sizes.items()]
        heading = wrap(f"{show(target)} = {show(f.body)}", WIDTH, initial_indent="// ", subsequent_indent="//   ")
        return "\n".join([*heading, function(name, list(registers.values()), kinds, body)])

    # -- numbers -------------------------------------------------------------------------------------------------------

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output, and the lines that gradients read."""
        dtype = self._dtype(self._forward.values(), tensors, binding)
        made = self._made(self._forward, self._arrays(tensors, dtype), binding, dtype)
        read = {t for line in self._gradients.values() for t in line.tensors}
        return made[self.op.output.name], {t: made[t] for t in self._forward if t in read}

    def gradient(
        self, wrt: str, cotangent_values: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input."""
        line = self._gradients[wrt]
        # what is saved saves work, and changes no dtype
        dtype = self._dtype([line, *self._needed(line.tensors, ()).values()], tensors, binding)
        arrays = self._arrays({**tensors, cotangent(self.op): cotangent_values, **saved}, dtype)
        lines = {**self._needed(line.tensors, saved), line.formula.target: line}
        return self._made(lines, arrays, binding, dtype)[line.formula.target]

    def _needed(self, tensors: Iterable[str], saved: Container[str]) -> dict[str, Line]:
        """The lines of the forward pass that must be computed before some tensors can be read."""
        found: set[str] = set()
        waiting = list(tensors)
        while waiting:
            t = waiting.pop()
            if t in self._forward and t not in saved and t not in found:
                found.add(t)
                waiting += self._forward[t].tensors
        return {t: line for t, line in self._forward.items() if t in found}

    def _arrays(self, tensors: Mapping[str, Array], dtype: str) -> dict[str, Array]:
        """Tensors as a compiled function reads them: in row-major order, labels as integers."""
        integers = {t.name for t in self.op.inputs if t.integer}
        return {t: np.ascontiguousarray(x, np.int64 if t in integers else dtype) for t, x in tensors.items()}

    def _made(
        self, lines: Mapping[str, Line], arrays: Mapping[str, Array], binding: Binding, dtype: str
    ) -> dict[str, Array]:
        """The arrays of some lines, computed in their order, beside those that they read."""
        found = dict(arrays)
        for target, line in lines.items():
            found[target] = self._run(line, found, binding, dtype)
        return found

    def _dtype(self, lines: Iterable[Line], tensors: Mapping[str, Array], binding: Binding) -> str:
        """The dtype of the tensors; that of integers is float64 where a line leaves them."""
        own = next(str(x.dtype) for t, x in tensors.items() if not self.op.tensor(t).integer)
        used = {s for line in lines for s in line.sizes if s in self._reals}
        whole = all(line.exact for line in lines) and all(binding.names[s] == int(binding.names[s]) for s in used)
        return own if whole or own != "int64" else "float64"

    def _run(self, line: Line, arrays: Mapping[str, Array], binding: Binding, dtype: str) -> Array:
        sizes = tuple([binding.names[s] for s in line.sizes])
        shape = line.shapes.get(sizes)
        if shape is None:
            shape = line.shapes[sizes] = tuple(binding.extent(b.extent) for b in line.formula.axes)
        made = np.empty(shape, dtype)
        pointers = [arrays[t].ctypes.data for t in line.tensors]
        self._function_of(line, dtype)(*pointers, made.ctypes.data, *sizes)
        return made

    def _function_of(self, line: Line, dtype: str) -> Callable[..., None]:
        """A compiled function that takes addresses, then sizes. Raises: NoCompiler, OperationError."""
        found: Any = self._loaded.get((line.name, dtype))
        if found is None:
            found = getattr(library(self.text(dtype)), line.name)
            sizes = [ctypes.c_double if s in self._reals else ctypes.c_int64 for s in line.sizes]
            found.argtypes, found.restype = [ctypes.c_void_p] * (len(line.tensors) + 1) + sizes, None
            self._loaded[line.name, dtype] = found
        return found


def _extents(axes: Iterable[Binder], renamed: Mapping[str, Index]) -> tuple[Index, ...]:
    return tuple(b.extent.substitute(renamed) for b in axes)


class CppBackend(NumpyArrays):
    """Compiled kernels on numpy.ndarray."""

    def functions(self, op: Op) -> CppFunctions:
        """The kernels of an operation; nothing is compiled before it is called."""
        return _functions(op)

    def computing(self, op: Op, formulas: Mapping[str, Formula]) -> CppFunctions:
        """The kernels of other gradients than the derived ones, by letter."""
        return CppFunctions(op, formulas)


BACKEND = CppBackend()


@lru_cache(maxsize=256)
def _functions(op: Op) -> CppFunctions:
    return CppFunctions(op)
