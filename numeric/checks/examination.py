"""One sample under examination: what each layer claims about the results of every kernel on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from derive.operation import Op
from numeric.backend import Formula, forward_formulas
from numeric.checks.bounds import OUTPUT, Bounds, along, direction, error_of, in_double, inner_product
from numeric.checks.checking import Check, Explain, Place, compare_bounded, formula_of_entry
from numeric.checks.rounding import FLOAT64, Ball, Rounding
from numeric.checks.samples import Sample
from numeric.checks.steps import COMPLEX_ROUNDINGS, COMPLEX_TRUNCATION, central_difference, complex_step, degree

Results = Mapping[str, NDArray]
"""The output (under OUTPUT) and the gradients by argument."""

Run = Callable[[Sample, Mapping[str, NDArray], NDArray], Results]
"""A kernel at work: from a sample's settings, its inputs in some dtype, and the cotangent."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified: an operation, its gradients' formulas by letter, and what runs them, by backend."""

    op: Op
    formulas: Mapping[str, Formula]
    runs: Mapping[str, Run]


@dataclass(frozen=True, slots=True)
class Examination:
    """One sample with the bounds of its results: layer 6 where every bound is 0, else layer 7.

    `alone` says that no sample of integers speaks for this configuration.
    """

    own: Subject
    sample: Sample
    bounds: Bounds
    layer: int
    alone: bool = False

    def checks(self, layers: frozenset[int]) -> Iterator[Check]:
        """The claims of these layers on this sample."""
        double = in_double(self.own.op, self.own.formulas, self.sample, self.bounds)
        exact = self._meaning() if self.layer == 6 else None
        meaning = exact or _values(double)
        in_floats: dict[str, Results] = {}
        for backend in [b for b in self.own.runs if b != "reference"]:
            for bounds in (self.bounds, double):
                name = f"{backend} {bounds.precision.name}"
                try:
                    found = self._run(backend, bounds.precision.name)
                except Exception as error:  # whatever a kernel raises is a verdict about it
                    yield Check(
                        f"{name}: runs",
                        self.layer,
                        math.inf,
                        seed=self.sample.seed,
                        detail=repr(error),
                        backend=backend,
                    )
                    continue
                if self.layer in layers:
                    meant = self._meant(name, found, exact or _values(bounds), bounds)
                    yield from (replace(c, backend=backend) for c in meant)
                in_floats[backend] = found
        if layers & {0, 8}:
            yield from (c for c in self._against_torch(meaning, in_floats, double) if c.layer in layers)
        if self.layer == 6 or (self.alone and self.sample.kind in ("plain", "positive")):
            yield from self._directional(in_floats, double, layers)

    @property
    def _data(self) -> str:
        return "on integers" if self.layer == 6 else "on real data"

    def _run(self, backend: str, dtype: str) -> Results:
        """What a backend gives in one dtype. Raises: ValueError where it changed an input; what the kernel raises."""
        cast = self.sample.cast(dtype)
        before = {a: x.copy() for a, x in cast.items()}
        found = self.own.runs[backend](self.sample, cast, self.sample.cotangent.astype(dtype))
        changed = [a for a in cast if not np.array_equal(cast[a], before[a])]
        if changed:
            raise ValueError(f"{backend}: got input {changed[0]} changed in place, expected it as it was")
        return found

    def _meaning(self) -> Results:
        """What the formulas mean, on integers, in the law's shapes."""
        return {key: self._flat(key, y) for key, y in self._run("reference", "int64").items()}

    # -- layers 6 and 7: kernels against their meaning -----------------------------------------------------------------

    def _meant(self, name: str, found: Results, meaning: Results, bounds: Bounds) -> Iterator[Check]:
        how = "equals the reference" if self.layer == 6 else "is within its rounding bound"
        for key in bounds.balls:
            claim = f"{name}: {self._title(key)} {how}"
            got = found[key]
            if str(got.dtype) != bounds.precision.name:
                detail = f"got dtype {got.dtype}, expected {bounds.precision.name}"
                yield Check(claim, self.layer, math.inf, seed=self.sample.seed, detail=detail)
            else:
                yield self._compare(key, got, meaning[key], bounds.error(key), claim, self.layer)

    def _compare(self, key: str, got: NDArray, want: NDArray, bound: NDArray, claim: str, layer: int) -> Check:
        """A user's result against one in the law's shape; shapes that a user would not get are a failure."""
        if got.shape != self._passed(key).shape:
            detail = f"got shape {list(got.shape)}, expected {list(self._passed(key).shape)}"
            return Check(claim, layer, math.inf, seed=self.sample.seed, detail=detail)
        flat = self._flat(key, got)
        return compare_bounded(flat, want, bound, claim, layer, self.sample.seed, self._explain(key))

    def _flat(self, key: str, result: NDArray) -> NDArray:
        """A user's result in the law's shape."""
        return self.sample.flat(self.own.op.output if key == OUTPUT else self.own.op.tensor(key), result)

    def _passed(self, key: str) -> NDArray:
        """The array of the shape that a result must have."""
        return self.sample.cotangent if key == OUTPUT else self.sample.given[key]

    def _title(self, key: str) -> str:
        return "forward" if key == OUTPUT else f"dE/d{self.own.op.tensor(key).name}"

    def _formula(self, key: str) -> Formula:
        return forward_formulas(self.own.op)[-1] if key == OUTPUT else self.own.formulas[self.own.op.tensor(key).name]

    def _explain(self, key: str) -> Explain:
        def explain(place: Place) -> str:
            f = self._formula(key)
            entry = formula_of_entry(f.target, tuple(b.name for b in f.axes), f.body, self.sample.names, place)
            return f"{entry}\n{self.sample}"

        return explain

    # -- layers 0 and 8: torch -----------------------------------------------------------------------------------------

    def _against_torch(self, meaning: Results, kernels: Mapping[str, Results], double: Bounds) -> Iterator[Check]:
        oracle = import_module("numeric.oracle")
        output, gradients = oracle.autograd(self.sample)
        means = oracle.called(self.own.op)
        if self.layer == 6 or self.alone:
            claim = f"the law's forward equals {means} {self._data}"
            want, bound = (
                self._flat(OUTPUT, output),
                double.error(OUTPUT) + self._error_of_torch(oracle, OUTPUT, double),
            )
            yield compare_bounded(meaning[OUTPUT], want, bound, claim, 0, self.sample.seed, self._explain(OUTPUT))
        for key, want in gradients.items():
            bound = double.error(key) + self._error_of_torch(oracle, key, double)
            if not double.decided:  # where something overflows, torch's own way loses values, or what is very small
                bound = np.where(np.isnan(self._flat(key, want)), np.inf, bound + FLOAT64.largest**-0.5)
            for backend, found in kernels.items():
                claim = f"{backend} float64: {self._title(key)} equals torch's autograd {self._data}"
                yield replace(self._compare(key, found[key], self._flat(key, want), bound, claim, 8), backend=backend)

    def _error_of_torch(self, oracle: ModuleType, key: str, double: Bounds) -> NDArray:
        """The rounding error of torch's own way to the output or a gradient."""
        name = self.own.op.output.name if key == OUTPUT else self.own.op.tensor(key).name
        other = oracle.order_of_torch(self.own.op, name)
        return double.error(key) if other is None else error_of(self.own.op, self.sample, name, other)

    # -- directional derivatives: the adjoint identity, and J v by other means -----------------------------------------

    def _directional(self, kernels: Mapping[str, Results], double: Bounds, layers: frozenset[int]) -> Iterator[Check]:
        dy = exactly(self.sample.flat(self.own.op.output, self.sample.cotangent))
        # steps are divided by what the law divides by
        multiple = math.lcm(*self.bounds.divisors) if self.layer == 6 else 1
        for t in self.sample.wrt:
            v = direction(self.sample, t.name, multiple)
            moved = along(self.sample, t.name, v)
            left = inner_product(dy, moved)
            for backend, found in kernels.items() if self.layer in layers else ():
                if found[t.argument].shape != self._passed(t.argument).shape:
                    continue  # which is a failure of its own
                gradient = Ball(self.sample.flat(t, found[t.argument]), double.balls[t.argument].error, self.layer == 6)
                right = inner_product(gradient, exactly(v))
                claim = f"{backend} float64: <g, J v> = <vjp(g), v> for dE/d{t.name} {self._data}"
                bound = left.spread + right.spread
                found_equal = compare_bounded(right.value, left.value, bound, claim, self.layer, self.sample.seed)
                yield replace(found_equal, backend=backend)
            if 8 in layers:
                yield self._moved(t.name, v, moved)

    def _moved(self, name: str, v: NDArray, moved: Ball) -> Check:
        """J v from the law's tangents against J v from two values of the law."""
        if self.layer == 6 and degree(self.own.op, name) <= 2:
            how, found, bound = "the central difference", central_difference(self.sample, name, v), moved.spread
        else:
            how, found = "the complex step", complex_step(self.sample, name, v)
            bound = moved.spread * COMPLEX_ROUNDINGS + COMPLEX_TRUNCATION
        claim = f"J v by tangents equals {how} along {name} {self._data}"
        return compare_bounded(moved.value, found, bound, claim, 8, self.sample.seed)


def _values(bounds: Bounds) -> Results:
    """What the bounds are around; where the floats of one precision overflow, those of another need not."""
    return {key: b.value for key, b in bounds.balls.items()}


def exactly(values: NDArray) -> Ball:
    """Values that carry no error."""
    return Rounding(FLOAT64).data(values)
