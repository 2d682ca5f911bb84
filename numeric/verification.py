"""Verifies an operation: every kernel's forward pass and gradients, on configurations that expose mistakes.

layer 0   the law is the operation that torch means               bit for bit on integers, else within rounding
layer 6   kernels equal the meaning of their formulas             bit for bit: integers make every sum exact
          <g, J v> = <vjp(g), v>, with J v from the law alone     exactly, on the same integers
layer 7   kernels on real data; the identity with exp or log      within the rounding of the sums evaluated
layer 8   torch's autograd, complex step, central differences     exactly on integers, else within rounding
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from derive.beyond import check_gradients
from derive.catalogue import op as build_op
from derive.operation import Op
from numeric.backend import gradient_formula
from numeric.checks.bounds import OUTPUT, bounds_on, exact_sample
from numeric.checks.checking import Check, worst_of
from numeric.checks.examination import Examination, Results, Run, Subject
from numeric.checks.rounding import FLOAT32
from numeric.checks.samples import Sample, draw
from numeric.kernels import Kernel, kernel
from numeric.native.compiler import present

BACKENDS = ("numpy", "torch", "cpp", "triton")
"""The backends that can be verified."""

LAYERS = frozenset((0, 6, 7, 8))
CONFIGURATIONS = 24


def usable(named: Iterable[str] | None = None) -> tuple[str, ...]:
    """The backends that are named; else all that run on any machine, and `cpp` where a compiler is found."""
    found = ("numpy", "torch", *(["cpp"] if present() else []))
    return found if named is None else tuple(named)


def verify(
    op: Op | str,
    configurations: int = CONFIGURATIONS,
    seed: int = 0,
    backends: Iterable[str] | None = None,
    layers: Iterable[int] = LAYERS,
) -> list[Check]:
    """Every claim about an operation that these layers test, each with the worst of its configurations.

    Without `backends`, in all that run here. Without layers 0 and 8 and the backend "torch", torch is never loaded.
    Raises: OperationError, NotationError, NotDerived.
    """
    own = subject(build_op(op) if isinstance(op, str) else op, usable(backends))
    spoken = frozenset(layers)
    return worst_of(c for k in range(configurations) for c in examine(own, seed + k, spoken))


@lru_cache(maxsize=64)
def subject(op: Op, backends: tuple[str, ...]) -> Subject:
    """An operation with its derived gradients and its kernels. Raises: NotDerived."""
    check_gradients(op)
    # a hypothesis on data makes a formula shorter and less general; kernels take any data
    law = replace(op, hypotheses=())
    formulas = {t.name: gradient_formula(law, t) for t in law.differentiable}
    return Subject(law, formulas, {name: runner(law, name) for name in ("reference", *backends)})


def runner(op: Op, backend: str) -> Run:
    """What runs the kernels of a backend; their source is printed once and serves every sample."""
    printed: list[Kernel] = []

    def run(sample: Sample, arrays: Mapping[str, NDArray], dy: NDArray) -> Results:
        if not printed:
            printed.append(kernel(op, backend, **sample.settings))
        made = printed[0].under(sample.settings)
        output, saved = made.forward_saved(**arrays)
        return {OUTPUT: output, **made.vjp(dy, saved=saved, **arrays)}

    return run


def examine(own: Subject, seed: int, layers: frozenset[int] = LAYERS) -> Iterator[Check]:
    """Every check of one configuration: on integers where they are exact, and on real data of the same sizes."""
    with np.errstate(all="ignore"):
        exact = exact_sample(own.op, own.formulas, seed)
        if exact is not None:
            yield from Examination(own, *exact, layer=6).checks(layers)
        real = draw(own.op, seed, "real")
        bounds = bounds_on(own.op, own.formulas, real, FLOAT32)
        yield from Examination(own, real, bounds, layer=7, alone=exact is None).checks(layers)
