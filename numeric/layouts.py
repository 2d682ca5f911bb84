"""torch's arguments that say along which axis an operation works; its law always works along the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.errors import OperationError
from derive.operation import Op, Tensor
from numeric.backend import Array, Backend
from numeric.binding import Shape


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the class axis of a user's tensors is (None: nothing moves), and whether the others are merged into one.

    A tensor is wide if it has the class axis.
    """

    axis: int | None = None
    merged: bool = False
    remedy: str = ""

    def check(self, tensor: Tensor, x: Array, wide: bool) -> None:
        """Raises: OperationError where a wide tensor has no such axis."""
        if self.axis is not None and wide and not -x.ndim <= self.axis < x.ndim:
            raise OperationError(f"{tensor.argument}: got {x.ndim} axes, expected an axis {self.axis}; {self.remedy}")

    def inward(self, arrays: Backend, x: Array, wide: bool) -> Array:
        """A user's tensor as the law has it."""
        if self.axis is None:
            return x
        if wide:
            x = arrays.moveaxis(x, self.axis, -1)
        return x.reshape((-1, *x.shape[x.ndim - wide :])) if self.merged else x

    def outward(self, arrays: Backend, y: Array, outer: Shape, wide: bool) -> Array:
        """What the law gives, with the axes of a user's tensor of shape `outer`."""
        if self.axis is None or not wide:
            return y
        axis = self.axis % len(outer)
        return arrays.moveaxis(y.reshape((*outer[:axis], *outer[axis + 1 :], outer[axis])), -1, axis)

    def output_shape(self, first: Shape, own: Shape, wide: bool) -> Shape:
        """The user's shape of an output, from the first input's and the law's."""
        if self.axis is None or not own:
            return own
        axis = self.axis % len(first)
        return (*first[:axis], *own[-1:], *first[axis + 1 :]) if wide else (*first[:axis], *first[axis + 1 :])


_LAYOUTS: Mapping[str, Layout] = {
    "softmax": Layout(-1, remedy="choose dim within the input's axes"),
    "log_softmax": Layout(-1, remedy="choose dim within the input's axes"),
    "cross_entropy": Layout(1, merged=True, remedy="pass logits X[n, c, ...] of at least two axes"),
}
_DIM = ("softmax", "log_softmax")


def layout(op: Op, dim: object = None) -> Layout:
    """The layout of an operation, with torch's argument `dim` where it has one.

    Raises: OperationError for a dim that is no integer, or of an operation that has none.
    """
    found = _LAYOUTS.get(op.name, Layout())
    if dim is None:
        return found
    if op.name not in _DIM:
        raise OperationError(f"{op.name}: got argument 'dim', expected none; leave it out")
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise OperationError(f"{op.name}: got dim={dim!r}, expected an integer; change it")
    return Layout(dim, remedy=found.remedy)


def is_wide(op: Op, tensor: Tensor) -> bool:
    """Whether a tensor has the class axis: the last axis of the input."""
    last = op.inputs[0].axes[-1:]
    return bool(last) and tensor.axes[-1:] == last and last[0].name != "..."
