"""A call's tensors on their way in and out: everything that their types, shapes and dtypes decide is decided once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.errors import OperationError
from derive.operation import Op, Tensor
from numeric.backend import Array, Backend
from numeric.calling.arguments import (
    common_dtype,
    ignored_label,
    label_extent,
    refuse_labels,
    refuse_mixture,
    refuse_other,
)
from numeric.calling.binding import Binding, Shape, Value, bind
from numeric.calling.layouts import Arrangement, Labels, Shared

Users = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Way:
    """How one tensor goes between a user and a kernel: the order of a user's axes in the law, and its two shapes.

    A plain way leaves a tensor as it is; `labels` is the number of labels that there are, `ignored` one more that
    may stand among them, where it holds any.
    """

    tensor: Tensor
    order: Shape
    outer: Shape
    inner: Shape
    labels: int | None = None
    ignored: int | None = None

    @property
    def still(self) -> bool:
        """Whether the axes keep their order."""
        return self.order == tuple(range(len(self.order)))

    @property
    def plain(self) -> bool:
        """Whether a tensor stays as it is."""
        return self.still and self.outer == self.inner and not self.tensor.integer


@dataclass(frozen=True, slots=True)
class Frame:
    """All that the kinds of a call's tensors decide; `native` says that they are the backend's own arrays."""

    op: Op
    arrays: Backend
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
            found[way.tensor.name] = self.arrays.zeros(way.inner, found[self.like]) + way.tensor.absent
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
            y = y.reshape(tuple(way.outer[k] for k in way.order))
            if not way.still:
                y = self.arrays.permuted(y, tuple(way.order.index(k) for k in range(len(way.order))))
        return y if self.native else self.arrays.give(y, like)

    def _in(self, way: Way, x: Array) -> Array:
        if not (self.native and self.arrays.owns(x)):
            x = self.arrays.take(x)
        if way.plain:
            return x
        if not way.still:
            x = self.arrays.permuted(x, way.order)
        x = x.reshape(way.inner)
        if way.tensor.integer:
            x = self.arrays.labels(x)
            if way.labels is not None:
                refuse_labels(self.op, way.tensor, self.arrays, x, way.labels, way.ignored)
        return x


def frame(arranged: Arrangement, arrays: Backend, users: Users, values: Mapping[str, Value]) -> Frame:
    """What the kinds of these tensors decide. Raises: OperationError where they do not fit together."""
    op = arranged.op
    refuse_mixture(op, users)
    taken = {t: arrays.take(x) for t, x in users.items()}
    dtype = common_dtype(op, arrays, taken)
    shapes = {t: tuple(x.shape) for t, x in taken.items()}
    labels = {t: arranged.labels(op.tensor(t), s) for t, s in shapes.items() if arranged.moves(op.tensor(t))}
    shared = _agreed(arranged, shapes, labels)
    laws = {t: arranged.inner(op.tensor(t), labels[t], s) if t in labels else s for t, s in shapes.items()}
    binding = bind(op, laws, values)

    def way(t: Tensor) -> Way:
        inner = binding.inner_shape(t)
        if arranged.moves(t):
            own, outer = arranged.outer(t, dict(zip((b.name for b in t.axes), inner, strict=True)), shared)
            return Way(t, arranged.order(t, own), outer, inner, *_labels(op, t, binding))
        outer = shapes.get(t.name, binding.shape(t))
        return Way(t, tuple(range(len(outer))), outer, inner, *_labels(op, t, binding))

    ways = {t.name: way(t) for t in op.inputs}
    absent = tuple(w for t, w in ways.items() if t not in taken)
    return Frame(op, arrays, binding, dtype, arrays.owns(next(iter(users.values()))), ways, absent, way(op.output))


def _agreed(arranged: Arrangement, shapes: Mapping[str, Shape], labels: Mapping[str, Labels]) -> Shared:
    """What all tensors of a call have in common. Raises: OperationError where two do not agree."""
    op = arranged.op
    found: dict[str, tuple[Shape | bool, str]] = {}
    for t, own in labels.items():
        tensor = op.tensor(t)
        said = arranged.shared(tensor, own, shapes[t])
        for kind, value in said.items():
            first, other = found.setdefault(kind, (value, tensor.argument))
            if value != first:
                raise OperationError(
                    f"{op.name}: {tensor.argument}: got shape {shapes[t]}, expected one that agrees with the shape"
                    f" {shapes[op.tensor(other).name]} of {other}; pass tensors whose shapes agree"
                )
    return Shared(**{kind: value for kind, (value, _) in found.items()})  # type: ignore[arg-type]


def _labels(op: Op, t: Tensor, binding: Binding) -> tuple[int | None, int | None]:
    """How many labels there are, and the one that the law leaves out."""
    known = (label_extent(op, t), ignored_label(op, t)) if t.integer else ()
    many, ignored = (None if i is None else binding.extent(i) for i in known or (None, None))
    return many, ignored
