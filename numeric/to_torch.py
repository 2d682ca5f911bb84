"""The backend of torch: plans printed as readable torch, without autograd, on the device of their inputs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch

from derive.errors import OperationError
from derive.operation import Op
from numeric.backend import Array
from numeric.calling.binding import Shape
from numeric.printing.printed import PrintedFunctions
from numeric.printing.python_text import ATOM, Text

_PAD = '''
def pad(x, *sizes, fill=lambda dtype: 0):
    """x with (before, after) cells of a value around each axis; x itself where there are none."""
    if not any(before or after for before, after in sizes):
        return x
    last_axis_first = [cells for pair in reversed(sizes) for cells in pair]
    return torch.nn.functional.pad(x, last_axis_first, value=fill(x.dtype))
'''
_LOWEST = '''
def lowest(dtype):
    """The value that no maximum takes."""
    return -torch.inf if dtype.is_floating_point else torch.iinfo(dtype).min
'''


class TorchDialect:
    """What a printed line says in torch."""

    imports = "import torch"
    decorator = "@torch.no_grad()"
    helpers: tuple[tuple[str, str], ...] = (("pad", _PAD.strip()), ("lowest", _LOWEST.strip()))
    reserved = frozenset({"torch", "pad", "lowest", "dtype"})
    functions = {  # noqa: RUF012 -- a table, never changed
        "exp": "torch.exp({})",
        "log": "torch.log({})",
        "tanh": "torch.tanh({})",
        "sqrt": "torch.sqrt({})",
        "sin": "torch.sin({})",
        "cos": "torch.cos({})",
        "sigmoid": "torch.sigmoid({})",
    }

    def permuted(self, x: str, order: tuple[int, ...]) -> str:
        return f"{x}.permute({', '.join(map(str, order))})"

    def transposed(self, x: str, rank: int) -> str:
        return f"{x}.T" if rank == 2 else f"{x}.transpose(-1, -2)"

    def contiguous(self, x: str) -> str:
        return f"{x}.contiguous()"

    def strides(self, x: str) -> str:
        return f"{x}.stride()"

    def strided(self, x: str, shape: str, strides: str) -> str:
        return f"{x}.as_strided({shape}, {strides})"

    def flipped(self, x: str, axes: tuple[int, ...]) -> str:
        return f"{x}.flip({', '.join(map(str, axes))})"

    def arange(self, n: str, device: str) -> str:
        return f"torch.arange({n}, device={device})"

    def zeros(self, shape: str, like: str) -> str:
        return f"{like}.new_zeros({shape})"

    def truths(self, shape: str, like: str, value: bool | None) -> str:
        word = {None: "empty", True: "ones", False: "zeros"}[value]
        return f"{like}.new_{word}({shape}, dtype=torch.bool)"

    def cast(self, x: str) -> str:
        return f"{x}.to(dtype)"

    def typed(self, number: str) -> str:
        return f"torch.tensor({number}, dtype=dtype)"

    def of_number(self, function: str, number: str) -> str:
        return f"{function.format(f'torch.tensor({number}, dtype=torch.float64)')}.item()"

    def where(self, condition: str, then: str, other: str) -> str:
        return f"torch.where({condition}, {then}, {other})"

    def clamped(self, x: str, extent: str) -> str:
        return f"torch.clamp({x}, 0, {extent} - 1)"

    def extreme(self, word: str, a: Text, b: Text) -> Text:
        if a.kind == b.kind == "number":
            return Text(f"{word}({a.text}, {b.text})", ATOM, "number")
        if a.kind == "number":
            a, b = b, a
        if b.kind == "number":
            return Text(f"{a.within(ATOM)}.clamp({'min' if word == 'max' else 'max'}={b.text})", ATOM, "array")
        return Text(f"torch.{word}imum({a.text}, {b.text})", ATOM, "array")

    def total(self, x: str, axes: tuple[int, ...]) -> str:
        return f"{x}.sum({_one(axes)})"

    def largest(self, x: str, axes: tuple[int, ...]) -> str:
        return f"{x}.amax({_one(axes)})"

    def running_count(self, x: str, axis: int) -> str:
        return f"{x}.cumsum({axis})"

    def merge_largest(self, target: str, x: str) -> str:
        return f"torch.maximum({target}, {x}, out={target})"

    def lowest_like(self, shape: str, like: str) -> str:
        return f"{like}.new_full({shape}, lowest({like}.dtype))"

    def filled(self, shape: str, value: str, like: str) -> str:
        return f"{like}.new_zeros({shape}) + ({value})"

    def copied(self, x: str) -> str:
        return f"{x}.clone(memory_format=torch.contiguous_format)"


def _one(axes: tuple[int, ...]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


class TorchBackend:
    """Printed kernels on torch.Tensor."""

    dtypes = ("float32", "float64", "int64")

    def owns(self, x: object) -> bool:
        return isinstance(x, torch.Tensor)

    def place(self, x: np.ndarray, device: str) -> Array:
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise OperationError(f"device: got {device!r}, expected 'cpu': no CUDA device is found; use --device cpu")
        return torch.from_numpy(np.ascontiguousarray(x)).to(device)

    def take(self, x: Array) -> Array:
        return x.detach() if isinstance(x, torch.Tensor) else torch.from_numpy(np.array(x))

    def give(self, y: Array, like: Array) -> Array:
        return y if isinstance(like, torch.Tensor) else to_numpy(y)

    def dtype(self, x: Array) -> str:
        return str(x.dtype).removeprefix("torch.")

    def zeros(self, shape: Shape, like: Array) -> Array:
        return like.new_zeros(shape)

    def permuted(self, x: Array, order: Shape) -> Array:
        return x.permute(order)

    def labels(self, x: Array) -> Array:
        return x.long()

    def extremes(self, x: Array) -> tuple[int, int]:
        low, high = torch.aminmax(x)
        return int(low), int(high)

    def floats(self, x: Array) -> Array:
        """Integers as float64."""
        return x.double()

    def multiplies(self, x: Array) -> bool:
        """Whether matrices of integers can be multiplied where x is: CUDA has no such product."""
        return not x.is_cuda

    def functions(self, op: Op) -> PrintedFunctions:
        """The printed kernels of an operation; matrices stacked along the batch suit torch's batched products."""
        return _functions(op)


def to_numpy(x: Any) -> np.ndarray:
    """The values of a tensor, without its history or device."""
    return np.asarray(x.detach().cpu().numpy())


def from_numpy(y: np.ndarray, like: Any) -> Any:
    """An array as a tensor on the device of `like`."""
    return torch.from_numpy(np.asarray(y, order="C")).to(like.device)


BACKEND = TorchBackend()


@lru_cache(maxsize=256)
def _functions(op: Op) -> PrintedFunctions:
    return PrintedFunctions(op, TorchDialect(), BACKEND.floats, stacked=True, multiplies=BACKEND.multiplies)
