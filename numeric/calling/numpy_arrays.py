"""NumPy's arrays as kernels handle them before and after the work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from derive.errors import OperationError
from derive.lazy import LazyModule
from numeric.backend import Array
from numeric.calling.binding import Shape

if TYPE_CHECKING:
    import numpy as np
else:
    np = LazyModule("numpy")  # a kernel is printed without it


def is_torch(x: object) -> bool:
    """Whether x is a torch tensor; asking does not load torch."""
    return type(x).__module__.partition(".")[0] == "torch"


class NumpyArrays:
    """numpy.ndarray, float32, float64 or int64."""

    dtypes: tuple[str, ...] = ("float32", "float64", "int64")

    def owns(self, x: object) -> bool:
        return isinstance(x, np.ndarray | np.generic)

    def place(self, x: np.ndarray, device: str) -> Array:
        if device != "cpu":
            raise OperationError(f"device: got {device!r}, expected 'cpu' for NumPy's arrays; use the backend torch")
        return x

    def take(self, x: Array) -> Array:
        return import_module("numeric.to_torch").to_numpy(x) if is_torch(x) else np.asarray(x)

    def give(self, y: Array, like: Array) -> Array:
        return import_module("numeric.to_torch").from_numpy(y, like) if is_torch(like) else y

    def dtype(self, x: Array) -> str:
        return str(x.dtype)

    def zeros(self, shape: Shape, like: Array) -> Array:
        return np.zeros(shape, like.dtype)

    def permuted(self, x: Array, order: Shape) -> Array:
        return x.transpose(order)

    def labels(self, x: Array) -> Array:
        return x.astype(np.int64)

    def extremes(self, x: Array) -> tuple[int, int]:
        return int(x.min()), int(x.max())
