"""A campaign is plain data, the same however many processes share it, and counts what fails."""

import json
from contextlib import nullcontext

import pytest

from derive.catalogue import names, op
from derive.operation import Op
from numeric.checks import campaign as module
from numeric.checks import cluster
from numeric.checks.campaign import Outcome, Task, allotted, campaign, catalogue_variants, cut, label, plain, shares
from numeric.checks.checking import Check
from tests.numeric.backends import RUN


def test_a_campaign_is_json_and_counts_every_configuration() -> None:
    done: list[tuple[int, int]] = []
    found = campaign(configurations=44, seed=5, progress=lambda k, n: done.append((k, n)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["configurations"], found["passed"], found["failed"], found["undecided"]) == (44, 44, 0, 0)
    assert set(found["ops"]) == set(names())
    assert sum(one["configurations"] for one in found["ops"].values()) == 44
    assert done[-1] == (44, 44)
    for one in found["ops"].values():
        assert set(one["backends"]) == {"law", *RUN}
        assert {*one["backends"]["numpy"]} >= {"7", "8"}
        counts = [c for layers in one["backends"].values() for c in layers.values()]
        assert all(c["claims"] > 0 and c["comparisons"] >= c["claims"] and c["failed"] == 0 for c in counts)
        assert sum(c["claims"] for c in counts) == len(one["checks"])
    assert [k for k, _ in done] == sorted({k for k, _ in done})


def test_the_number_of_processes_changes_nothing_but_the_time() -> None:
    ops = [op("relu"), op("linear"), op("mse_loss", reduction="sum")]
    alone, shared = (campaign(ops, configurations=30, seed=1, jobs=jobs) for jobs in (1, 2))
    assert {**alone, "seconds": 0} == {**shared, "seconds": 0}


def test_a_failure_is_counted_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(task: Task, backends: tuple[str, ...]) -> Outcome:
        return Outcome(
            1, [Check("a is b", 6, float("inf"), (1, 2), 1.0, float("nan"), 0.0, task.first, detail="a[1,2] = 1")]
        )

    monkeypatch.setattr(module, "run", run)
    found = campaign([op("relu")], configurations=5, seed=9)
    assert (found["configurations"], found["passed"], found["failed"]) == (5, 4, 1)
    (check,) = found["ops"]["relu"]["checks"]
    assert check["passed"] is False
    assert (check["error"], check["want"], check["index"], check["seed"]) == ("inf", "nan", [1, 2], 9)
    json.dumps(found, allow_nan=False)


def test_a_failing_configuration_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def examine(own: object, seed: int) -> list[Check]:
        return [Check("a", 6, 0.0 if seed % 2 else 2.0, seed=seed), Check("b", 6, 0.0 if seed % 2 else 2.0, seed=seed)]

    monkeypatch.setattr(module, "examine", examine)
    outcome = module.run(Task(op("relu"), 0, 5), ("numpy",))
    assert outcome.failed == 3
    assert [(c.claim, c.cases, bool(c)) for c in outcome.checks] == [("a", 5, False), ("b", 5, False)]


def test_every_choice_of_every_operation_takes_part() -> None:
    variants = list(catalogue_variants())
    assert {v.name for v in variants} == set(names())
    assert sum(v.name == "mse_loss" for v in variants) == 3
    assert len({str(v) for v in variants}) == len(variants)


def test_operations_share_alike_however_many_laws_they_have() -> None:
    laws = [op("relu"), op("mse_loss"), op("mse_loss", reduction="sum"), op("mse_loss", reduction="none")]
    assert allotted(10, laws) == [5, 2, 2, 1]
    assert allotted(1, laws) == [1, 0, 0, 0]


def test_what_rounding_leaves_open_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = {0: Check("a", 7, float("nan"), seed=0), 1: Check("a", 7, 0.5, seed=1)}
    monkeypatch.setattr(module, "examine", lambda own, seed: [claims[seed], Check("b", 7, float("nan"), seed=seed)])
    outcome = module.run(Task(op("relu"), 0, 2), ("numpy",))
    assert outcome.failed == 0
    assert [(c.claim, c.undecided, bool(c), c.cases) for c in outcome.checks] == [
        ("a", False, True, 2),
        ("b", True, False, 2),
    ]


def test_work_is_cut_without_loss() -> None:
    assert shares(10, 4) == [3, 3, 2, 2]
    assert shares(2, 4) == [1, 1, 0, 0]
    tasks = cut(op("relu"), 7, 200)
    assert len(tasks) > 1
    assert [s for t in tasks for s in range(t.first, t.first + t.count)] == list(range(7, 207))
    assert cut(op("relu"), 7, 0) == []


@pytest.mark.parametrize(("law", "name"), [(op("relu"), "relu"), (op("O[i] = X[i]"), "O[i] = X[i]")])
def test_ones_own_law_is_reported_by_its_text(law: Op, name: str) -> None:
    assert label(law) == name


def test_plain_data_keep_finite_numbers_as_numbers() -> None:
    assert plain(Check("a", 7, 0.5, bound=0.25))["error"] == 0.5


def test_a_cluster_shares_the_work_of_every_layer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("joblib")
    monkeypatch.setitem(cluster.ENGINES, "dask", lambda place: nullcontext(("loky", "generator")))
    ops = [op("relu"), op("mse_loss", reduction="sum")]
    alone, shared = (campaign(ops, configurations=8, seed=1, jobs=jobs) for jobs in (1, "dask://somewhere:1"))
    assert {**alone, "seconds": 0} == {**shared, "seconds": 0}
