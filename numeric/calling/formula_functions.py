"""Kernels that are one function a formula: what is computed when, in which order, and in which dtype."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from derive.errors import NotDerived
from derive.operation import Op
from numeric.backend import Array, Formula, Saved, cotangent, forward_formulas, gradient_formula
from numeric.calling.binding import Binding


class FormulaLine(Protocol):
    """A formula as a function: what it reads, the real settings that it takes, whether integers stay integers."""

    @property
    def formula(self) -> Formula: ...
    @property
    def tensors(self) -> tuple[str, ...]: ...
    @property
    def reals(self) -> tuple[str, ...]: ...
    @property
    def exact(self) -> bool: ...


L = TypeVar("L", bound=FormulaLine)


@dataclass(eq=False)
class FormulaFunctions(ABC, Generic[L]):
    """One operation's kernels; sizes are arguments, so that one text serves all shapes and settings.

    `formulas` are gradients by letter to be computed in place of the derived ones.
    """

    op: Op
    formulas: Mapping[str, Formula] | None = None

    @property
    def plan(self) -> None:
        """None: loops are written from the formulas themselves."""

    @abstractmethod
    def lines(self, formulas: Iterable[Formula]) -> Iterable[L]:
        """A function for each formula."""

    @abstractmethod
    def dtype(self, x: Array) -> str:
        """`float32`, `int64`, ..."""

    @abstractmethod
    def contiguous(self, x: Array, dtype: str) -> Array:
        """The array in row-major order and in a dtype."""

    @abstractmethod
    def run(self, line: L, arrays: Mapping[str, Array], like: Array, binding: Binding, dtype: str) -> Array:
        """The target of one formula, on the device of `like`."""

    @cached_property
    def forward_lines(self) -> dict[str, L]:
        """The lines of the forward pass by target, in an order in which they can be computed."""
        return {f.target: self.all_lines[f.target] for f in forward_formulas(self.op)}

    @cached_property
    def gradient_lines(self) -> dict[str, L]:
        """The gradients by letter; what has none is left out."""
        return {letter: self.all_lines[f.target] for letter, f in self._derived.items()}

    @cached_property
    def all_lines(self) -> dict[str, L]:
        """Every line by target."""
        formulas = (*forward_formulas(self.op), *self._derived.values())
        return {line.formula.target: line for line in self.lines(formulas)}

    @cached_property
    def _derived(self) -> dict[str, Formula]:
        found = {}
        for t in self.op.differentiable:
            with suppress(NotDerived):
                found[t.name] = (self.formulas or {}).get(t.name) or gradient_formula(self.op, t)
        return found

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output, and the lines that gradients read."""
        dtype = self._dtype(self.forward_lines.values(), tensors, binding)
        made = self._made(self.forward_lines, tensors, binding, dtype)
        read = {t for line in self.gradient_lines.values() for t in line.tensors}
        return made[self.op.output.name], {t: made[t] for t in self.forward_lines if t in read}

    def gradient(
        self, wrt: str, cotangent_values: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input."""
        line = self.gradient_lines[wrt]
        # what is saved saves work, and changes no dtype
        dtype = self._dtype([line, *self._needed(line.tensors, ()).values()], tensors, binding)
        given = {**tensors, cotangent(self.op): cotangent_values, **saved}
        wanted = {**self._needed(line.tensors, saved), line.formula.target: line}
        return self._made(wanted, given, binding, dtype)[line.formula.target]

    def _needed(self, tensors: Iterable[str], saved: Container[str]) -> dict[str, L]:
        """The lines of the forward pass that must be computed before some tensors can be read."""
        found: set[str] = set()
        waiting = list(tensors)
        while waiting:
            t = waiting.pop()
            if t in self.forward_lines and t not in saved and t not in found:
                found.add(t)
                waiting += self.forward_lines[t].tensors
        return {t: line for t, line in self.forward_lines.items() if t in found}

    def _made(
        self, wanted: Mapping[str, L], given: Mapping[str, Array], binding: Binding, dtype: str
    ) -> dict[str, Array]:
        """The arrays of some lines, computed in their order, beside those that they read."""
        integers = {t.name for t in self.op.inputs if t.integer}
        like = next(iter(given.values()))
        read = {t for line in wanted.values() for t in line.tensors} & given.keys()
        found = {t: self.contiguous(given[t], "int64" if t in integers else dtype) for t in read}
        for target, line in wanted.items():
            found[target] = self.run(line, found, like, binding, dtype)
        return found

    def _dtype(self, wanted: Iterable[L], tensors: Mapping[str, Array], binding: Binding) -> str:
        """The dtype of the tensors; that of integers is float64 where a line leaves them."""
        wanted = list(wanted)
        own = next(self.dtype(x) for t, x in tensors.items() if not self.op.tensor(t).integer)
        used = {s for line in wanted for s in line.reals}
        whole = all(line.exact for line in wanted) and all(binding.names[s] == int(binding.names[s]) for s in used)
        return own if whole or own != "int64" else "float64"
