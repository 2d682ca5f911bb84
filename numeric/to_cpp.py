"""The backend of C++: loop nests printed as C++, compiled at first use, run on NumPy's arrays."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from derive.errors import NotDerived
from derive.expressions.expr import Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads, own_indices, walk
from derive.operation import Op
from numeric.backend import Array, Formula, Saved, cotangent, forward_formulas, gradient_formula
from numeric.calling.binding import Binding
from numeric.calling.numpy_arrays import NumpyArrays
from numeric.native.compiler import library
from numeric.native.prelude import PRELUDE
from numeric.printing import cpp_text
from numeric.nests.nest import Nest, Output, Schedule, write
from numeric.nests.registers import Register, row_major
from numeric.printing.instruction_text import _leaves_integers

TYPES = {"float32": "float", "float64": "double", "int64": "std::int64_t"}


def names_in(f: Formula) -> set[str]:
    found = set()
    for b in f.axes: found |= b.extent.names()
    for e in walk(f.body):
        for i in own_indices(e): found |= i.names()
        for b in getattr(e, "binders", ()): found |= b.extent.names()
    return found


def tensors_in(f: Formula) -> list[str]:
    return list(dict.fromkeys(r.tensor for r in reads(f.body)))


@dataclass(eq=False)
class CppFunctions:
    op: Op
    formulas: Mapping[str, Formula] | None = None
    plan = None

    def __post_init__(self):
        self.forwards = list(forward_formulas(self.op))
        self.grads = {}
        for t in self.op.differentiable:
            with suppress(NotDerived):
                self.grads[t.name] = (self.formulas or {}).get(t.name) or gradient_formula(self.op, t)
        self.cname = {}
        extents = {t.name: (tuple(b.extent for b in t.axes), t.integer) for t in self.op.tensors}
        for f in self.forwards: extents.setdefault(f.target, (tuple(b.extent for b in f.axes), False))
        extents[cotangent(self.op)] = (tuple(b.extent for b in self.op.output.axes), False)
        for f in self.grads.values(): extents[f.target] = (tuple(b.extent for b in f.axes), False)
        self.extents = extents
        self.registers = {n: row_major(self.ident(n), e, "integer" if i else "real") for n, (e, i) in extents.items()}
        self.symbols = sorted(self.op.symbols)
        self.reals = {p.name for p in self.op.parameters if p.real}

    def ident(self, name):
        return "t_" + re.sub(r"\W", "_", name)

    @property
    def source(self):
        return self.text("float32")

    @lru_cache
    def text(self, dtype):
        head = PRELUDE + f"using Real = {TYPES[dtype]};\nconst Real LOWEST = lowest<Real>();\ntemplate <class X> inline Real number(X x) {{ return Real(x); }}\n" + 'extern "C" {\n'
        return head + "\n".join(self.function(f) for f in [*self.forwards, *self.grads.values()]) + "}\n"

    def args(self, f):
        return [t for t in tensors_in(f)]

    def function(self, f):
        n = Nest(f.target, f.axes, (Output(Entry(f.target, tuple(index(b.name) for b in f.axes)), f.body),))
        body = "\n".join(cpp_text.lines(write(n, Schedule(tuple(b.name for b in f.axes)), self.registers)))
        tensors = [f"const {'Int' if self.registers[t].kind == 'integer' else 'Real'}* __restrict {self.registers[t].name}" for t in self.args(f)]
        tensors.append(f"Real* __restrict {self.registers[f.target].name}")
        sizes = [f"{'double' if s in self.reals else 'Int'} {s}" for s in self.symbols]
        return f"void {self.ident(f.target)}_nest({', '.join(tensors + sizes)}) {{\n{body}\n}}\n"

    def run(self, f, arrays, binding, dtype):
        lib = library(self.text(dtype))
        shape = tuple(binding.extent(b.extent) for b in f.axes)
        out = np.empty(shape, dtype)
        fn = getattr(lib, self.ident(f.target) + "_nest")
        args = [ctypes.c_void_p(arrays[t].ctypes.data) for t in self.args(f)] + [ctypes.c_void_p(out.ctypes.data)]
        args += [ctypes.c_double(float(binding.names[s])) if s in self.reals else ctypes.c_int64(int(binding.names[s])) for s in self.symbols]
        fn(*args)
        return out

    def prepared(self, tensors, formulas):
        integer = {t.name for t in self.op.inputs if t.integer}
        dtype = next(str(x.dtype) for n, x in tensors.items() if n not in integer)
        if dtype == "int64" and any(_leaves_integers(n) for f in formulas for n in walk(f.body)): dtype = "float64"
        return dtype, {n: np.ascontiguousarray(x, np.int64 if n in integer else dtype) for n, x in tensors.items()}

    def forward(self, tensors, binding):
        dtype, arrays = self.prepared(tensors, self.forwards)
        made = {}
        for f in self.forwards:
            made[f.target] = arrays[f.target] = self.run(f, arrays, binding, dtype)
        return made[self.op.output.name], made

    def gradient(self, wrt, cotangent_, tensors, binding, saved):
        f = self.grads[wrt]
        wanted = [t for t in tensors_in(f) if t in {g.target for g in self.forwards}]
        fs = [f] + (self.forwards if wanted else [])
        dtype, arrays = self.prepared({**tensors, cotangent(self.op): np.asarray(cotangent_)}, fs)
        if wanted:
            for g in self.forwards: arrays[g.target] = self.run(g, arrays, binding, dtype)
        return self.run(f, arrays, binding, dtype)


class CppBackend(NumpyArrays):
    def functions(self, op): return _functions(op)
    def computing(self, op, formulas): return CppFunctions(op, formulas)
BACKEND = CppBackend()
@lru_cache(maxsize=256)
def _functions(op): return CppFunctions(op)
