"""An operation on trial: a stack of cases drawn for it, torch's answers, and how far a kernel's may be off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from derive.beyond import check_gradients
from derive.errors import MeaningError, OperationError
from derive.expressions.expr import Expr
from derive.operation import Op, Tensor
from numeric.backend import Formula, backend, gradient_formula
from numeric.checks.bounds import OUTPUT, Bounds, bounds_on, error_of, in_double
from numeric.checks.exactness import largest_exact
from numeric.checks.rounding import FLOAT32, FLOAT64, Precision
from numeric.checks.samples import REAL, SMALL, Limits, Sample
from numeric.checks.stacks import Stack, draw_stack, forms_of, stacked, stacked_expr, stacked_formula
from numeric.kernels import Kernel, kernel

PRECISIONS = (FLOAT32, FLOAT64)
FORMS = 6
"""How often sizes and settings are drawn until every claim about every case is decided."""

Stacks = Mapping[str, NDArray]
"""The output (under OUTPUT) and the gradients by argument, of all cases along the first axis, in the law's shape."""


@dataclass(slots=True)
class Trial:
    """An operation with its gradients derived and its kernels printed.

    `ways` are torch's own to results that it rounds differently, by argument, the output's under OUTPUT.
    """

    op: Op
    formulas: Mapping[str, Formula]
    backends: tuple[str, ...]
    ways: Mapping[str, Expr] = field(init=False)
    _kernels: dict[str, Kernel] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        order = import_module("numeric.oracle").order_of_torch
        ways = {key: order(self.op, t.name) for key, t in self.keys.items()}
        self.ways = {key: way for key, way in ways.items() if way is not None}

    def kernel(self, name: str, form: Sample) -> Kernel:
        """The kernel of a backend under the settings of a signature; its source is printed once and serves all."""
        if name not in self._kernels:
            self._kernels[name] = kernel(self.op, name, **form.settings)
        return self._kernels[name].under(form.settings)

    @property
    def stacked_formulas(self) -> dict[str, Formula]:
        """The gradients' formulas for a stack of cases."""
        return {name: stacked_formula(f) for name, f in self.formulas.items()}

    @property
    def keys(self) -> dict[str, Tensor]:
        """The tensors that are compared, by their keys in results."""
        return {OUTPUT: self.op.output, **{t.argument: t for t in self.op.differentiable}}


def trial(op: Op, backends: tuple[str, ...]) -> Trial:
    """An operation made ready. Raises: NotDerived, OperationError."""
    check_gradients(op)
    law = replace(op, hypotheses=())  # kernels take any data
    for name in backends:
        len(backend(name).functions(law).source)  # asked for, it is printed: that is part of making ready
    return Trial(law, {t.name: gradient_formula(law, t) for t in law.differentiable}, backends)


# -- what is expected --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expectation:
    """A stack for one backend with torch's answers; `bounds` say how far off they may be, 0 where nothing rounds."""

    stack: Stack
    backend: str
    precision: Precision
    exact: bool
    answers: Stacks
    bounds: Mapping[str, NDArray | float]

    @property
    def open(self) -> bool:
        """Whether nothing is claimed about some result of some case."""
        each = (np.isinf(np.broadcast_to(self.bounds[key], y.shape)) for key, y in self.answers.items())
        return any(bool(inf.reshape(self.stack.cases, -1).all(axis=1).any()) for inf in each)


def expected(own: Trial, seed: int, cases: int, limits: Limits = SMALL) -> Expectation:
    """Data for the signature of a seed, integers wherever nothing rounds on them, and torch's answers.

    Sizes and settings are drawn again where rounding leaves a claim about some case open.
    Raises: OperationError where no sizes and no data give the law a value.
    """
    best: Expectation | None = None
    for form in islice(forms_of(own.op, seed, limits), FORMS):
        found = _expected_at(own, form, cases)
        if best is None or (found is not None and not found.open):
            best = found
        if best is not None and not best.open:
            break
    if best is None:
        raise OperationError(f"{own.op.name}: got no data on which the law has a value, expected some; check the law")
    return best


def _expected_at(own: Trial, form: Sample, cases: int) -> Expectation | None:
    """The same at given sizes and settings; None where no data give the law a value."""
    random = np.random.default_rng([form.seed, 5])
    precision, style = PRECISIONS[random.integers(len(PRECISIONS))], REAL[random.integers(len(REAL))]
    name = own.backends[random.integers(len(own.backends))]
    others = [Formula(t.name, t.axes, own.ways[key]) for key, t in own.keys.items() if key in own.ways]
    exact = largest_exact(own.op, [*own.formulas.values(), *others], form.names, precision)
    if exact is not None:
        stack = draw_stack(form, cases, "integer", *exact)
        answers = _answers(stack)
        return Expectation(stack, name, precision, True, answers, dict.fromkeys(answers, 0.0))
    drawn = (draw_stack(form, cases, kind) for kind in (style, "plain", "positive"))
    found = _most_claimed(own, drawn, precision)
    if found is None:
        return None
    stack, single = found
    answers = _answers(stack)
    return Expectation(stack, name, precision, False, answers, _apart(own, stack.whole, single, answers))


def _most_claimed(own: Trial, stacks: Iterable[Stack], precision: Precision) -> tuple[Stack, Bounds] | None:
    """The first stack on which every bound is finite, else that with the most, and its bounds; None without a value."""
    best, share = None, -1.0
    for stack in stacks:
        try:
            bounds = bounds_on(stacked(own.op), own.stacked_formulas, stack.whole, precision)
        except MeaningError:
            continue
        finite = min(float(np.isfinite(b.spread).mean()) for b in bounds.balls.values())
        if finite > share:
            best, share = (stack, bounds), finite
        if finite == 1:
            break
    return best


def _answers(stack: Stack) -> dict[str, NDArray]:
    op = stack.form.op
    output, gradients = import_module("numeric.oracle").autograd_of_stack(stack)
    return {OUTPUT: stack.flat(op.output, output), **{a: stack.flat(op.tensor(a), g) for a, g in gradients.items()}}


def _apart(own: Trial, whole: Sample, single: Bounds, answers: Stacks) -> dict[str, NDArray]:
    """How far a kernel and torch may be apart, infinite where nothing is claimed."""
    double = in_double(whole.op, own.stacked_formulas, whole, single)
    apart = {key: single.error(key) + _error_of_torch(own, key, whole, double) for key in answers}
    if double.decided:
        return apart
    # where something overflows, torch's own way loses values, or what is very small
    lost = FLOAT64.largest**-0.5
    return {key: np.where(np.isnan(answers[key]), np.inf, bound + lost) for key, bound in apart.items()}


def _error_of_torch(own: Trial, key: str, whole: Sample, double: Bounds) -> NDArray:
    """The rounding error of torch's own way to the output or a gradient."""
    if key not in own.ways:
        return double.error(key)
    return error_of(whole.op, whole, own.keys[key].name, stacked_expr(own.ways[key]))
