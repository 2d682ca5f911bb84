"""Verifies an operation: every kernel's forward pass and gradients, on configurations that expose mistakes.

layer 0   the law is the operation that torch means               bit for bit on integers, else within rounding
layer 6   kernels equal the meaning of their formulas             bit for bit: integers make every sum exact
          <g, J v> = <vjp(g), v>, with J v from the law alone     exactly, on the same integers
layer 7   kernels on real data; the identity with exp or log      within the rounding of the sums evaluated
layer 8   torch's autograd, complex step, central differences     exactly on integers, else within rounding
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from derive.catalogue import op as build_op
from derive.operation import Op
from numeric.arguments import parameters
from numeric.backend import Formula, forward_formulas, gradient_formula
from numeric.binding import defaults
from numeric.bounds import OUTPUT, Bounds, along, bounds_on, direction, error_of, exact_sample, in_double, inner_product
from numeric.checking import Check, Explain, Place, compare_bounded, formula_of_entry, worst_of
from numeric.kernels import Kernel, kernel
from numeric.rounding import FLOAT32, FLOAT64, Ball, Rounding
from numeric.samples import Sample, draw

BACKENDS = ("numpy", "torch")
LAYERS = frozenset((0, 6, 7, 8))
CONFIGURATIONS = 24

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


def verify(
    op: Op | str,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
    backends: Iterable[str] = BACKENDS,
    layers: Iterable[int] = LAYERS,
) -> list[Check]:
    """Every claim about an operation that these layers test, each with the worst of its configurations.

    Without layers 0 and 8 and the backend "torch", torch is never loaded.
    Raises: OperationError, NotationError, NotDerived.
    """
    own = subject(build_op(op) if isinstance(op, str) else op, tuple(backends))
    spoken = frozenset(layers)
    return worst_of(c for k in range(configurations) for c in examine(own, seed + k, spoken))


@lru_cache(maxsize=64)
def subject(op: Op, backends: tuple[str, ...] = BACKENDS) -> Subject:
    """An operation with its derived gradients and its kernels. Raises: NotDerived."""
    # a hypothesis on data makes a formula shorter and less general; kernels take any data
    law = replace(op, hypotheses=())
    formulas = {t.name: gradient_formula(law, t) for t in law.differentiable}
    return Subject(law, formulas, {name: _runner(law, name) for name in ("reference", *backends)})


def _runner(op: Op, backend: str) -> Run:
    printed: list[Kernel] = []

    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        if not printed:
            printed.append(kernel(op, backend, **sample.settings))
        made = _with_settings(printed[0], sample)
        output, saved = made.forward_saved(**arrays)
        return {OUTPUT: output, **made.vjp(dy, saved=saved, **arrays)}

    return run


def _with_settings(printed: Kernel, sample: Sample) -> Kernel:
    """The kernel with a sample's settings: one source serves them all, and printing it takes longer than the rest."""
    values = defaults(printed.op, parameters(printed.op, sample.settings))
    return Kernel(
        printed.op, printed.backend, values, printed.layout, _arrays=printed._arrays, _functions=printed._functions
    )


def examine(own: Subject, seed: int, layers: frozenset[int] = LAYERS) -> Iterator[Check]:
    """Every check of one configuration: on integers where they are exact, and on real data of the same sizes."""
    with np.errstate(all="ignore"):
        exact = exact_sample(own.op, own.formulas, seed)
        if exact is not None:
            yield from _Examination(own, *exact, layer=6).checks(layers)
        real = draw(own.op, seed, "real")
        bounds = bounds_on(own.op, own.formulas, real, FLOAT32)
        yield from _Examination(own, real, bounds, layer=7, alone=exact is None).checks(layers)


@dataclass(frozen=True, slots=True)
class _Examination:
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
        meaning: Results = {key: b.value for key, b in self.bounds.balls.items()}
        if self.layer == 6:
            meaning = self._run("reference", "int64")
        in_floats: dict[str, Results] = {}
        for backend in [b for b in self.own.runs if b != "reference"]:
            for bounds in (self.bounds, double):
                name = f"{backend} {bounds.precision.name}"
                try:
                    found = self._run(backend, bounds.precision.name)
                except Exception as error:  # whatever a kernel raises is a verdict about it
                    yield Check(f"{name}: runs", self.layer, math.inf, seed=self.sample.seed, detail=repr(error))
                    continue
                if self.layer in layers:
                    yield from self._meant(name, found, meaning, bounds)
                in_floats[backend] = found
        if layers & {0, 8}:
            yield from (c for c in self._against_torch(meaning, in_floats, double) if c.layer in layers)
        if self.layer == 6 or (self.alone and self.sample.kind == "plain"):
            yield from self._directional(in_floats, double, layers)

    @property
    def _data(self) -> str:
        return "on integers" if self.layer == 6 else "on real data"

    def _run(self, backend: str, dtype: str) -> Results:
        """What a backend gives in one dtype. Raises: ValueError where it changed an input; what the kernel raises."""
        labels = {t.argument for t in self.sample.op.inputs if t.integer}
        cast = {a: x if a in labels else x.astype(dtype) for a, x in self.sample.given.items()}
        before = {a: x.copy() for a, x in cast.items()}
        found = self.own.runs[backend](self.sample, cast, self.sample.cotangent.astype(dtype))
        changed = [a for a in cast if not np.array_equal(cast[a], before[a])]
        if changed:
            raise ValueError(f"{backend}: got input {changed[0]} changed in place, expected it as it was")
        return found

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
        """A comparison in the law's shape; shapes that a user would not get are a failure."""
        shape = bound.shape
        if got.shape != self._passed(key).shape:
            detail = f"got shape {list(got.shape)}, expected {list(self._passed(key).shape)}"
            return Check(claim, layer, math.inf, seed=self.sample.seed, detail=detail)
        return compare_bounded(
            got.reshape(shape), want.reshape(shape), bound, claim, layer, self.sample.seed, self._explain(key)
        )

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
        means = f"torch.{self.own.op.name}" if oracle.is_torch(self.own.op) else "the law evaluated by torch"
        if self.layer == 6 or self.alone:
            claim = f"the law's forward equals {means} {self._data}"
            wide = meaning[OUTPUT].reshape(output.shape)
            yield self._compare(OUTPUT, wide, output, 2 * double.error(OUTPUT), claim, 0)
        for key, want in gradients.items():
            bound = double.error(key) + self._error_of_autograd(oracle, key, double)
            for backend, found in kernels.items():
                claim = f"{backend} float64: {self._title(key)} equals torch's autograd {self._data}"
                yield self._compare(key, found[key], want, bound, claim, 8)

    def _error_of_autograd(self, oracle: ModuleType, key: str, double: Bounds) -> NDArray:
        """The rounding error of autograd's own way to a gradient."""
        name = self.own.op.tensor(key).name
        other = oracle.order_of_autograd(self.own.op, name)
        return double.error(key) if other is None else error_of(self.own.op, self.sample, name, other)

    # -- directional derivatives: the adjoint identity, and J v by other means -----------------------------------------

    def _directional(self, kernels: Mapping[str, Results], double: Bounds, layers: frozenset[int]) -> Iterator[Check]:
        dy = exactly(self.sample.flat(self.own.op.output, self.sample.cotangent))
        for t in self.sample.wrt:
            v = direction(self.sample, t.name)
            moved = along(self.sample, t.name, v)
            left = inner_product(dy, moved)
            for backend, found in kernels.items() if self.layer in layers else ():
                gradient = Ball(self.sample.flat(t, found[t.argument]), double.balls[t.argument].error, self.layer == 6)
                right = inner_product(gradient, exactly(v))
                claim = f"{backend} float64: <g, J v> = <vjp(g), v> for dE/d{t.name} {self._data}"
                bound = left.spread + right.spread
                yield compare_bounded(right.value, left.value, bound, claim, self.layer, self.sample.seed)
            if 8 in layers:
                yield self._moved(t.name, v, moved)

    def _moved(self, name: str, v: NDArray, moved: Ball) -> Check:
        """J v from the law's tangents against J v from two values of the law."""
        oracle = import_module("numeric.oracle")
        if self.layer == 6 and oracle.degree(self.own.op, name) <= 2:
            how, found, bound = "the central difference", oracle.central_difference(self.sample, name, v), moved.spread
        else:
            how, found = "the complex step", oracle.complex_step(self.sample, name, v)
            bound = moved.spread * oracle.COMPLEX_ROUNDINGS
            if moved.error is not None:
                bound = bound + oracle.COMPLEX_UNDERFLOW
        claim = f"J v by tangents equals {how} along {name} {self._data}"
        return compare_bounded(moved.value, found, bound, claim, 8, self.sample.seed)


def exactly(values: NDArray) -> Ball:
    """Values that carry no error."""
    return Rounding(FLOAT64).data(values)
