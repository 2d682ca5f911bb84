"""What a backend is: arrays of one library, and functions for one operation; loaded late, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from derive.errors import OperationError
from derive.expressions.expr import Binder, Expr
from derive.language.notation import Equation
from derive.operation import Op, Tensor
from derive.sweep import gradient
from numeric.calling.binding import Binding, Shape
from numeric.plans.plan import Plan

if TYPE_CHECKING:
    import numpy as np

Array = Any
"""A numpy.ndarray or a torch.Tensor."""

Saved = Mapping[str, Array]
"""What a forward pass keeps for the gradients."""

MODULES = {
    "reference": "numeric.to_reference",
    "numpy": "numeric.to_numpy",
    "torch": "numeric.to_torch",
    "triton": "numeric.to_triton",
    "cpp": "numeric.to_cpp",
}


@dataclass(frozen=True, slots=True)
class Formula:
    """`target[axes] = body`: one line that kernels are made from."""

    target: str
    axes: tuple[Binder, ...]
    body: Expr


def forward_formulas(op: Op) -> tuple[Formula, ...]:
    """The equations that kernels compute, in the form that is safe from overflow."""
    return tuple(Formula(e.target, _axes(op, e), e.body) for e in op.stable or op.equations)


def _axes(op: Op, e: Equation) -> tuple[Binder, ...]:
    """The axes of an equation's target; one that only the safe form has runs over the extents of its index names."""
    extents = {b.name: b.extent for t in op.tensors for b in t.axes}
    known = next((t.axes for t in op.tensors if t.name == e.target), None)
    return known or tuple(Binder(n, extents[n]) for n in e.names)


def cotangent(op: Op) -> str:
    """The name under which gradients read the cotangent of the output."""
    return f"dE/d{op.output.name}"


def gradient_formula(op: Op, tensor: Tensor) -> Formula:
    """The derived gradient with respect to an input. Raises: NotDerived."""
    found = gradient(op, tensor.name)
    return Formula(found.target.tensor, found.axes, found.formula)


class Functions(Protocol):
    """One operation's kernels on the arrays of a backend; tensors come by the law's letters, leading axes as one."""

    @property
    def source(self) -> str:
        """The text that they are."""

    @property
    def plan(self) -> Plan | None:
        """The plan that the text is printed from, if it is printed."""

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output, and what the gradients can use again."""

    def gradient(
        self, wrt: str, cotangent: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input."""


class Backend(Protocol):
    """The arrays of one library, and the dtypes that its kernels take."""

    dtypes: tuple[str, ...]

    def owns(self, x: object) -> bool:
        """Whether x is an array of this library."""

    def place(self, x: np.ndarray, device: str) -> Array:
        """An array of NumPy as one of this library on a device, "cpu" or "cuda". Raises: OperationError."""

    def take(self, x: Array) -> Array:
        """An array of whichever library as one of this library, without its history."""

    def give(self, y: Array, like: Array) -> Array:
        """An array of this library as one of the library (and device) of `like`."""

    def dtype(self, x: Array) -> str:
        """`float32`, `int64`, ..."""

    def zeros(self, shape: Shape, like: Array) -> Array:
        """Zeros in the dtype and on the device of `like`."""

    def permuted(self, x: Array, order: Shape) -> Array:
        """A view with the axes in another order."""

    def labels(self, x: Array) -> Array:
        """Integers of any width as 64-bit ones."""

    def extremes(self, x: Array) -> tuple[int, int]:
        """The smallest and largest of integers."""

    def functions(self, op: Op) -> Functions:
        """The kernels of an operation."""


@cache
def backend(name: str) -> Backend:
    """The backend of that name; its library is loaded now.

    Raises: OperationError for an unknown name, ModuleNotFoundError for a library that is not installed.
    """
    if name not in MODULES:
        raise OperationError(f"backend: got {name!r}, expected one of {', '.join(MODULES)}; choose one")
    try:
        found: Backend = import_module(MODULES[name]).BACKEND
    except ModuleNotFoundError as error:
        text = f"backend {name}: got no module {error.name}, expected it installed; run pip install {error.name}"
        raise ModuleNotFoundError(text, name=error.name) from None
    return found
