"""Kernels: an operation's forward pass and gradients on arrays, with torch.nn.functional's names, in any backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any

from derive.catalogue import RECIPES, Argument, Pick
from derive.layout import AS_THE_LAW
from derive.operation import Op, Tensor
from numeric.backend import Array, Backend, Functions, Saved, backend, forward_formulas, gradient_formula
from numeric.calling.arguments import by_letter, parameters, symbolic
from numeric.calling.binding import Value, defaults, refuse_zero_divisors
from numeric.calling.calls import Frame, frame
from numeric.calling.layouts import Arrangement, arrangement
from numeric.plans.plan import Plan


def kernel(op: Op | str, backend: str = "numpy", **settings: Any) -> Kernel:
    """The kernels of an operation: a catalogue name with torch's arguments, one's own law, or an `Op`.

    `backend` is "reference" (the meaning itself, slow), "numpy", "torch", "cpp" (compiled at first use), or "triton"
    (on a GPU).
    Raises: OperationError, NotationError.
    """
    return _build(op, backend, settings)


@dataclass(slots=True)
class Kernel:
    """Forward pass and gradients of one operation, for any shapes; made by `kernel`.

    `others` are the kernels that the tensors of a call may pick, `takes` is the law with all that may be passed. Arrays
    and tensors go in, the same kind comes out. Tensors are passed in torch's order or by torch's names; the law's own
    letters work too.
    """

    arranged: Arrangement
    backend: str
    values: Mapping[str, Value]
    takes: Op
    others: list[tuple[Pick, Callable[[], Kernel]]] = field(default_factory=list)
    _arrays: Backend = field(repr=False, kw_only=True)
    _functions: Functions = field(repr=False, kw_only=True)
    _frames: dict[object, Frame] = field(default_factory=dict, repr=False)
    _letters: dict[object, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _checked: set[tuple[int, str]] = field(default_factory=set, repr=False)

    @property
    def op(self) -> Op:
        """The operation."""
        return self.arranged.op

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

    def under(self, settings: Mapping[str, Any]) -> Kernel:
        """The kernel of the same operation under other settings: one source serves all. Raises: OperationError."""
        own, rest = _sorted(self.op, settings)
        values = defaults(self.op, parameters(self.op, rest))
        arranged = arrangement(self.op, own)
        return Kernel(arranged, self.backend, values, self.op, _arrays=self._arrays, _functions=self._functions)

    def computed_by(self, functions: Functions) -> Kernel:
        """The same kernel with other functions at work. For those who judge functions that are not derived."""
        return replace(self, _functions=functions, _frames={}, _checked=set())

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
            users = by_letter(self.takes, positional, named)
            self._letters[key] = tuple(_letters(self.takes, len(positional), named))
            return users
        return {t: x for t, x in zip(letters, values, strict=True) if x is not None}

    def _frame(self, users: Mapping[str, Array]) -> tuple[Kernel, Frame]:
        """What the kinds of the tensors decide, and the kernel that they choose."""
        own = self._chosen(users)
        key = tuple([(t, type(x), x.shape, x.dtype) for t, x in users.items()])
        found = own._frames.get(key)
        if found is None:
            found = frame(own.arranged, own._arrays, users, own.values)
            for f in forward_formulas(own.op):
                refuse_zero_divisors(own.op.name, f.body, found.binding.names)
            own._frames[key] = found
        return own, found

    def _chosen(self, users: Mapping[str, Array]) -> Kernel:
        """This kernel, or the one that the tensors pick, as torch chooses by them."""
        for pick, other in self.others:
            if pick.tensor in users and HAS[pick.where](users[pick.tensor]):
                return other()._chosen(users)
        return self

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


def _build(op: Op | str, name: str, settings: Mapping[str, Any]) -> Kernel:
    left = _left_open(op, settings)
    if left is not None and left.pick is not None and isinstance(op, str):
        first = _build(op, name, {**settings, left.name: left.default})
        other = {**settings, left.name: left.pick.value}
        first.others.insert(0, (left.pick, cache(partial(_build, op, name, other))))
        if left.pick.tensor not in {t.name for t in first.takes.inputs}:
            first.takes = symbolic(op, _sorted(op, other)[1])[0]
        return first
    arrays = backend(name)
    own, rest = _sorted(op, settings)
    law, given = (op, parameters(op, rest)) if isinstance(op, Op) else symbolic(op, rest)
    # a hypothesis on data makes a formula shorter and less general; kernels take any data
    law = replace(law, hypotheses=())
    values, functions = defaults(law, given), arrays.functions(law)
    return Kernel(arrangement(law, own), name, values, law, _arrays=arrays, _functions=functions)


def _sorted(op: Op | str, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings that say how tensors lie, and the others."""
    layout = op.layout if isinstance(op, Op) else RECIPES[op].layout if op in RECIPES else AS_THE_LAW
    return (
        {n: v for n, v in settings.items() if n in layout.arguments},
        {n: v for n, v in settings.items() if n not in layout.arguments},
    )


def _left_open(op: Op | str, settings: Mapping[str, Any]) -> Argument | None:
    """The first argument that is left to the tensors of a call, as cross_entropy's kind of target."""
    arguments = RECIPES[op].arguments if isinstance(op, str) and op in RECIPES else ()
    return next((a for a in arguments if a.pick is not None and a.name not in settings), None)


HAS = {
    "floats": lambda x: "int" not in str(x.dtype),
    "one entry": lambda x: math.prod(x.shape) == 1,
    "negative labels": lambda x: "int" in str(x.dtype) and bool((x < 0).any()),
}
"""What a tensor of a call may be asked (`derive.catalogue.Pick`)."""
