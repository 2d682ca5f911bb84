"""The layers bite: every mistake of the list is seen by the layer named for it, without torch's autograd."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest

from derive.catalogue import op
from numeric import to_numpy
from numeric.backend import Formula
from numeric.checks.checking import Check
from numeric.checks.examination import Results, Run, Subject
from numeric.checks.samples import Sample
from numeric.plans import lower
from numeric.verification import examine, runner, subject
from tests.numeric.float_orders import shuffled
from tests.numeric.mistakes import MISTAKES, Mistake

CONFIGURATIONS = 16
WITHOUT_TORCH = frozenset((6, 7))


def in_float64(run: Run) -> Run:
    """A run that computes in float64 whatever it is given: exact on the integers that it stands in for."""
    return lambda sample, arrays, dy: run(
        sample,
        {a: x if a in integer_arguments(sample) else x.astype(float) for a, x in arrays.items()},
        dy.astype(float),
    )


def integer_arguments(sample: Sample) -> set[str]:
    return {t.argument for t in sample.op.inputs if t.integer}


def subject_with(own: Subject, derived: Mapping[str, Formula], kernel: Run) -> Subject:
    """A subject with these derived formulas, a reference that evaluates them, and this kernel."""
    return Subject(own.op, derived, {"reference": in_float64(shuffled(derived)), "kernel": kernel})


def checks(own: Subject, count: int = CONFIGURATIONS, layers: frozenset[int] = WITHOUT_TORCH) -> Iterator[Check]:
    for seed in range(count):
        yield from examine(own, seed, layers)


def seen_by(own: Subject, layer: int) -> Check | None:
    """The first failure on a layer."""
    return next((c for c in checks(own) if not c and c.layer == layer), None)


def wrong_formulas(own: Subject, mistake: Mistake) -> Mapping[str, Formula]:
    right = own.formulas[mistake.wrt]
    return {**own.formulas, mistake.wrt: replace(right, body=mistake.wrong(right.body))}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_in_the_derivation_is_seen_through_the_adjoint_identity(mistake: Mistake) -> None:
    own = subject(op(mistake.law, **mistake.settings), ())
    wrong = wrong_formulas(own, mistake)
    failure = seen_by(subject_with(own, wrong, shuffled(wrong)), mistake.layer)
    assert failure is not None
    assert "<g, J v> = <vjp(g), v>" in failure.claim
    assert f"dE/d{mistake.wrt}" in failure.claim


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_in_the_kernel_alone_is_seen_against_its_formula(mistake: Mistake) -> None:
    own = subject(op(mistake.law, **mistake.settings), ())
    failure = seen_by(subject_with(own, own.formulas, shuffled(wrong_formulas(own, mistake))), mistake.layer)
    assert failure is not None
    assert f"kernel float32: dE/d{mistake.wrt}" in failure.claim
    assert f"dE/d{mistake.wrt}[" in failure.detail
    assert str(failure.seed) in failure.detail


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_printed_into_a_real_kernel_is_seen(mistake: Mistake, monkeypatch: pytest.MonkeyPatch) -> None:
    own = subject(op(mistake.law, **mistake.settings), ("numpy",))
    wrong = wrong_formulas(own, mistake)
    monkeypatch.setattr(lower, "gradient_formula", lambda law, tensor: wrong[tensor.name])
    monkeypatch.setattr(to_numpy, "_functions", to_numpy._functions.__wrapped__)  # no kernel is kept for other tests
    printed = runner(own.op, "numpy")
    failure = seen_by(subject_with(own, own.formulas, printed), mistake.layer)
    assert failure is not None
    assert f"kernel float32: dE/d{mistake.wrt}" in failure.claim


@pytest.mark.parametrize("law", sorted({m.law for m in MISTAKES}))
def test_what_is_right_passes_every_layer(law: str) -> None:
    own = subject(op(law), ())
    found = list(checks(subject_with(own, own.formulas, shuffled(own.formulas)), layers=frozenset((0, 6, 7, 8))))
    assert [str(c) for c in found if not c] == []
    assert {c.layer for c in found} >= {0, 7, 8}


def test_the_list_has_mistakes_of_every_operation() -> None:
    assert len({m.number for m in MISTAKES}) >= 30
    assert {m.law for m in MISTAKES} >= {"conv2d", "max_pool2d", "avg_pool2d", "linear", "relu", "cross_entropy"}


# -- kernels that go wrong otherwise -----------------------------------------------------------------------------------


def altered(change: object) -> Subject:
    own = subject(op("conv2d"), ())
    right = shuffled(own.formulas)

    def run(sample: Sample, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
        return change(dict(right(sample, arrays, dy)), arrays, dy)  # type: ignore[operator]

    return subject_with(own, own.formulas, run)


def _one_entry(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    wrong = found["weight"].copy()
    wrong.flat[-1] = np.nextafter(wrong.flat[-1], np.array(np.inf, wrong.dtype))
    return {**found, "weight": wrong}


def _single(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    return {**found, "input": found["input"].astype(np.float32).astype(dy.dtype)}


def _few_hundred_units(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    return {**found, "input": found["input"] * dy.dtype.type(1 + 300 * np.finfo(dy.dtype).eps)}


def _not_a_number(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    wrong = found[""].copy()
    wrong.flat[0] = np.nan
    return {**found, "": wrong}


def _wider(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    return {**found, "weight": found["weight"].astype(np.float64)}


def _reshaped(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    return {**found, "weight": found["weight"].reshape(-1)}


def _in_place(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    arrays["input"][...] += 1
    return found


def _raises(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
    raise IndexError("out of bounds")


@pytest.mark.parametrize(
    ("change", "layer", "said"),
    [
        (_one_entry, 6, "dE/dF equals the reference"),
        (_single, 7, "float64: dE/dX is within its rounding bound"),
        (_few_hundred_units, 7, "dE/dX is within its rounding bound"),
        (_not_a_number, 6, "forward equals the reference"),
        (_wider, 6, "got dtype float64, expected float32"),
        (_reshaped, 6, "got shape"),
        (_in_place, 6, "input changed in place"),
        (_raises, 6, "IndexError"),
    ],
)
def test_a_kernel_that_goes_wrong_is_seen(change: object, layer: int, said: str) -> None:
    failure = seen_by(altered(change), layer)
    assert failure is not None
    assert said in str(failure)
