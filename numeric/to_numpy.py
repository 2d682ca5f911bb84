"""The backend of NumPy: plans printed as readable NumPy, products of matrices for BLAS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from derive.operation import Op
from numeric.backend import Array, Formula
from numeric.calling.numpy_arrays import NumpyArrays
from numeric.printing.printed import PrintedFunctions
from numeric.printing.python_text import ATOM, Text

_PAD = '''
def pad(x, *sizes, fill=lambda dtype: 0):
    """x with (before, after) cells of a value around each axis; x itself where there are none."""
    if not any(before or after for before, after in sizes):
        return x
    y = np.full([b + n + a for n, (b, a) in zip(x.shape, sizes)], fill(x.dtype), x.dtype)
    y[tuple(slice(b, b + n) for n, (b, _) in zip(x.shape, sizes))] = x
    return y
'''
_LOWEST = '''
def lowest(dtype):
    """The value that no maximum takes."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
'''


class NumpyDialect:
    """What a printed line says in NumPy."""

    imports = "import numpy as np\nfrom numpy.lib.stride_tricks import as_strided"
    decorator = '@np.errstate(all="ignore")'
    helpers: tuple[tuple[str, str], ...] = (("pad", _PAD.strip()), ("lowest", _LOWEST.strip()))
    reserved = frozenset({"np", "as_strided", "pad", "lowest", "dtype"})
    functions = {  # noqa: RUF012 -- a table, never changed
        "exp": "np.exp({})",
        "log": "np.log({})",
        "tanh": "np.tanh({})",
        "sqrt": "np.sqrt({})",
        "sin": "np.sin({})",
        "cos": "np.cos({})",
        "sigmoid": "(1/(1 + np.exp(-({}))))",
    }

    def permuted(self, x: str, order: tuple[int, ...]) -> str:
        return f"{x}.transpose({', '.join(map(str, order))})"

    def transposed(self, x: str, rank: int) -> str:
        return f"{x}.T" if rank == 2 else f"{x}.swapaxes(-1, -2)"

    def contiguous(self, x: str) -> str:
        return f'np.asarray({x}, order="C")'

    def strides(self, x: str) -> str:
        return f"{x}.strides"

    def strided(self, x: str, shape: str, strides: str) -> str:
        return f"as_strided({x}, {shape}, {strides})"

    def flipped(self, x: str, axes: tuple[int, ...]) -> str:
        return f"np.flip({x}, {axes})"

    def arange(self, n: str, device: str) -> str:
        return f"np.arange({n})"

    def zeros(self, shape: str, like: str) -> str:
        return f"np.zeros({shape}, {like}.dtype)"

    def truths(self, shape: str, like: str, value: bool | None) -> str:
        word = {None: "empty", True: "ones", False: "zeros"}[value]
        return f"np.{word}({shape}, bool)"

    def cast(self, x: str) -> str:
        return f"{x}.astype(dtype)"

    def typed(self, number: str) -> str:
        return f"dtype.type({number})"

    def of_number(self, function: str, number: str) -> str:
        return f"float({function.format(number)})"

    def where(self, condition: str, then: str, other: str) -> str:
        return f"np.where({condition}, {then}, {other})"

    def clamped(self, x: str, extent: str) -> str:
        return f"np.clip({x}, 0, {extent} - 1)"

    def extreme(self, word: str, a: Text, b: Text) -> Text:
        if a.kind == b.kind == "number":
            return Text(f"{word}({a.text}, {b.text})", ATOM, "number")
        return Text(f"np.{word}imum({a.text}, {b.text})", ATOM, "array")

    def total(self, x: str, axes: tuple[int, ...]) -> str:
        return f"{x}.sum(axis={_one(axes)})"

    def largest(self, x: str, axes: tuple[int, ...]) -> str:
        return f"{x}.max(axis={_one(axes)})"

    def running_count(self, x: str, axis: int) -> str:
        return f"{x}.cumsum(axis={axis})"

    def merge_largest(self, target: str, x: str) -> str:
        return f"np.maximum({target}, {x}, out={target})"

    def lowest_like(self, shape: str, like: str) -> str:
        return f"np.full({shape}, lowest({like}.dtype), {like}.dtype)"

    def filled(self, shape: str, value: str, like: str) -> str:
        return f"np.zeros({shape}, {like}.dtype) + ({value})"

    def copied(self, x: str) -> str:
        return f'np.array({x}, order="C")'


def _one(axes: tuple[int, ...]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


class NumpyBackend(NumpyArrays):
    """Printed kernels on numpy.ndarray."""

    def floats(self, x: Array) -> Array:
        """Integers as float64."""
        return x.astype("float64")

    def functions(self, op: Op) -> PrintedFunctions:
        """The printed kernels of an operation."""
        return _functions(op)

    def computing(self, op: Op, formulas: Mapping[str, Formula]) -> PrintedFunctions:
        """The printed kernels of other gradients than the derived ones, by letter."""
        return PrintedFunctions(op, NumpyDialect(), self.floats, stacked=False, formulas=formulas)


BACKEND = NumpyBackend()


@lru_cache(maxsize=256)
def _functions(op: Op) -> PrintedFunctions:
    return PrintedFunctions(op, NumpyDialect(), BACKEND.floats, stacked=False)
