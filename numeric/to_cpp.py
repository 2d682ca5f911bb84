"""The backend of C++: formulas written as loops, printed as C++ and compiled at first use, run on NumPy's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from derive.errors import NotDerived
from derive.lazy import LazyModule
from derive.operation import Op
from numeric.backend import Array, Formula, Saved, cotangent, forward_formulas, gradient_formula
from numeric.calling.binding import Binding, Shape
from numeric.calling.numpy_arrays import NumpyArrays
from numeric.native.library import library
from numeric.native.machine import machine
from numeric.nests.cost import Machine
from numeric.nests.nest import Nest, Schedule
from numeric.nests.registers import Register
from numeric.networks.compiled.choices import chosen
from numeric.printing.cpp_lines import Line, lines, reals, sized, turns
from numeric.printing.cpp_module import module

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")  # a kernel is printed without it

SHOWN = "float32"
"""The dtype of the text that is shown."""


LARGE = 1 << 20
"""How many turns of loops are worth a function for the very sizes: that takes a second to make, and is then faster."""

Sizes = tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A compiled function: it takes addresses, then the sizes that are left to it; and the shape that it makes."""

    function: Callable[..., None]
    left: Sizes
    shape: Shape


@dataclass(eq=False)
class CppFunctions:
    """One operation's kernels; sizes are arguments, so that one text serves all shapes and settings.

    `formulas` are gradients by letter to be computed in place of the derived ones.
    """

    op: Op
    formulas: Mapping[str, Formula] | None = None
    _texts: dict[str, str] = field(default_factory=dict, repr=False)
    _calls: dict[tuple[str, str, Sizes], Call] = field(default_factory=dict, repr=False)

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
            written = [line.text for line in self._lines.values() if line.exact or dtype != "int64"]
            self._texts[dtype] = module(written, dtype)
        return self._texts[dtype]

    @cached_property
    def _forward(self) -> dict[str, Line]:
        """The lines of the forward pass by target, in an order in which they can be computed."""
        return {f.target: self._lines[f.target] for f in forward_formulas(self.op)}

    @cached_property
    def _gradients(self) -> dict[str, Line]:
        """The gradients by letter; what has none is left out."""
        return {letter: self._lines[f.target] for letter, f in self._derived.items()}

    @cached_property
    def _lines(self) -> dict[str, Line]:
        formulas = (*forward_formulas(self.op), *self._derived.values())
        return {line.formula.target: line for line in lines(self.op, formulas)}

    @cached_property
    def _derived(self) -> dict[str, Formula]:
        """The formulas of the gradients by letter."""
        found = {}
        for t in self.op.differentiable:
            with suppress(NotDerived):
                found[t.name] = (self.formulas or {}).get(t.name) or gradient_formula(self.op, t)
        return found

    @cached_property
    def _reals(self) -> frozenset[str]:
        return reals(self.op)

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output, and the lines that gradients read."""
        dtype = self._dtype(self._forward.values(), tensors, binding)
        made = self._made(self._forward, tensors, binding, dtype)
        read = {t for line in self._gradients.values() for t in line.tensors}
        return made[self.op.output.name], {t: made[t] for t in self._forward if t in read}

    def gradient(
        self, wrt: str, cotangent_values: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input."""
        line = self._gradients[wrt]
        # what is saved saves work, and changes no dtype
        dtype = self._dtype([line, *self._needed(line.tensors, ()).values()], tensors, binding)
        given = {**tensors, cotangent(self.op): cotangent_values, **saved}
        wanted = {**self._needed(line.tensors, saved), line.formula.target: line}
        return self._made(wanted, given, binding, dtype)[line.formula.target]

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

    def _made(
        self, wanted: Mapping[str, Line], given: Mapping[str, Array], binding: Binding, dtype: str
    ) -> dict[str, Array]:
        """The arrays of some lines, computed in their order, beside those that they read, in row-major order."""
        integers = {t.name for t in self.op.inputs if t.integer}
        read = {t for line in wanted.values() for t in line.tensors} & given.keys()
        found = {t: np.ascontiguousarray(given[t], np.int64 if t in integers else dtype) for t in read}
        for target, line in wanted.items():
            found[target] = self._run(line, found, binding, dtype)
        return found

    def _dtype(self, wanted: Iterable[Line], tensors: Mapping[str, Array], binding: Binding) -> str:
        """The dtype of the tensors; that of integers is float64 where a line leaves them."""
        own = next(str(x.dtype) for t, x in tensors.items() if not self.op.tensor(t).integer)
        used = {s for line in wanted for s in line.sizes if s in self._reals}
        whole = all(line.exact for line in wanted) and all(binding.names[s] == int(binding.names[s]) for s in used)
        return own if whole or own != "int64" else "float64"

    def _run(self, line: Line, arrays: Mapping[str, Array], binding: Binding, dtype: str) -> Array:
        sizes = tuple([float(binding.names[s]) if s in self._reals else int(binding.names[s]) for s in line.sizes])
        call = self._calls.get((line.name, dtype, sizes))
        if call is None:
            call = self._calls[line.name, dtype, sizes] = self._call(line, binding, dtype, sizes)
        made = np.empty(call.shape, dtype)
        call.function(*[arrays[t].ctypes.data for t in line.tensors], made.ctypes.data, *call.left)
        return made

    def _call(self, line: Line, binding: Binding, dtype: str, sizes: Sizes) -> Call:
        """The function that all sizes share, or, for much work, one of its own. Raises: NoCompiler, OperationError."""
        known = dict(zip(line.sizes, sizes, strict=True))
        text = self.text(dtype)
        if turns(line.formula, binding.names) >= LARGE:
            text = module([sized(line, {s: int(n) for s, n in known.items()}, _scheduled)], dtype)
            known = {s: n for s, n in known.items() if s in self._reals}
        function: Any = getattr(library(text), line.name)
        kinds = [ctypes.c_double if s in self._reals else ctypes.c_int64 for s in known]
        function.argtypes, function.restype = [ctypes.c_void_p] * (len(line.tensors) + 1) + kinds, None
        shape = tuple(binding.extent(b.extent) for b in line.formula.axes)
        return Call(function, tuple(known.values()), shape)


def _scheduled(nest: Nest, registers: Mapping[str, Register]) -> Schedule:
    """The best schedule of single entries: of the registers, half are for what is multiplied."""
    own = machine()
    return chosen(nest, registers, Machine(own.bytes, own.accumulators // 2))


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
