"""Schedule, update, initial parameters, batches and evaluation are what their laws say."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from numeric.training.batches import in_order, placed, plan_epoch
from numeric.training.data import Dataset, Digits
from numeric.training.evaluate import Evaluation, evaluate
from numeric.training.initial import initial_parameters
from numeric.training.run import TrainingError
from numeric.training.schedule import one_cycle
from numeric.training.sgd import nesterov

LENET = {
    "conv1.weight": (6, 1, 5, 5),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 5, 5),
    "conv2.bias": (16,),
    "fc1.weight": (120, 400),
    "fc1.bias": (120,),
}


@pytest.mark.parametrize("steps", [4, 7, 10, 469, 1000])
def test_one_cycle_is_that_of_torch(steps: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=steps, cycle_momentum=False)
    for step in range(steps):
        # Both evaluate the same formula in another order: a few roundings, each relative to the peak at most.
        assert abs(one_cycle(step, steps, 0.1) - cycle.get_last_lr()[0]) <= 8 * math.ulp(0.1)
        optimizer.step()
        if step + 1 < steps:
            cycle.step()


@given(st.integers(1, 2000), st.floats(1e-6, 10))
def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing(steps: int, peak: float) -> None:
    rates = [one_cycle(step, steps, peak) for step in range(steps)]
    top = rates.index(max(rates))
    assert all(0 < rate <= peak + 2 * math.ulp(peak) for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == 1 / 250_000 * peak


@pytest.mark.parametrize("make", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def test_the_update_is_that_of_torch_bit_for_bit_on_dyadic_numbers(make) -> None:
    random = np.random.default_rng(0)
    w = random.integers(-8, 8, (3, 4)).astype(np.float64)
    theirs = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([theirs], lr=0.125, momentum=0.5, weight_decay=0.25, nesterov=True)
    parameters, velocity = {"w": make(w)}, {"w": make(np.zeros_like(w))}
    for _ in range(5):
        g = random.integers(-8, 8, (3, 4)).astype(np.float64)
        theirs.grad = torch.tensor(g)
        optimizer.step()
        parameters, velocity = nesterov(
            parameters, {"w": make(g)}, velocity, rate=0.125, momentum=0.5, weight_decay=0.25
        )
        assert np.array_equal(np.asarray(parameters["w"]), theirs.detach().numpy())


def test_the_update_changes_no_argument_and_keeps_float32() -> None:
    tables = [{"w": np.full(3, value, np.float32)} for value in (1.0, 2.0, 3.0)]
    moved, faster = nesterov(*tables, rate=0.1, momentum=0.9, weight_decay=5e-4)
    assert moved["w"].dtype == faster["w"].dtype == np.float32
    assert [table["w"].tolist() for table in tables] == [[1.0] * 3, [2.0] * 3, [3.0] * 3]


def test_a_parameter_without_gradient_is_no_silent_zero() -> None:
    with pytest.raises(KeyError):
        nesterov({"w": 1.0}, {}, {"w": 0.0}, rate=0.1, momentum=0.9, weight_decay=0.0)


@pytest.mark.parametrize("name", LENET)
def test_initial_parameters_fill_the_interval_of_torch(name: str) -> None:
    kind, role = name.split(".")
    weight = LENET[f"{kind}.weight"]
    torch.manual_seed(0)  # of six numbers drawn otherwise, all are small once in 64 times
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = (
            torch.nn.Conv2d(weight[1], weight[0], weight[2]) if len(weight) == 4 else torch.nn.Linear(*weight[::-1])
        )
    bound = 1 / math.sqrt(math.prod(weight[1:]))
    drawn = initial_parameters(LENET, seed=0)[name]
    assert drawn.dtype == np.float32
    assert drawn.shape == LENET[name] == tuple(getattr(theirs, role).shape)
    for values in (drawn, getattr(theirs, role).detach().numpy()):
        assert np.abs(values).max() <= np.float32(bound)
        assert np.abs(values).max() >= bound / 2


def test_initial_parameters_follow_from_the_seed_alone() -> None:
    first, again, other = (initial_parameters(LENET, seed) for seed in (5, 5, 6))
    assert all(np.array_equal(first[name], again[name]) for name in LENET)
    assert not any(np.array_equal(first[name], other[name]) for name in LENET)
    assert not np.array_equal(first["conv1.bias"], first["conv2.bias"][:6])


def test_a_bias_before_every_weight_is_refused() -> None:
    with pytest.raises(ValueError, match=r"b has shape \(3,\) and no weight before it"):
        initial_parameters({"b": (3,), "w": (3, 4)}, seed=0)


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(-6, 6), st.integers(-6, 6), st.integers(0, 99)
)
def test_placing_is_its_law_entry_by_entry(h: int, w: int, pad: int, down: int, right: int, seed: int) -> None:
    x = np.random.default_rng(seed).integers(1, 256, (2, h, w), dtype=np.uint8)
    y = placed(x, pad, down, right)
    assert y.shape == (2, h + 2 * pad, w + 2 * pad)
    for b, i, j in np.ndindex(*y.shape):
        row, column = i - pad - down, j - pad - right
        inside = 0 <= row < h and 0 <= column < w
        assert y[b, i, j] == (x[b, row, column] if inside else 0)


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 3), st.integers(0, 9), st.integers(0, 9))
def test_an_epoch_takes_each_digit_at_most_once(count: int, batch: int, shift: int, seed: int, epoch: int) -> None:
    plan = plan_epoch(count, batch, shift, seed, epoch)
    batches = count // batch
    assert plan.positions.shape == (batches, batch)
    assert plan.moves.shape == (batches, 2)
    assert len(np.unique(plan.positions)) == plan.positions.size
    assert set(plan.positions.flat) <= set(range(count))
    assert np.abs(plan.moves).max(initial=0) <= shift


def test_epochs_differ_in_order_and_moves_reach_every_place() -> None:
    first, second = (plan_epoch(2000, 2, 2, seed=0, epoch=epoch) for epoch in (0, 1))
    assert not np.array_equal(first.positions, second.positions)
    assert {tuple(move) for move in first.moves.tolist()} == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}


def digits(count: int) -> Digits:
    return Digits(np.zeros((count, 28, 28), np.uint8), (np.arange(count) % 10).astype(np.uint8))


def test_reading_in_order_takes_every_digit_once() -> None:
    batches = list(in_order(digits(25), batch=10))
    assert [len(labels) for _, labels in batches] == [10, 10, 5]
    assert np.concatenate([labels for _, labels in batches]).tolist() == digits(25).labels.tolist()


def test_the_confusion_matrix_counts_what_was_read_as_what() -> None:
    data = Dataset(digits(1), digits(25), mean=0.0, std=1.0)
    reads_as_three = np.eye(10)[3] + np.eye(10)[7]  # of equals the first

    evaluation = evaluate(lambda images: np.tile(reads_as_three, (len(images), 1)), data, pad=2, batch=10)
    expected = np.zeros((10, 10), int)
    expected[:, 3] = np.bincount(data.test.labels)
    assert np.array_equal(evaluation.confusion, expected)
    assert (evaluation.count, evaluation.wrong, evaluation.error) == (25, 22, 22 / 25)


@pytest.mark.parametrize(
    ("scores", "said"),
    [(np.zeros((10, 9)), r"shape \(10, 9\), expected finite \(10, 10\)"), (np.full((10, 10), np.nan), "not finite")],
)
def test_scores_that_cannot_be_read_are_refused(scores: np.ndarray, said: str) -> None:
    data = Dataset(digits(1), digits(10), mean=0.0, std=1.0)
    with pytest.raises(TrainingError, match=said):
        evaluate(lambda _: scores, data, pad=0, batch=10)


def test_an_evaluation_without_mistakes_has_error_0() -> None:
    assert Evaluation(np.eye(10, dtype=int)).error == 0
