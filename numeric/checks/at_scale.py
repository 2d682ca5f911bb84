"""Float kernels on up to millions of integers: bit for bit against their meaning in int64, and by the adjoint identity.

Integers are as large as the sums at these sizes allow: no partial sum, in any order, reaches the first integer that the
floats do not hold. Two checks of each result:

    equals     every entry is that of the formula, evaluated in 64-bit integers
    adjoint    <g, f(x+v) - f(x-v)> = 2 <vjp(g), v>, exact for laws of degree up to 2 and piece by piece, with both
               inner products modulo 2^61-1, where no sum overflows: a wrong gradient passes with probability 3/(2B+1)
               at most for data, directions and cotangents in -B...B
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.conventions import chooses_by_values
from derive.errors import OperationError
from derive.operation import Op, Tensor
from numeric.backend import gradient_formula
from numeric.checks.bounds import OUTPUT
from numeric.checks.checking import Check, compare_exact
from numeric.checks.exactness import most_exact
from numeric.checks.examination import Results
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision
from numeric.checks.samples import Limits, Sample, chosen_symbols, fitting, points, sized, with_data, with_sizes
from numeric.checks.steps import degree
from numeric.evaluation import residues
from numeric.evaluation.dense import shape_of
from numeric.kernels import Kernel, kernel
from numeric.verification import usable

Whole = NDArray[np.int64]
UNLIMITED = Limits(extent=1 << 30, most=1 << 40, most_backward=1 << 44)
PRECISIONS = (FLOAT32, FLOAT64)


def at_scale(
    op: Op,
    inputs: int,
    seed: int = 0,
    backends: Iterable[str] | None = None,
    kinds: Iterable[str] = ("equals", "adjoint"),
    kernels: Mapping[str, Kernel] | None = None,
) -> list[Check]:
    """Every claim about the kernels of an operation on one configuration with so many numbers going in, or more.

    `kernels` puts others in place of those that are printed. Nothing where the operation leaves the integers.
    Raises: OperationError where no sizes fit.
    """
    law = replace(op, hypotheses=())  # kernels take any data
    formulas = [gradient_formula(law, t) for t in law.differentiable]
    names = enlarged(law, inputs, seed)
    form = with_sizes(law, seed, names, np.random.default_rng([seed, 6]), left_out=False)
    made = kernels or {name: kernel(law, name, **form.settings) for name in usable(backends)}
    found: list[Check] = []
    for precision in PRECISIONS:
        magnitudes = most_exact(law, formulas, names, precision)
        if magnitudes is not None:
            found += _Scale(form, made, precision, *magnitudes).checks(frozenset(kinds))
    return found


def enlarged(op: Op, inputs: int, seed: int = 0) -> dict[str, Any]:
    """Sizes that expose mistakes, with extents doubled until so many numbers go in; those that add least work first.

    Raises: OperationError where no sizes fit.
    """
    form = sized(op, seed)
    if form is None:
        raise OperationError(f"{op.name}: got no sizes that fit, expected some; check the law's sizes and requirements")
    names = dict(form.names)
    parameters = {p.name for p in op.parameters}
    while entries(op, names) < inputs:
        larger: list[tuple[int, int, dict[str, Any]]] = []
        for g in chosen_symbols(op):
            found = None if g in parameters else fitting(op, _with(op, names, g, 2 * names[g]), UNLIMITED)
            if found is not None and entries(op, found) > entries(op, names):
                # of extents that add as much work, the least one grows
                work = round(4 * math.log2(sum(points(op, found)) / entries(op, found)))
                larger.append((work, names[g], found))
        if not larger:
            break
        names = min(larger, key=lambda choice: choice[:2])[2]
    return names


def _with(op: Op, names: Mapping[str, Any], changed: str, value: int) -> dict[str, Any]:
    return {**{n: names[n] for n in chosen_symbols(op)}, changed: value}


def entries(op: Op, names: Mapping[str, Any]) -> int:
    """How many numbers go in."""
    return sum(math.prod(shape_of(t.axes, names)) for t in op.inputs)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Kernels at one size in one precision, on integers that are multiples of `multiple`."""

    form: Sample
    kernels: Mapping[str, Kernel]
    precision: Precision
    largest: int
    multiple: int

    @property
    def half(self) -> int:
        """Half of the room is for the data and half for the directions in which they move."""
        return max(1, self.largest // 2)

    def checks(self, kinds: frozenset[str]) -> Iterator[Check]:
        """What is claimed of every backend."""
        sample = with_data(self.form, "integer", self.half, self.multiple, np.random.default_rng([self.form.seed, 7]))
        reference = kernel(sample.op, "reference", **sample.settings)
        meaning = _Run(reference, sample, "int64").results() if "equals" in kinds else {}
        for backend, made in self.kernels.items():
            run = _Run(made, sample, self.precision.name)
            for check in self._said(run, meaning, "adjoint" in kinds):
                claim = f"{backend} {self.precision.name}: {check.claim} on {self._count} integers"
                yield replace(check, claim=claim, seed=sample.seed, backend=backend)

    def _said(self, run: _Run, meaning: Results, adjoint: bool) -> Iterator[Check]:
        """The claims about one kernel; whatever it raises is a verdict about it."""
        try:
            found = run.results()
            yield from self._equal(found, meaning)
            yield from self._adjoint(run, found) if adjoint else ()
        except Exception as error:
            yield Check("runs", 6, math.inf, detail=repr(error))

    @property
    def _count(self) -> str:
        return f"{entries(self.form.op, self.form.names):,}"

    def _equal(self, found: Results, meaning: Results) -> Iterator[Check]:
        for key, want in meaning.items():
            title = "forward" if key == OUTPUT else f"dE/d{self.form.op.tensor(key).name}"
            if str(found[key].dtype) == self.precision.name:
                yield compare_exact(found[key], want, f"{title} equals the reference", 6)
            else:
                said = f"got dtype {found[key].dtype}, expected {self.precision.name}"
                yield Check(f"{title} equals the reference", 6, math.inf, detail=said)

    # -- the adjoint identity ------------------------------------------------------------------------------------------

    def _adjoint(self, run: _Run, found: Results) -> Iterator[Check]:
        sample = run.sample
        for t in sample.wrt:
            if degree(sample.op, t.name, pieces=True) > 2:
                continue
            random = np.random.default_rng([sample.seed, 8, *t.name.encode()])
            v = random.integers(-self.half, self.half + 1, sample.given[t.argument].shape) * self.multiple
            dy, moved = self._moved(run, found, t, v)
            gradient = found[t.argument] if dy is sample.cotangent else run.gradient(dy, t)
            left, right = inner(integers(dy), moved), inner(2 * integers(gradient), v)
            said = f"2 <g, J v> is {left} by the forward pass and {right} by the gradient, modulo 2^61-1"
            error = 0.0 if left == right else math.inf
            yield Check(f"<g, J v> = <vjp(g), v> for dE/d{t.name}", 6, error, detail=said)

    def _moved(self, run: _Run, found: Results, t: Tensor, v: Whole) -> tuple[NDArray[Any], Whole]:
        """A cotangent, and 2 J v; the cotangent is 0 where a step along v leaves the piece of a law."""
        here, ahead = integers(found[OUTPUT]), integers(run.forward(t, v))
        several = chooses_by_values(run.sample.op)
        if not several and degree(run.sample.op, t.name) <= 1:
            return run.sample.cotangent, 2 * (ahead - here)
        behind = integers(run.forward(t, -v))
        if not several:
            return run.sample.cotangent, ahead - behind
        return np.where(ahead + behind == 2 * here, run.sample.cotangent, 0), ahead - behind


@dataclass(frozen=True, slots=True)
class _Run:
    """A kernel on a sample in one dtype."""

    kernel: Kernel
    sample: Sample
    dtype: str

    def results(self) -> Results:
        """The output and every gradient."""
        arrays = self.sample.cast(self.dtype)
        output, saved = self.kernel.forward_saved(**arrays)
        return {OUTPUT: output, **self.kernel.vjp(self.sample.cotangent.astype(self.dtype), saved=saved, **arrays)}

    def gradient(self, dy: NDArray[Any], t: Tensor) -> NDArray[Any]:
        """One gradient for another cotangent."""
        arrays: dict[str, Any] = self.sample.cast(self.dtype)
        found: NDArray[Any] = self.kernel.vjp(dy.astype(self.dtype), wrt=[t.name], **arrays)[t.argument]
        return found

    def forward(self, t: Tensor, step: Whole) -> NDArray[Any]:
        """The output with one input moved."""
        arrays = self.sample.cast(self.dtype)
        found: NDArray[Any] = self.kernel.forward(
            **{**arrays, t.argument: arrays[t.argument] + step.astype(self.dtype)}
        )
        return found


def inner(a: Whole, b: Whole) -> int:
    """<a, b> modulo 2^61-1."""
    return int(residues.total(residues.multiply(residues.residues(a.reshape(-1)), residues.residues(b.reshape(-1)))))


def integers(x: NDArray[Any]) -> Whole:
    """Floats as the integers that they are. Raises: ValueError where they are none."""
    found = np.asarray(x).astype(np.int64)
    if not np.array_equal(found, x):
        raise ValueError("got results that are no integers, expected integers on integers")
    return found
