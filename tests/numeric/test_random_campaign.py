"""Random cases: counted, repeatable, the same whoever shares the work, and nothing that goes wrong passes."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from derive.catalogue import names, op
from derive.errors import OperationError
from numeric import to_numpy
from numeric.backend import Saved
from numeric.checks import cluster
from numeric.checks import random_campaign as module
from numeric.checks.judging import Failure, judged
from numeric.checks.random_campaign import (
    CONVOLUTIONS,
    STACKS,
    STEP,
    Task,
    laws_of,
    limits_of,
    median,
    random_campaign,
    tasks_of,
)
from numeric.checks.samples import points
from numeric.checks.sharing import shared
from numeric.checks.stacks import CASES, forms_of
from numeric.checks.trial import Expectation, Trial, expected, trial
from numeric.plans import lower
from tests.numeric.mistakes import MISTAKES, Mistake

TIMES = dict.fromkeys(("seconds", "preparing_seconds", "testing_seconds", "cases_per_second_per_core"), 0)


# -- what is told ------------------------------------------------------------------------------------------------------


def test_a_campaign_is_json_and_counts_every_case() -> None:
    done: list[tuple[int, int]] = []
    found = random_campaign(cases=96, seed=5, progress=lambda k, n: done.append((k, n)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["cases"], found["passed"], found["failed"], found["undecided"]) == (96, 96, 0, 0)
    assert [*found["ops"]] == [*names()]
    assert sum(one["cases"] for one in found["ops"].values()) == 96
    assert sum(found["ops"][name]["cases"] for name in CONVOLUTIONS) == 32
    assert done[-1] == (96, 96)
    assert found["ops"]["conv2d"]["exact"] == found["ops"]["conv2d"]["cases"]
    assert found["ops"]["softmax"]["exact"] == 0


def test_the_same_seed_gives_the_same_verdict_however_many_processes_share_the_work() -> None:
    first, again, shared_out = (
        random_campaign(["relu", "linear", "tanh"], 200, seed=3, jobs=jobs) | TIMES for jobs in (1, 1, 2)
    )
    assert first == again == shared_out


def test_operations_share_alike_and_a_third_goes_to_convolutions() -> None:
    tasks = list(tasks_of(None, 10_000, 7, ("numpy",)))
    counts = {name: sum(t.cases for t in tasks if t.name == name) for name in names()}
    assert sum(counts.values()) == 10_000
    assert sum(counts[name] for name in CONVOLUTIONS) == 3333
    assert {t.first for t in tasks} == {7}
    assert [t.cases for t in tasks_of(["relu"], 3 * STACKS * CASES + 1, 0, ())] == [STACKS * CASES] * 3 + [1]
    assert [t.first for t in tasks_of(["relu"], 2 * STACKS * CASES, 9, ())] == [9, 9 + STACKS * STEP]


def test_convolutions_take_ten_thousand_multiply_adds_at_the_median() -> None:
    work = []
    for name in ("conv1d", "conv2d", "conv_transpose2d", "convolve2d"):
        laws = laws_of(name)
        for seed in range(12):
            law = laws[seed % len(laws)]
            work.append((points(law, next(forms_of(law, seed, limits_of(law, seed))).names)[0], 1))
    middle = median(work)
    assert middle is not None
    assert 5_000 < middle < 20_000


def test_the_median_counts_each_number_as_often_as_it_occurs() -> None:
    assert median([(5, 1), (1, 1), (3, 1)]) == 3
    assert median([(5, 10), (1, 1), (3, 1)]) == 5
    assert median([]) is None


@pytest.mark.parametrize("law", ["O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]", "O[n,d] = W[T[n],d]; W[v<V,d<D]; integer T"])
def test_a_law_of_ones_own_is_tried_too(law: str) -> None:
    found = random_campaign([law], 40)
    assert (found["passed"], found["failed"], [*found["ops"]]) == (40, 0, [law])


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def first_failure(own: Trial, stacks: int = 24, cases: int = 8) -> Failure | None:
    with np.errstate(all="ignore"):
        for seed in range(stacks):
            found = judged(own, expected(own, seed, cases, limits_of(own.op, seed)))
            if found.failures:
                return next(iter(found.failures.values()))
    return None


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_printed_into_a_kernel_is_found(mistake: Mistake, monkeypatch: pytest.MonkeyPatch) -> None:
    own = trial(op(mistake.law, **mistake.settings), ("numpy",))
    right = own.formulas[mistake.wrt]
    wrong = {**own.formulas, mistake.wrt: replace(right, body=mistake.wrong(right.body))}
    monkeypatch.setattr(lower, "gradient_formula", lambda law, tensor: wrong[tensor.name])
    monkeypatch.setattr(to_numpy, "_functions", to_numpy._functions.__wrapped__)  # no kernel is kept for other tests
    failure = first_failure(own)
    assert failure is not None
    assert f"dE/d{mistake.wrt}" in failure.check.claim


class Broken:
    """A kernel whose results are changed."""

    def __init__(self, kernel: Any, change: Callable[[dict[str, np.ndarray], Mapping[str, np.ndarray]], Any]) -> None:
        self.kernel, self.change = kernel, change

    def forward_saved(self, **arrays: np.ndarray) -> tuple[np.ndarray, Saved]:
        return self.kernel.forward_saved(**arrays)

    def vjp(self, dy: np.ndarray, saved: Saved, **arrays: np.ndarray) -> dict[str, np.ndarray]:
        found = self.kernel.vjp(dy, saved=saved, **arrays)
        return self.change(found, arrays) or found


def _one_bit(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    found["weight"].flat[-1] = np.nextafter(found["weight"].flat[-1], np.array(np.inf, found["weight"].dtype))


def _not_a_number(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    found["weight"].flat[0] = np.nan


def _in_place(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    arrays["input"][...] += 1


def _reshaped(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {**found, "weight": found["weight"][None]}


def _narrower(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    with np.errstate(over="ignore"):
        return {**found, "weight": found["weight"].astype(np.float16)}


def _raises(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
    raise IndexError("out of bounds")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_one_bit, "dE/dF equals autograd"),
        (_not_a_number, "dE/dF equals autograd"),
        (_in_place, "leaves input as it was"),
        (_reshaped, "dE/dF equals autograd"),
        (_narrower, "got float16"),
        (_raises, "IndexError('out of bounds')"),
    ],
)
def test_a_kernel_that_goes_wrong_is_seen_in_every_case(
    change: Callable[..., Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Trial.kernel
    monkeypatch.setattr(Trial, "kernel", lambda own, name, form: Broken(right(own, name, form), change))
    own = trial(op("conv2d"), ("numpy",))
    found = judged(own, expected(own, 1, 4))
    assert found.failed == {0, 1, 2, 3}
    assert any(said in str(f.check) for f in found.failures.values())
    assert found.undecided == set()


def test_one_wrong_case_of_a_stack_is_named_and_its_command_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Trial.kernel
    law, seed = op("conv2d"), 10 + 2 * STEP
    wrong = expected(trial(law, ("numpy",)), seed, 8, limits_of(law, seed)).stack.case(5).given["weight"]

    def change(found: dict[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> None:
        if np.array_equal(arrays["weight"], wrong):
            found["input"][...] += 1

    monkeypatch.setattr(module, "laws_of", lambda name: (law,))
    monkeypatch.setattr(Trial, "kernel", lambda own, name, form: Broken(right(own, name, form), change))
    module._ready.cache_clear()
    found = random_campaign(["conv2d"], 3 * CASES, seed=10, backends=("numpy",))
    assert (found["cases"], found["failed"], found["passed"]) == (3 * CASES, 1, 3 * CASES - 1)
    (failure,) = found["ops"]["conv2d"]["failures"]
    assert failure["command"] == f"backproof verify conv2d --random 6 --seed {seed} --backend numpy"
    assert (failure["case"], failure["seed"], failure["got"]) == (5, seed, failure["want"] + 1)
    assert {"stride", "padding"} <= failure["settings"].keys()
    assert {"N", "H", "W"} <= failure["sizes"].keys()
    words = shlex.split(failure["command"])
    again = random_campaign([words[2]], int(words[4]), int(words[6]), backends=("numpy",))
    assert again["ops"]["conv2d"]["failures"] == [failure]
    module._ready.cache_clear()


def test_what_rounding_leaves_open_is_undecided_only_where_numbers_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    own = trial(op("softmax"), ("numpy",))
    e = expected(own, 0, 3)
    e = replace(e, bounds={key: np.full(e.answers[key].shape, np.inf) for key in e.answers})
    off = {key: y + np.reshape([0.0, 1.0, np.nan], (3, *(1,) * (y.ndim - 1))) for key, y in e.answers.items()}
    found = judged(own, replace(e, answers=off))
    assert found.failures == {}
    assert found.undecided >= {1, 2}
    same = judged(own, replace(e, answers=results_of(own, e)))
    assert same.undecided == set()


def results_of(own: Trial, e: Expectation) -> dict[str, np.ndarray]:
    """What the kernels themselves give."""
    made, dtype = own.kernel(e.backend, e.stack.form), e.precision.name
    found: dict[str, list[np.ndarray]] = {key: [] for key in e.answers}
    for k in range(e.stack.cases):
        case = e.stack.case(k)
        arrays = {a: x.astype(dtype) for a, x in case.given.items()}
        results = {"": made.forward(**arrays), **made.vjp(case.cotangent.astype(dtype), **arrays)}
        for key in found:
            found[key].append(results[key])
    return {key: e.stack.flat(own.keys[key], np.stack(y)).astype(float) for key, y in found.items()}


# -- who shares the work -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_a_cluster_gives_what_one_process_gives(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("joblib")
    asked = []

    @contextmanager
    def engine(place: str) -> Iterator[tuple[str, str]]:
        asked.append(place)
        yield backend, "generator"

    monkeypatch.setitem(cluster.ENGINES, "dask", engine)
    alone = random_campaign(["relu", "add"], 80, 2)
    assert random_campaign(["relu", "add"], 80, 2, "dask://somewhere:1") | TIMES == alone | TIMES
    assert asked == ["somewhere:1"]


@pytest.mark.parametrize("address", ["spark://host:1", "dask://", "host:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(OperationError, match="expected dask://HOST:PORT, ray://HOST:PORT"):
        list(shared(str, [1, 2], address))


def test_only_names_and_numbers_travel() -> None:
    (task,) = tasks_of(["relu"], 3, 4, ("numpy",))
    assert task == Task("relu", 4, 3, ("numpy",))
    outcome = module.run(task)
    assert {type(value) for value in (getattr(outcome, n) for n in outcome.__slots__)} <= {int, float, list}
