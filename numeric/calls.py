"""A call's tensors on their way in and out: everything that their types, shapes and dtypes decide is decided once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.errors import OperationError
from derive.operation import Op, Tensor
from numeric.arguments import common_dtype, label_extent, refuse_labels, refuse_mixture, refuse_other
from numeric.backend import Array, Backend
from numeric.binding import Binding, Shape, Value, bind
from numeric.layouts import Layout, is_wide

Users = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Way:
    """How one tensor goes between a user and a kernel: whether its class axis moves, and its shape on either side."""

    tensor: Tensor
    wide: bool
    outer: Shape
    inner: Shape
    labels: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the kinds of a call's tensors decide."""

    op: Op
    arrays: Backend
    layout: Layout
    binding: Binding
    dtype: str
    ways: tuple[Way, ...]
    absent: tuple[Way, ...]
    output: Way

    def inward(self, users: Users) -> dict[str, Array]:
        """The kernel's tensors, by the law's letters. Raises: OperationError for a label out of range."""
        found = {}
        for way in self.ways:
            x = self._in(way, self.arrays.take(users[way.tensor.name]))
            if way.tensor.integer:
                x = self.arrays.labels(x)
                if way.labels is not None:
                    refuse_labels(self.op, way.tensor, self.arrays, x, way.labels)
            found[way.tensor.name] = x
        like = found[self.ways[0].tensor.name]
        for way in self.absent:
            found[way.tensor.name] = self.arrays.zeros(way.inner, like)
        return found

    def cotangent(self, dy: Array, like: Array) -> Array:
        """The kernel's cotangent. Raises: OperationError where it does not fit the output."""
        name = f"dE/d{self.output.tensor.name}"
        if isinstance(dy, int | float):
            dy = self.arrays.zeros((), like) + dy
        else:
            refuse_other(self.op, name, dy)
            dy = self.arrays.take(dy)
        if tuple(dy.shape) != self.output.outer:
            raise OperationError(
                f"{self.op.name}: {name}: got shape {tuple(dy.shape)}, expected {self.output.outer} as the output has;"
                " pass the cotangent of the output"
            )
        if self.arrays.dtype(dy) not in (self.dtype, "object"):
            raise OperationError(f"{self.op.name}: {name}: got {self.arrays.dtype(dy)}, expected {self.dtype} as the"
                                 " other tensors; convert it")  # fmt: skip
        return self._in(self.output, dy)

    def outward(self, y: Array, like: Array, letter: str = "") -> Array:
        """The user's gradient of an input, or the output."""
        way = next((w for w in self.ways if w.tensor.name == letter), self.output)
        y = self.layout.outward(self.arrays, y, way.outer, way.wide) if y.shape != way.outer else y
        return self.arrays.give(y.reshape(way.outer), like)

    def _in(self, way: Way, x: Array) -> Array:
        x = self.layout.inward(self.arrays, x, way.wide)
        return x if tuple(x.shape) == way.inner else x.reshape(way.inner)


def frame(op: Op, arrays: Backend, layout: Layout, users: Users, values: Mapping[str, Value]) -> Frame:
    """What the kinds of these tensors decide. Raises: OperationError where they do not fit together."""
    refuse_mixture(op, users)
    taken = {t: arrays.take(x) for t, x in users.items()}
    dtype = common_dtype(op, arrays, taken)
    wide = {t.name: is_wide(op, t) for t in op.tensors}
    for t, x in taken.items():
        layout.check(op.tensor(t), x, wide[t])
    inner = {t: layout.inward(arrays, x, wide[t]) for t, x in taken.items()}
    binding = bind(op, {t: tuple(x.shape) for t, x in inner.items()}, values)
    tensors = [(t, binding.inner_shape(t)) for t in op.inputs]
    ways = [
        Way(t, wide[t.name], tuple(taken[t.name].shape), shape, _labels(op, t, binding))
        for t, shape in tensors
        if t.name in taken
    ]
    absent = [Way(t, False, shape, shape) for t, shape in tensors if t.name not in taken]
    output = op.output
    first = op.inputs[0]
    outer = layout.output_shape(tuple(taken[first.name].shape), binding.shape(output), wide[output.name])
    way = Way(output, wide[output.name], outer, binding.inner_shape(output))
    return Frame(op, arrays, layout, binding, dtype, tuple(ways), tuple(absent), way)


def _labels(op: Op, t: Tensor, binding: Binding) -> int | None:
    extent = label_extent(op, t) if t.integer else None
    return None if extent is None else binding.extent(extent)
