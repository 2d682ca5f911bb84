"""The backend of Triton: formulas written as loops, printed as GPU kernels, run on torch's tensors.

Where the environment says TRITON_INTERPRET=1, the same kernels run on a CPU, slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
import torch
import triton
import triton.language as tl
from triton.runtime.interpreter import InterpretedFunction, TensorHandle

from derive.errors import OperationError
from derive.operation import Op
from numeric.backend import Array, Formula
from numeric.calling.binding import Binding
from numeric.calling.formula_functions import FormulaFunctions
from numeric.printing.loader import namespace
from numeric.printing.triton_lines import Line, lines
from numeric.printing.triton_module import FUNCTIONS, module
from numeric.to_torch import TorchBackend

REALS = {"float32": tl.float32, "float64": tl.float64, "int64": tl.int64}
BLOCK, INTERPRETED_BLOCK = 128, 1024
"""How many entries a program computes; the interpreter's time goes by programs."""

FAR = 1 << 30
"""An array with more entries is indexed by 64-bit integers."""


@dataclass(eq=False)
class TritonFunctions(FormulaFunctions[Line]):
    """One operation's kernels on tensors of one device."""

    _functions: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """The Triton text; it serves all dtypes."""
        return self.text(device=True)

    def text(self, device: bool) -> str:
        """The Triton text for a device, or for the interpreter."""
        return module((line.text for line in self.all_lines.values()), device)

    def lines(self, formulas: Iterable[Formula]) -> Iterator[Line]:
        return lines(self.op, formulas)

    def dtype(self, x: Array) -> str:
        return BACKEND.dtype(x)

    def contiguous(self, x: Array, dtype: str) -> Array:
        return x.to(getattr(torch, dtype)).contiguous()

    def run(self, line: Line, arrays: Mapping[str, Array], like: Array, binding: Binding, dtype: str) -> Array:
        shape = tuple(binding.extent(b.extent) for b in line.formula.axes)
        made = torch.empty(shape, dtype=getattr(torch, dtype), device=like.device)
        if not made.numel():
            return made
        read = [arrays[t] for t in line.tensors]
        settings = torch.tensor([float(binding.names[s]) for s in line.reals], dtype=torch.float64, device=like.device)
        sizes = [int(binding.names[s]) for s in line.sizes]
        block = INTERPRETED_BLOCK if interpreted() else BLOCK
        far = any(x.numel() > FAR for x in (made, *read))
        kernel: Any = self._function_of(line)
        with np.errstate(all="ignore"):  # lanes under a mask may compute anything
            kernel[(triton.cdiv(prod(shape), block),)](
                *read, made, settings, *sizes, made.numel(),
                BLOCK=block, INT=tl.int64 if far else tl.int32, REAL=REALS[dtype], LOWEST=_lowest(made.dtype),
                enable_fp_fusion=True,  # a fused multiply-add rounds once
            )  # fmt: skip
        return made

    def _function_of(self, line: Line) -> Any:
        if not self._functions:
            names = namespace(self.text(not interpreted()))
            if interpreted():
                names.update({name: _of_numpy(getattr(np, name)) for name in FUNCTIONS}, pow=_of_numpy(np.power))
            self._functions = {made.name: names[made.name] for made in self.all_lines.values()}
        return self._functions[line.name]


@triton.jit
def _nothing() -> None:
    """Says whether functions are interpreted."""


def interpreted() -> bool:
    """Whether kernels run in Triton's interpreter, on a CPU."""
    return isinstance(_nothing, InterpretedFunction)


def reduces() -> bool:
    """Whether the interpreter knows maxima over lanes: not where Triton was loaded before it was asked for."""
    return isinstance(tl.max, InterpretedFunction)


def _of_numpy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy on the interpreter's values."""

    def of(*values: Any) -> Any:
        like = max(values, key=lambda x: x.handle.data.size)
        return tl.tensor(TensorHandle(function(*(x.handle.data for x in values)), like.handle.dtype), like.type)

    return of


def _lowest(dtype: Any) -> float | int:
    """The value that no maximum takes."""
    return -float("inf") if dtype.is_floating_point else torch.iinfo(dtype).min


class TritonBackend(TorchBackend):
    """Generated GPU kernels on torch.Tensor."""

    def take(self, x: Array) -> Array:
        """An array as a tensor that kernels can reach: NumPy's are copied to the GPU. Raises: OperationError."""
        found = super().take(x)
        if interpreted() or found.is_cuda:
            return found
        if not torch.cuda.is_available():
            text = (
                "backend triton: got no GPU, expected one; set TRITON_INTERPRET=1 to run its kernels on the CPU, slowly"
            )
            raise OperationError(text)
        if isinstance(x, torch.Tensor):
            text = "backend triton: got a tensor on the CPU, expected it on the GPU; move it with .cuda()"
            raise OperationError(text)
        return found.cuda()

    def functions(self, op: Op) -> TritonFunctions:  # type: ignore[override]
        """The kernels of an operation; nothing is compiled before it is called."""
        return _functions(op)

    def computing(self, op: Op, formulas: Mapping[str, Formula]) -> TritonFunctions:
        """The kernels of other gradients than the derived ones, by letter."""
        return TritonFunctions(op, formulas)


BACKEND = TritonBackend()


@lru_cache(maxsize=256)
def _functions(op: Op) -> TritonFunctions:
    return TritonFunctions(op)
