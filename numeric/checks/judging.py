"""A stack of cases judged: a backend's kernels run case by case, all their results compared with torch's at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from numeric.backend import Array, backend, forward_formulas
from numeric.checks.bounds import OUTPUT
from numeric.checks.checking import Check, Explain, Place, as_float, compare_bounded, formula_of_entry, relative_error
from numeric.checks.trial import Expectation, Trial


@dataclass(frozen=True, slots=True)
class Failure:
    """A claim that does not hold, for one case of a stack."""

    case: int
    check: Check


@dataclass(frozen=True, slots=True)
class Judgement:
    """The cases of a stack that failed, those of which rounding leaves a claim open, each claim's first failure."""

    failed: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def undecided(self) -> set[int]:
        return self.open - self.failed

    def fail(self, case: int, claim: str, check: Callable[[], Check]) -> None:
        """Note that a claim does not hold; what is told of it is made only for the first case."""
        self.failed.add(case)
        if claim not in self.failures:
            self.failures[claim] = Failure(case, check())


def judged(own: Trial, e: Expectation) -> Judgement:
    """A backend's kernels on every case of a stack, against torch's answers."""
    arrays, dtype, stack = backend(e.backend), e.precision.name, e.stack
    given = {a: arrays.take(x.copy() if a in own.op.labels else x.astype(dtype)) for a, x in stack.given.items()}
    cotangent = arrays.take(stack.cotangent.astype(dtype))
    made, judgement = own.kernel(e.backend, stack.form), Judgement()
    found: dict[int, Mapping[str, Array]] = {}
    for k in range(stack.cases):
        inputs = {a: x[k] for a, x in given.items()}
        try:
            output, saved = made.forward_saved(**inputs)
            found[k] = {OUTPUT: output, **made.vjp(cotangent[k], saved=saved, **inputs)}
        except Exception as error:  # whatever a kernel raises is a verdict about it
            judgement.fail(k, "runs", partial(_failure, e, k, "runs", repr(error)))
    for a, x in stack.given.items():
        changed = (arrays.give(given[a], x) != x).reshape(stack.cases, -1).any(axis=1)
        claim = f"leaves {a} as it was"
        for k in map(int, np.flatnonzero(changed)):
            judgement.fail(k, claim, partial(_failure, e, k, claim, "changed in place"))
    for key in e.answers:
        _compare(own, e, key, {k: arrays.give(r[key], stack.cotangent) for k, r in found.items()}, judgement)
    return judgement


def _compare(own: Trial, e: Expectation, key: str, found: Mapping[int, NDArray], judgement: Judgement) -> None:
    """One result of every case against torch's answer."""
    tensor = own.keys[key]
    title = "forward" if key == OUTPUT else f"dE/d{tensor.name}"
    claim = f"{title} {'equals' if e.exact else 'is within rounding of'} {'torch' if key == OUTPUT else 'autograd'}"
    shape, dtype = (e.stack.cotangent if key == OUTPUT else e.stack.given[key]).shape[1:], e.precision.name
    fit = [k for k, y in found.items() if y.shape == shape and y.dtype == dtype]
    for k in sorted(found.keys() - {*fit}):
        said = f"got {found[k].dtype} in shape {list(found[k].shape)}, expected {dtype} in shape {list(shape)}"
        judgement.fail(k, claim, partial(_failure, e, k, claim, said))
    if not fit:
        return
    got, want = as_float(e.stack.flat(tensor, np.stack([found[k] for k in fit]))), e.answers[key][fit]
    if np.array_equal(got, want):
        return
    bound = np.broadcast_to(e.bounds[key], e.answers[key].shape)[fit]
    error = relative_error(got, want, bound).reshape(len(fit), -1).max(axis=1)
    differs = ~((got == want) | (np.isnan(got) & np.isnan(want))).reshape(len(fit), -1).all(axis=1)
    judgement.open.update(fit[at] for at in np.flatnonzero(np.isinf(bound).reshape(len(fit), -1).all(axis=1) & differs))
    for at in np.flatnonzero(~(error <= 1)):
        numbers = got[at], want[at], bound[at]
        judgement.fail(fit[at], claim, partial(_difference, own, e, key, fit[at], claim, numbers))


def _difference(
    own: Trial, e: Expectation, key: str, k: int, claim: str, numbers: tuple[NDArray, NDArray, NDArray]
) -> Check:
    """A claim that fails in one case, with its worst entry."""
    layer, explain = 0 if key == OUTPUT else 8, _explain(own, e, key, k)
    check = compare_bounded(*numbers, _full(e, claim), layer, e.stack.form.seed, explain)
    return replace(check, backend=e.backend)


def _full(e: Expectation, claim: str) -> str:
    return f"{e.backend} {e.precision.name}: {claim}"


def _failure(e: Expectation, k: int, claim: str, detail: str) -> Check:
    """A claim that fails without numbers to compare."""
    said, seed = f"{detail}\n{e.stack.case(k)}", e.stack.form.seed
    return Check(_full(e, claim), 8, math.inf, seed=seed, detail=said, backend=e.backend)


def _explain(own: Trial, e: Expectation, key: str, k: int) -> Explain:
    """What says the formula of an entry, and the case that it is of."""

    def explain(place: Place) -> str:
        f = forward_formulas(own.op)[-1] if key == OUTPUT else own.formulas[own.keys[key].name]
        axes = tuple(b.name for b in f.axes)
        return f"{formula_of_entry(f.target, axes, f.body, e.stack.form.names, place)}\n{e.stack.case(k)}"

    return explain
