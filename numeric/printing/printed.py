"""Kernels that are printed from a plan and run: made when they are first used, then called with arrays and sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.operation import Op
from numeric.backend import Array, Formula, Saved
from numeric.calling.binding import Binding
from numeric.plans.lower import plan
from numeric.plans.plan import Plan
from numeric.printing.dialect import Dialect
from numeric.printing.loader import load
from numeric.printing.printer import OUTPUT, Source, print_plan


@dataclass(slots=True)
class PrintedFunctions:
    """One operation's kernels in one dialect.

    Integers become `floats` where a formula leaves them, or where the device of an array does not multiply them.
    `formulas` are gradients by letter to be computed in place of the derived ones.
    """

    op: Op
    dialect: Dialect
    floats: Callable[[Array], Array]
    stacked: bool
    multiplies: Callable[[Array], bool] = field(default=lambda x: True)
    formulas: Mapping[str, Formula] | None = None
    _plan: Plan | None = field(default=None, repr=False)
    _source: Source | None = field(default=None, repr=False)
    _functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    @property
    def plan(self) -> Plan:
        """The loop plan that the source is printed from."""
        if self._plan is None:
            self._plan = plan(self.op, self.stacked, self.formulas)
        return self._plan

    @property
    def source(self) -> str:
        """The printed module."""
        return self._printed().text

    def _printed(self) -> Source:
        if self._source is None:
            self._source = print_plan(self.plan, self.dialect, {p.name: p.default for p in self.op.parameters})
        return self._source

    def _call(self, key: str, arrays: list[Array], binding: Binding, saved: Saved) -> Any:
        signature = self._printed().functions[key]
        if not self._functions:
            self._functions = load(self._printed())
        if not (signature.exact and self.multiplies(arrays[0])):
            arrays = [
                self.floats(a) if _counts(a) and not label else a
                for a, label in zip(arrays, self._labels(key), strict=True)
            ]
        sizes = binding.keywords.get(key)
        if sizes is None:
            sizes = binding.keywords[key] = {name: binding.names[symbol] for name, symbol in signature.symbols}
        kept = {name: saved[register] for name, register in signature.saved if register in saved}
        return self._functions[key](*arrays, **sizes, **kept)

    def _labels(self, key: str) -> list[bool]:
        own = [t.integer for t in self.op.inputs]
        return own if key == OUTPUT else [False, *own]

    def forward(self, tensors: Mapping[str, Array], binding: Binding) -> tuple[Array, Saved]:
        """The output, and what the gradients can use again."""
        output, saved = self._call(OUTPUT, [tensors[t.name] for t in self.op.inputs], binding, {})
        return output, saved

    def gradient(
        self, wrt: str, cotangent: Array, tensors: Mapping[str, Array], binding: Binding, saved: Saved
    ) -> Array:
        """The gradient with respect to one input."""
        return self._call(wrt, [cotangent, *(tensors[t.name] for t in self.op.inputs)], binding, saved)


def _counts(x: Array) -> bool:
    return "int" in str(x.dtype)
