"""The backend of C++: formulas written as loops, printed as C++ and compiled at first use, run on NumPy's arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from derive.lazy import LazyModule
from derive.operation import Op
from numeric.backend import Array, Formula
from numeric.calling.binding import Binding, Shape
from numeric.calling.formula_functions import FormulaFunctions
from numeric.calling.numpy_arrays import NumpyArrays
from numeric.native.library import library
from numeric.native.machine import machine
from numeric.nests.cost import Machine
from numeric.nests.nest import Nest, Schedule
from numeric.nests.registers import Register
from numeric.networks.compiled.choices import chosen
from numeric.printing.cpp_lines import Line, lines, sized, turns
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
class CppFunctions(FormulaFunctions[Line]):
    """One operation's kernels on arrays of NumPy; what does much work is compiled for its very sizes."""

    _texts: dict[str, str] = field(default_factory=dict, repr=False)
    _calls: dict[tuple[str, str, Sizes], Call] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """The C++ text, for float32."""
        return self.text(SHOWN)

    def text(self, dtype: str) -> str:
        """The C++ text for numbers of a dtype; of integers, what does not leave them."""
        if dtype not in self._texts:
            written = [line.text for line in self.all_lines.values() if line.exact or dtype != "int64"]
            self._texts[dtype] = module(written, dtype)
        return self._texts[dtype]

    def lines(self, formulas: Iterable[Formula]) -> Iterator[Line]:
        return lines(self.op, formulas)

    def dtype(self, x: Array) -> str:
        return BACKEND.dtype(x)

    def contiguous(self, x: Array, dtype: str) -> Array:
        return np.ascontiguousarray(x, dtype)

    def run(self, line: Line, arrays: Mapping[str, Array], like: Array, binding: Binding, dtype: str) -> Array:
        sizes = tuple([float(binding.names[s]) if s in line.reals else int(binding.names[s]) for s in line.sizes])
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
            known = {s: n for s, n in known.items() if s in line.reals}
        function: Any = getattr(library(text), line.name)
        kinds = [ctypes.c_double if s in line.reals else ctypes.c_int64 for s in known]
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
