"""The backend that evaluates formulas by their meaning: slow, and what every other backend is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from derive.errors import NotDerived
from derive.language.show import show
from derive.operation import Op, Tensor
from numeric.backend import Array, Formula, Saved, cotangent, forward_formulas, gradient_formula
from numeric.calling import numpy_arrays
from numeric.calling.binding import Binding
from numeric.reference import Reference


@dataclass(frozen=True, slots=True)
class ReferenceFunctions:
    """An operation's formulas, evaluated as they stand; `formulas` are gradients by letter in place of derived ones."""

    op: Op
    formulas: Mapping[str, Formula] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The formulas themselves: there is no other text."""
        formulas = list(self._forward())
        for t in self.op.differentiable:
            with suppress(NotDerived):
                formulas.append(self._gradient(t))
        return "\n".join(f"{f.target}[{', '.join(b.name for b in f.axes)}] = {show(f.body)}" for f in formulas) + "\n"

    @property
    def plan(self) -> None:
        """None: formulas are evaluated, not lowered."""

    def _forward(self) -> tuple[Formula, ...]:
        return forward_formulas(self.op)

    def _gradient(self, tensor: Tensor) -> Formula:
        return self.formulas.get(tensor.name) or gradient_formula(self.op, tensor)

    def _world(self, tensors: Mapping[str, Array], binding: Binding) -> Reference:
        integers = frozenset(t.name for t in self.op.inputs if t.integer)
        equations = {f.target: (f.axes, f.body) for f in self._forward()}
        return Reference(binding.names, tensors, integers, equations)

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output; nothing is kept, so that gradients depend on nothing but their formula."""
        last = self._forward()[-1]
        return self._world(tensors, binding).value(last.axes, last.body), {}

    def gradient(
        self, wrt: str, cotangent_values: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input, by its derived formula."""
        formula = self._gradient(self.op.tensor(wrt))
        world = self._world({**tensors, cotangent(self.op): cotangent_values}, binding)
        return world.value(formula.axes, formula.body)


class ReferenceBackend(numpy_arrays.NumpyArrays):
    """Arrays are numpy's; exact numbers (dtype object) are allowed."""

    dtypes = ("float32", "float64", "int64", "object")

    def functions(self, op: Op) -> ReferenceFunctions:
        """The formulas of an operation."""
        return ReferenceFunctions(op)

    def computing(self, op: Op, formulas: Mapping[str, Formula]) -> ReferenceFunctions:
        """Other gradients than the derived ones, by letter."""
        return ReferenceFunctions(op, formulas)


BACKEND = ReferenceBackend()
