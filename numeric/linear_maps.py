"""The matrix of a linear law in numbers: what an operation is to linear algebra, read off its law."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from derive.errors import OperationError
from derive.linear_map import LinearMap, linear_map
from derive.meaning.denote import World
from derive.meaning.exact import Number
from derive.meaning.integers import Array
from derive.networks.instance import Instance
from derive.operation import Op
from numeric.calling.binding import Shape, bind, defaults


def matrix(op: Op, wrt: str, /, **tensors: NDArray | Shape) -> NDArray:
    """M with `output.ravel() = M @ input.ravel() + what does not read the input`, for one input of a linear law.

    Inputs are passed by name as arrays; the one of `wrt` may be just its shape. `M.T @ dy.ravel()` is its gradient:
    the transpose of a correlation's (Toeplitz) matrix is the transposed convolution. Whole numbers stay whole.
    Raises: OperationError where the law is not linear in the tensor, or the tensors do not fit.
    """
    given = {op.tensor(name).name: x for name, x in tensors.items()}
    name = op.tensor(wrt).name
    shapes = {t: x if isinstance(x, tuple) else np.shape(x) for t, x in given.items()}
    for t in op.inputs:
        if t.name not in given and not t.optional:
            raise OperationError(f"{op.name}: got no {t.argument}, expected an array or, for {wrt}, a shape; pass it")
    names = {n: int(v) for n, v in bind(op, shapes, defaults(op, {})).names.items()}
    absent = frozenset(t.name for t in op.inputs if t.name not in given)
    found = linear_map(Instance(op, names, absent), name)
    return _in_numbers(found, {t: np.asarray(x) for t, x in given.items() if t != name})


def _in_numbers(m: LinearMap, arrays: Mapping[str, NDArray]) -> NDArray:
    """Every entry worked out once for each formula that it is."""
    flat = {t: Array(m.at.shape(t), tuple(x.reshape(-1).tolist())) for t, x in arrays.items()}
    world = World(m.at.names, flat)
    values: dict[object, int | float] = {e: _plain(world.value(e, {})) for e in dict.fromkeys(m.cells.values())}
    whole = all(isinstance(v, int) for v in values.values())
    found = np.zeros((len(m.rows), len(m.columns)), np.int64 if whole else np.float64)
    row, column = ({place: k for k, place in enumerate(places)} for places in (m.rows, m.columns))
    for (a, b), e in m.cells.items():
        found[row[a], column[b]] = values[e]
    return found


def _plain(x: Number) -> int | float:
    if isinstance(x, int):
        return x
    assert isinstance(x, Fraction | float)
    return float(x)
