"""Kernels: an operation's forward pass and gradients on arrays, with torch.nn.functional's names, in any backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from derive.operation import Op, Tensor
from numeric.arguments import by_letter, parameters, symbolic
from numeric.backend import Array, Backend, Functions, Saved, backend, forward_formulas, gradient_formula
from numeric.binding import Value, defaults, refuse_zero_divisors
from numeric.calls import Frame, frame
from numeric.layouts import Layout, layout
from numeric.plan import Plan


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
    _frames: dict[object, Frame] = field(default_factory=dict, repr=False)
    _letters: dict[object, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _checked: set[tuple[int, str]] = field(default_factory=set, repr=False)

    @property
    def source(self) -> str:
        """The generated text, headed by the formulas it comes from."""
        return self._functions.source

    @property
    def plan(self) -> Plan | None:
        """The loop plan that the source is printed from; the reference has none."""
        return self._functions.plan

    def __str__(self) -> str:
        return self.source

    def forward(self, *tensors: Array, **named: Array) -> Array:
        """The output, such as `k.forward(input=x, weight=w, bias=b)`.

        Raises: OperationError for tensors that are missing or do not fit.
        """
        return self.forward_saved(*tensors, **named)[0]

    def forward_saved(self, *tensors: Array, **named: Array) -> tuple[Array, Saved]:
        """The output, and what `vjp(..., saved=saved)` for the same tensors need not compute again."""
        users = self._users(tensors, named)
        own, frame = self._frame(users)
        output, saved = own._functions.forward(frame.inward(users), frame.binding)
        return frame.outward(output, _first(users)), saved

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
        users = self._users(tensors, named)
        own, frame = self._frame(users)
        arrays = frame.inward(users)
        cotangent = frame.cotangent(dy, arrays[frame.like])
        found = {}
        for t in own._wanted(wrt, users):
            own._check_divisors(t, frame)
            y = own._functions.gradient(t.name, cotangent, arrays, frame.binding, saved or {})
            found[t.argument] = frame.outward(y, _first(users), t.name)
        return found

    # -- one call ------------------------------------------------------------------------------------------------------

    def _wanted(self, wrt: Iterable[str] | None, users: Mapping[str, Array]) -> list[Tensor]:
        if wrt is None:
            return [t for t in self.op.differentiable if t.name in users]
        return [self.op.tensor(name) for name in wrt]

    def _users(self, positional: tuple[Array, ...], named: Mapping[str, Array]) -> dict[str, Array]:
        """The tensors that a caller passes, by letter. Raises: OperationError for missing or unknown ones."""
        values = (*positional, *named.values())
        key = (len(positional), *named, *[x is None for x in values])
        letters = self._letters.get(key)
        if letters is None or any(not hasattr(x, "dtype") for x in values if x is not None):
            users = by_letter(self.op, positional, named)
            self._letters[key] = tuple(_letters(self.op, len(positional), named))
            return users
        return {t: x for t, x in zip(letters, values, strict=True) if x is not None}

    def _frame(self, users: Mapping[str, Array]) -> tuple[Kernel, Frame]:
        """What the kinds of the tensors decide, and the kernel that they choose."""
        own = self._chosen(users)
        key = tuple([(t, type(x), x.shape, x.dtype) for t, x in users.items()])
        found = own._frames.get(key)
        if found is None:
            found = frame(own.op, own._arrays, own.layout, users, own.values)
            for f in forward_formulas(own.op):
                refuse_zero_divisors(own.op.name, f.body, found.binding.names)
            own._frames[key] = found
        return own, found

    def _chosen(self, users: Mapping[str, Array]) -> Kernel:
        """This kernel, or its sibling where the target holds floats, as torch chooses."""
        if self.sibling is None or "int" in str(users["T"].dtype):
            return self
        return self.sibling

    def _check_divisors(self, t: Tensor, frame: Frame) -> None:
        """Raises: OperationError where a gradient divides by a parameter that is 0; asked once for each frame."""
        key = (id(frame), t.name)
        if key not in self._checked:
            refuse_zero_divisors(self.op.name, gradient_formula(self.op, t).body, frame.binding.names)
            self._checked.add(key)


def _first(users: Mapping[str, Array]) -> Array:
    return next(iter(users.values()))


def _letters(op: Op, positional: int, named: Iterable[str]) -> list[str]:
    return [t.name for t in op.inputs[:positional]] + [op.tensor(n).name for n in named]


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
