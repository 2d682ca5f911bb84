"""Kernels: an operation's forward pass and gradients on arrays, with torch.nn.functional's names, in any backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from derive.errors import OperationError
from derive.operation import Op, Tensor
from numeric.arguments import (
    INTEGERS,
    by_letter,
    common_dtype,
    parameters,
    refuse_labels,
    refuse_mixture,
    refuse_other,
    symbolic,
)
from numeric.backend import Array, Backend, Functions, Saved, backend, forward_formulas, gradient_formula
from numeric.binding import Binding, Shape, Value, bind, defaults, refuse_zero_divisors
from numeric.layouts import Layout, is_wide, layout


def kernel(op: Op | str, backend: str = "numpy", **settings: Any) -> Kernel:
    """The kernels of an operation: a catalogue name with torch's arguments, one's own law, or an `Op`.

    `backend` is "reference" (the meaning itself, slow), "numpy" or "torch".
    Raises: OperationError, NotationError.
    """
    return _build(op, backend, settings)


@dataclass(slots=True)
class Kernel:
    """Forward pass and gradients of one operation, for any shapes; made by `kernel`.

    Arrays and tensors go in, the same kind comes out. Tensors are passed in torch's order or by torch's names; the
    law's own letters work too.
    """

    op: Op
    backend: str
    values: Mapping[str, Value]
    layout: Layout
    sibling: Kernel | None = None
    _arrays: Backend = field(repr=False, kw_only=True)
    _functions: Functions = field(repr=False, kw_only=True)
    _bindings: dict[object, Binding] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """The generated text, headed by the formulas it comes from."""
        return self._functions.source

    def __str__(self) -> str:
        return self.source

    def forward(self, *tensors: Array, **named: Array) -> Array:
        """The output, such as `k.forward(input=x, weight=w, bias=b)`.

        Raises: OperationError for tensors that are missing or do not fit.
        """
        return self.forward_saved(*tensors, **named)[0]

    def forward_saved(self, *tensors: Array, **named: Array) -> tuple[Array, Saved]:
        """The output, and what `vjp(..., saved=saved)` for the same tensors need not compute again."""
        call = self._call(tensors, named)
        output, saved = call.kernel._functions.forward(call.tensors, call.binding)
        return call.output(output), saved

    def vjp(
        self,
        dy: Array,
        /,
        *tensors: Array,
        saved: Saved | None = None,
        wrt: Iterable[str] | None = None,
        **named: Array,
    ) -> dict[str, Array]:
        """The gradients of `sum(dy * output)` with respect to the given tensors, or to those named in `wrt`.

        Raises: OperationError for tensors that are missing or do not fit.
        """
        call = self._call(tensors, named)
        own = call.kernel
        cotangent = call.cotangent(dy)
        found = {}
        for t in own._wanted(wrt, call.given):
            refuse_zero_divisors(own.op.name, gradient_formula(own.op, t).body, call.binding.names)
            y = own._functions.gradient(t.name, cotangent, call.tensors, call.binding, saved or {})
            found[t.argument] = call.gradient(t, y)
        return found

    # -- one call ------------------------------------------------------------------------------------------------------

    def _wanted(self, wrt: Iterable[str] | None, given: frozenset[str]) -> list[Tensor]:
        if wrt is None:
            return [t for t in self.op.differentiable if t.name in given]
        return [self.op.tensor(name) for name in wrt]

    def _call(self, positional: tuple[Array, ...], named: Mapping[str, Array]) -> _Call:
        """The tensors of a call by letter, in the backend's arrays, checked against each other."""
        own = self.op
        users = by_letter(own, positional, named)
        first = next(iter(users.values()))
        refuse_mixture(own, users)
        arrays = self._arrays
        taken = {t: arrays.take(x) for t, x in users.items()}
        chosen = self._choose(taken)
        if chosen is not self:
            return chosen._call(positional, named)
        dtype = common_dtype(own, arrays, taken)
        inner = {t: self.layout.inward(arrays, own.tensor(t), x, is_wide(own, own.tensor(t))) for t, x in taken.items()}
        binding = self._binding({t: tuple(x.shape) for t, x in inner.items()})
        for t in own.inputs:
            if t.name not in inner:
                inner[t.name] = arrays.zeros(binding.inner_shape(t), taken[own.inputs[0].name])
            elif t.integer:
                inner[t.name] = arrays.labels(inner[t.name])
                refuse_labels(own, t, arrays, inner[t.name], binding)
            if any(b.name == "..." for b in t.axes):
                inner[t.name] = inner[t.name].reshape(binding.inner_shape(t))
        shape = tuple(taken[own.inputs[0].name].shape)
        return _Call(self, inner, binding, frozenset(users), first, dtype, shape)

    def _choose(self, taken: Mapping[str, Array]) -> Kernel:
        """This kernel, or its sibling where the target is of floats and has the input's shape, as torch chooses."""
        if self.sibling is None or "T" not in taken:
            return self
        floats = self._arrays.dtype(taken["T"]) not in (*INTEGERS, "object")
        return self.sibling if floats else self

    def _binding(self, shapes: Mapping[str, Shape]) -> Binding:
        key = tuple(shapes.items())
        if key not in self._bindings:
            binding = bind(self.op, shapes, self.values)
            for f in forward_formulas(self.op):
                refuse_zero_divisors(self.op.name, f.body, binding.names)
            self._bindings[key] = binding
        return self._bindings[key]


@dataclass(frozen=True, slots=True)
class _Call:
    """One call's tensors, checked, and the way back to the user's shapes and library."""

    kernel: Kernel
    tensors: Mapping[str, Array]
    binding: Binding
    given: frozenset[str]
    like: Array
    dtype: str
    shape: Shape

    def output(self, y: Array) -> Array:
        """The law's output as the user gets it."""
        return self._out(self.kernel.op.output, y)

    def gradient(self, t: Tensor, y: Array) -> Array:
        """The law's gradient as the user gets it."""
        return self._out(t, y)

    def _others(self) -> Shape:
        axis = self.kernel.layout.axis
        if axis is None:
            return ()
        axis %= len(self.shape)
        return self.shape[:axis] + self.shape[axis + 1 :]

    def _out(self, t: Tensor, y: Array) -> Array:
        k = self.kernel
        y = y.reshape(self.binding.shape(t))
        return k._arrays.give(k.layout.outward(k._arrays, y, self._others(), is_wide(k.op, t)), self.like)

    def cotangent(self, dy: Array) -> Array:
        """The user's cotangent as the law has it. Raises: OperationError where it does not fit the output."""
        k, t = self.kernel, self.kernel.op.output
        arrays = k._arrays
        if isinstance(dy, int | float):
            dy = arrays.zeros((), self.tensors[k.op.inputs[0].name]) + dy
        refuse_other(k.op, f"dE/d{t.argument}", dy)
        found = arrays.take(dy)
        if arrays.dtype(found) != self.dtype and arrays.dtype(found) != "object":
            raise OperationError(f"{k.op.name}: dE/d{t.name}: got {arrays.dtype(found)}, expected {self.dtype} as the"
                                 " other tensors; convert it")  # fmt: skip
        wide = is_wide(k.op, t)
        expected = self._expected(t, wide)
        if tuple(found.shape) != expected:
            raise OperationError(
                f"{k.op.name}: dE/d{t.name}: got shape {tuple(found.shape)}, expected {expected} as the output has;"
                " pass the cotangent of the output"
            )
        return k.layout.inward(arrays, t, found, wide).reshape(self.binding.inner_shape(t))

    def _expected(self, t: Tensor, wide: bool) -> Shape:
        k = self.kernel
        inner = self.binding.shape(t)
        if k.layout.axis is None or not t.axes:
            return inner
        others = self._others()
        if not wide:
            return others
        axis = k.layout.axis % (len(others) + 1)
        return (*others[:axis], inner[-1], *others[axis:])


# -- building ----------------------------------------------------------------------------------------------------------


def _build(op: Op | str, name: str, settings: dict[str, Any]) -> Kernel:
    arrays = backend(name)
    dim = settings.pop("dim", None)
    law, given = (op, parameters(op, settings)) if isinstance(op, Op) else symbolic(op, settings)
    # a hypothesis on data makes a formula shorter and less general; kernels take any data
    law = replace(law, hypotheses=())
    sibling = None
    if isinstance(op, str) and op == "cross_entropy" and "target" not in settings:
        sibling = _build(op, name, {**settings, "target": "probabilities"})
    values = defaults(law, given)
    return Kernel(law, name, values, layout(law, dim), sibling, _arrays=arrays, _functions=arrays.functions(law))
