"""Many cases of one signature: sizes and settings are drawn once, data for each case, all in one go.

A stack of cases is itself one sample of a law, the operation's with an axis of cases in front of every tensor: what is
computed for samples, such as rounding bounds, is computed for a stack at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import map_indices
from derive.language.notation import Equation
from derive.layout import AS_THE_LAW
from derive.operation import Op, Tensor
from numeric.backend import Formula
from numeric.calling.layouts import Arrangement, Shared
from numeric.calling.windows import empty_window
from numeric.checks.sample_values import labels, numbers
from numeric.checks.samples import RETRIES, Limits, Sample, Shape, no_sizes, passed_shape, sized

CASES = 32
"""Cases of one signature: what is decided for all of them costs each little, and sizes still change often."""

CASE, COUNT = "#case", "#cases"
"""The axis of the cases and its extent: names that no notation can write, so that no law has them."""

LEFT_OUT = REVERSED = 0.25
"""How often an optional input is left out, and how often a stack's arrays have their axes stored in reverse."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The data of some cases: `form` is what they share; arrays have the cases along their first axis."""

    form: Sample
    arrays: Mapping[str, NDArray | None]
    cotangent: NDArray

    @property
    def cases(self) -> int:
        return len(self.cotangent)

    @property
    def given(self) -> dict[str, NDArray]:
        """The inputs that are there, by argument."""
        return {name: a for name, a in self.arrays.items() if a is not None}

    @property
    def wrt(self) -> tuple[Tensor, ...]:
        """The tensors that get a gradient: differentiable inputs that are there."""
        return tuple(t for t in self.form.op.differentiable if self.arrays[t.argument] is not None)

    def case(self, k: int) -> Sample:
        """One of the cases, as a sample of its own."""
        arrays = {name: None if a is None else a[k] for name, a in self.arrays.items()}
        return replace(self.form, arrays=arrays, cotangent=self.cotangent[k])

    def flat(self, tensor: Tensor, array: NDArray) -> NDArray:
        """An array of all cases, each as a user has it, in the law's order and shape."""
        law, _, order = self.form.ways(tensor)
        return array.transpose(0, *(k + 1 for k in order)).reshape((len(array), *law))

    @property
    def whole(self) -> Sample:
        """All cases as one sample of the stacked law."""
        own = self.form.op
        op = stacked(own)
        shapes = {t.name: (self.cases, *self.form.ways(t)[0]) for t in (*own.inputs, own.output)}
        arrays = {t.argument: None if (a := self.arrays[t.argument]) is None else self.flat(t, a) for t in own.inputs}
        return replace(
            self.form,
            op=op,
            names={**self.form.names, COUNT: self.cases},
            arranged=Arrangement(op),
            shared=Shared(),
            arrays=arrays,
            cotangent=self.flat(own.output, self.cotangent),
            _ways={name: (shape, shape, tuple(range(len(shape)))) for name, shape in shapes.items()},
        )


# -- the stacked law ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def stacked(op: Op) -> Op:
    """`O[case,i] = ... X[case,j] ...` for `O[i] = ... X[j] ...`: the same law for each of many cases."""

    def equations(many: Iterable[Equation]) -> tuple[Equation, ...]:
        return tuple(replace(e, names=(CASE, *e.names), body=stacked_expr(e.body)) for e in many)

    return replace(
        op,
        equations=equations(op.equations),
        stable=equations(op.stable),
        tensors=tuple(replace(t, axes=(_BINDER, *t.axes)) for t in op.tensors),
        layout=AS_THE_LAW,
    )


_BINDER = Binder(CASE, index(COUNT))


def stacked_formula(f: Formula) -> Formula:
    """`dE/dX[case,i] = ...`, each case's gradient by itself."""
    return Formula(f.target, (_BINDER, *f.axes), stacked_expr(f.body))


def stacked_expr(e: Expr) -> Expr:
    """An expression of one case's tensors, read from the stacked ones; labels inside indices are read so, too."""

    def through(i: Index) -> Index:
        return i.substitute({}, entry)

    def entry(x: Entry) -> Entry:
        return Entry(x.tensor, (index(CASE), *(through(i) for i in x.indices)))

    if isinstance(e, Entry):
        return entry(e)
    parts = tuple(stacked_expr(p) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, through)


# -- drawing -----------------------------------------------------------------------------------------------------------


def forms_of(op: Op, seed: int, limits: Limits) -> Iterator[Sample]:
    """Sizes and settings, one after another. Raises: OperationError where none fit."""
    axes = {t.name: t.axes for t in op.tensors}
    none = True
    for attempt in range(RETRIES):
        form = sized(op, seed, attempt, limits)
        if form is None:
            break
        # torch must never run a window of padding alone
        if not any(empty_window(e.body, axes[e.target], form.names, axes) for e in op.equations):
            none = False
            yield form
    if none:
        raise no_sizes(op, limits)


def draw_stack(form: Sample, cases: int, kind: str, largest: int = 100, multiple: int = 1) -> Stack:
    """The first `cases` of CASES draws of data: a case is the same, however many are asked for."""
    random = np.random.default_rng([form.seed, 4])
    reverse = random.random() < REVERSED
    arrays: dict[str, NDArray | None] = {}
    for t in form.op.inputs:
        shape = (CASES, *passed_shape(t, form))
        if t.optional and random.random() < LEFT_OUT:
            arrays[t.argument] = None
        elif t.integer:
            arrays[t.argument] = labels(form.op, t, form.names, shape, random)[:cases]
        else:
            arrays[t.argument] = _stored(_data(kind, shape, largest, multiple, random)[:cases], reverse)
    shape = (CASES, *passed_shape(form.op.output, form))
    cotangent = _data("integer" if kind == "integer" else "plain", shape, largest, multiple, random)[:cases]
    return Stack(replace(form, kind=kind), arrays, _stored(cotangent, reverse))


def _data(kind: str, shape: Shape, largest: int, multiple: int, random: Generator) -> NDArray:
    """Numbers with zeros and ties among them; no integer exceeds `largest` times `multiple`."""
    if kind != "integer":
        return numbers(kind, shape, largest, multiple, random)
    # one draw for all, since there are many: a third of it lies beyond the largest and becomes small
    reach, few = largest + max(1, largest // 2), min(largest, 2)
    drawn = random.integers(-reach, reach, shape, np.int32, endpoint=True)
    beyond = np.abs(drawn) > largest
    drawn[beyond] = drawn[beyond] % (2 * few + 1) - few
    return drawn.astype(np.float64) * multiple


def _stored(array: NDArray, reverse: bool) -> NDArray:
    """The array, each case by itself with its axes stored in reverse: kernels must not count on the layout."""
    order = (0, *range(array.ndim - 1, 0, -1))
    return np.ascontiguousarray(array.transpose(order)).transpose(order) if reverse else array
