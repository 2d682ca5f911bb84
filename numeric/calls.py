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
    """How one tensor goes between a user and a kernel: whether its class axis moves, and its shape on either side.

    A plain way leaves a tensor as it is.
    """

    tensor: Tensor
    wide: bool
    outer: Shape
    inner: Shape
    plain: bool
    labels: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the kinds of a call's tensors decide; `native` says that they are the backend's own arrays."""

    op: Op
    arrays: Backend
    layout: Layout
    binding: Binding
    dtype: str
    native: bool
    ways: Mapping[str, Way]
    absent: tuple[Way, ...]
    output: Way

    @property
    def like(self) -> str:
        """The letter of a tensor whose dtype and device all others share."""
        return self.op.differentiable[0].name

    def inward(self, users: Users) -> dict[str, Array]:
        """The kernel's tensors, by the law's letters. Raises: OperationError for a label out of range."""
        found = {t: self._in(self.ways[t], x) for t, x in users.items()}
        for way in self.absent:
            found[way.tensor.name] = self.arrays.zeros(way.inner, found[self.like])
        return found

    def cotangent(self, dy: Array, like: Array) -> Array:
        """The kernel's cotangent. Raises: OperationError where it does not fit the output."""
        name = f"dE/d{self.output.tensor.name}"
        if isinstance(dy, int | float):
            dy = self.arrays.zeros((), like) + dy
        else:
            refuse_other(self.op, name, dy)
        if tuple(dy.shape) != self.output.outer:
            raise OperationError(
                f"{self.op.name}: {name}: got shape {tuple(dy.shape)}, expected {self.output.outer} as the output has;"
                " pass the cotangent of the output"
            )
        found = self._in(self.output, dy)
        if found.dtype != like.dtype and "object" not in (self.arrays.dtype(found), self.dtype):
            raise OperationError(f"{self.op.name}: {name}: got {self.arrays.dtype(found)}, expected {self.dtype} as the"
                                 " other tensors; convert it")  # fmt: skip
        return found

    def outward(self, y: Array, like: Array, letter: str = "") -> Array:
        """The user's gradient of an input, or the output."""
        way = self.ways[letter] if letter else self.output
        if not way.plain:
            y = self.layout.outward(self.arrays, y, way.outer, way.wide).reshape(way.outer)
        return y if self.native else self.arrays.give(y, like)

    def _in(self, way: Way, x: Array) -> Array:
        if not (self.native and self.arrays.owns(x)):
            x = self.arrays.take(x)
        if way.plain:
            return x
        x = self.layout.inward(self.arrays, x, way.wide).reshape(way.inner)
        if way.tensor.integer:
            x = self.arrays.labels(x)
            if way.labels is not None:
                refuse_labels(self.op, way.tensor, self.arrays, x, way.labels)
        return x


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
    first = next(iter(users.values()))

    def way(t: Tensor, outer: Shape) -> Way:
        shape = binding.inner_shape(t)
        stays = shape == outer and not t.integer and (layout.axis is None or not wide[t.name])
        return Way(t, wide[t.name], outer, shape, stays, _labels(op, t, binding))

    shape = layout.output_shape(tuple(taken[op.inputs[0].name].shape), binding.shape(op.output), wide[op.output.name])
    ways = {
        t.name: way(t, tuple(taken[t.name].shape) if t.name in taken else binding.inner_shape(t)) for t in op.inputs
    }
    absent = tuple(w for t, w in ways.items() if t not in taken)
    return Frame(op, arrays, layout, binding, dtype, arrays.owns(first), ways, absent, way(op.output, shape))


def _labels(op: Op, t: Tensor, binding: Binding) -> int | None:
    extent = label_extent(op, t) if t.integer else None
    return None if extent is None else binding.extent(extent)
