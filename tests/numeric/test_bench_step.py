"""Steps are compared before they are timed: who moves parameters elsewhere is named; rounding is bounded."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from derive.catalogue import op
from derive.errors import OperationError
from derive.networks.composition import Graph, graph
from derive.networks.network import lenet, lenet_layers, mlp, sequential
from numeric.bench import step
from numeric.bench.absent import Absent
from numeric.bench.agreement import expected
from numeric.bench.contestants import EAGER, MAKERS, derived
from numeric.bench.data import numbers
from numeric.bench.rounds import measured, spread
from numeric.bench.step import RATE, compare_steps
from numeric.bench.yardstick import step_flops
from numeric.networks import training_step
from tests.numeric.backends import needs_compiler


def small(batch: str = "N") -> Graph:
    """LeNet's layers on 16 x 16."""
    return sequential("small", (1, 16, 16), lenet_layers(filters=(2, 3)), batch)


def quiet(done: int, total: int, what: str) -> None:
    """Nobody looks."""


def moved(name: str, how: str):
    """A maker whose first step is a mistake: the gradient of one parameter is `how` it should not be."""

    def make(g, own, threads):
        right = derived("numpy", g, own, threads)
        exact = right.step

        def wrong(weights, *inputs):
            loss, gradients = exact(weights, *inputs)
            changed = {"left out": 0, "doubled": 2, "with another sign": -1, "not a number": np.nan}[how]
            return loss, {**gradients, name: changed * gradients[name]}

        right.step = wrong
        return right

    return make


@pytest.mark.parametrize("batch", [1, 6, 64])
@pytest.mark.parametrize("word", ["numpy", "torch", "eager", pytest.param("cpp", marks=needs_compiler)])
def test_everybody_has_the_parameters_of_autograd_after_a_step(word: str, batch: int) -> None:
    g = small()
    own = numbers(g, batch)
    want = expected(g, own, RATE)
    for name, make in MAKERS[word].items():
        run = make(g, own, 1)
        run.rate = RATE
        run()
        assert max(want.used(run.parameters()).values()) <= 1, name


@pytest.mark.parametrize("how", ["left out", "doubled", "with another sign", "not a number"])
@pytest.mark.parametrize("name", ["conv1.weight", "conv2.bias", "fc1.weight", "fc3.bias"])
def test_who_moves_a_parameter_elsewhere_is_named_and_nothing_is_timed(name: str, how: str, monkeypatch) -> None:
    monkeypatch.setitem(MAKERS, "wrong", {"wrong": moved(name, how)})
    monkeypatch.setattr(step, "measured", None)
    found = compare_steps(small(), ["numpy", "wrong"], [32, 64], 1, 1, quiet)
    assert found["refuted"] == ["wrong"]
    assert found["batches"][0]["differ"] == {"wrong": [name]}
    assert len(found["batches"]) == 1
    assert found["batches"][0]["contestants"] == []


def test_every_parameter_is_moved_by_the_numbers_so_that_a_gradient_of_zeros_is_seen() -> None:
    g = lenet()
    own = numbers(g, 64)
    want = expected(g, own, RATE)
    assert all(share > 1 for share in want.used(own.parameters).values())
    assert len(own.inputs[0]) == 64
    assert all(np.isfinite(b).all() for b in want.bounds.values())


def test_a_row_tells_times_their_range_ratios_and_the_share_of_the_yardstick() -> None:
    found = compare_steps(small(), ["numpy", "eager"], [2], 3, 1, quiet)
    (batch,) = found["batches"]
    assert [r["name"] for r in batch["contestants"]] == ["numpy, derived", *EAGER]
    best = min(r["ms"]["median"] for r in batch["contestants"] if r["name"] in EAGER)
    for r in batch["contestants"]:
        assert 0 < r["ms"]["low"] <= r["ms"]["median"] <= r["ms"]["high"]
        assert abs(r["times_best_eager"] - best / r["ms"]["median"]) < 0.02 + 0.05 * r["times_best_eager"]
        assert r["times_compile"] is None
        assert r["gflops"] > 0 < batch["sgemm_gflops"]
    assert {"python", "numpy", "torch", "compiler"} <= found["versions"].keys()
    assert found["threads"] == 1


def test_the_work_of_a_step_of_lenet_is_that_of_its_products() -> None:
    forward = 2 * (6 * 25 * 28 * 28 + 16 * 150 * 100 + 400 * 120 + 120 * 84 + 84 * 10)
    assert step_flops(lenet(), 1) == 3 * forward - 2 * 6 * 25 * 28 * 28  # nobody wants the gradient of the image
    assert step_flops(lenet(), 64) == 64 * step_flops(lenet(), 1)


def test_who_cannot_take_part_is_told_with_the_reason(monkeypatch) -> None:
    def absent(g, own, threads):
        raise Absent("no such machine")

    monkeypatch.setitem(MAKERS, "absent", {"absent": absent})
    found = compare_steps(mlp(), ["absent"], [2], 1, 1, quiet)
    assert found["batches"][0]["not_measured"] == {"absent": "no such machine"}
    assert found["refuted"] == []


def without_samples() -> Graph:
    b = graph("numbers")
    b.input("x", 3)
    b.input("y", 3)
    b.add("loss", op("mse_loss"), {"input": "x", "target": "y"})
    return b.build(scores="loss")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: compare_steps(mlp(), ["nothing"], [1], 1, 1, quiet), "backends: got 'nothing'"),
        (lambda: numbers(without_samples(), 4), "without an axis of samples"),
        (lambda: expected(lenet(), numbers(lenet(), 1 << 12), RATE), "choose a smaller batch"),
    ],
)
def test_what_cannot_be_compared_is_refused(ask, said: str) -> None:
    with pytest.raises(OperationError, match=said):
        ask()


def test_a_turn_has_as_many_runs_as_the_clock_needs_and_times_are_those_of_one() -> None:
    runs: list[str] = []
    found = measured({"fast": partial(runs.append, "fast")}, 3, lambda done, total: None)
    assert len(runs) > 3 * 10
    assert 0 < found["fast"].low <= found["fast"].median <= found["fast"].high < 0.01
    assert spread([3.0, 1.0, 2.0, 4.0, 5.0]).plain() == {"median": 3000, "low": 2000, "high": 4000}
    assert spread([2.0]).low == spread([2.0]).high == 2.0


def test_no_probability_of_the_numbers_is_so_small_that_arithmetic_slows_down() -> None:
    own = numbers(lenet(), 64)
    scores = training_step.compile(lenet()).scores(own.parameters, own.inputs[0])
    assert 0 < np.ptp(scores, axis=1).max() < 40  # exp(-40)/64 is an ordinary number of float32
