"""Training learns, tells what it does, and goes on after any interruption as if there had been none."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from numeric.train import Progress, Trained, first_step, steps_per_epoch, train
from numeric.training import checkpoint
from numeric.training.checkpoint import CheckpointError
from numeric.training.data import Dataset, read_directory
from numeric.training.run import Model, TrainingError, TrainOptions
from numeric.training.schedule import one_cycle
from tests.numeric import toy
from tests.numeric.digits import write_digits

EPOCHS = 3
OPTIONS = toy.options(EPOCHS)


class Interrupted(Exception):
    """What a user's Ctrl-C is to training."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits")
    write_digits(folder, train=70, test=30)
    return folder


@pytest.fixture(scope="module")
def data(folder: Path) -> Dataset:
    return read_directory(folder)


@pytest.fixture(scope="module")
def whole(data: Dataset) -> Trained:
    return train(OPTIONS, toy.MODEL, data)


def same(first: Trained, second: Trained) -> bool:
    """Equal bit for bit, the time aside."""
    return (
        first.parameters.keys() == second.parameters.keys()
        and all(first.parameters[name].tobytes() == second.parameters[name].tobytes() for name in first.parameters)
        and first.losses == second.losses
        and first.test_errors == second.test_errors
        and np.array_equal(first.evaluation.confusion, second.evaluation.confusion)
    )


def stop_at(step: int):
    def progress(done: Progress) -> None:
        if done.step == step:
            raise Interrupted

    return progress


def test_training_learns_to_tell_the_digits_apart(whole: Trained) -> None:
    assert whole.test_errors[-1] == whole.evaluation.error == 0
    assert whole.losses[-1] < whole.losses[0] / 10


def test_training_twice_gives_the_same_bits(data: Dataset, whole: Trained) -> None:
    assert same(train(OPTIONS, toy.MODEL, data), whole)


def test_another_seed_gives_other_bits(data: Dataset, whole: Trained) -> None:
    assert not same(train(replace(OPTIONS, seed=4), toy.MODEL, data), whole)


def test_progress_tells_of_every_step(data: Dataset) -> None:
    told: list[Progress] = []
    trained = train(OPTIONS, toy.MODEL, data, progress=told.append)
    steps = EPOCHS * steps_per_epoch(OPTIONS, data)
    assert [p.step for p in told] == list(range(1, steps + 1))
    assert {p.steps for p in told} == {steps}
    assert [p.epoch for p in told] == [1 + k // 8 for k in range(steps)]
    assert tuple(p.loss for p in told) == trained.losses
    assert [p.learning_rate for p in told] == [one_cycle(k, steps, OPTIONS.learning_rate) for k in range(steps)]
    assert tuple(p.evaluation.error for p in told if p.evaluation) == trained.test_errors


@pytest.mark.parametrize("every", [1, 3, 1000])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 8, 9, 16, 23, 24])
def test_an_interrupted_run_goes_on_bit_for_bit(
    step: int, every: int, data: Dataset, whole: Trained, tmp_path: Path
) -> None:
    path = tmp_path / "run.npz"
    with pytest.raises(Interrupted):
        train(OPTIONS, toy.MODEL, data, checkpoint=path, every=every, progress=stop_at(step))
    if not path.exists():  # interrupted before the first checkpoint: there is nothing to go on from
        assert step < min(every, 8)
        return
    assert same(train(OPTIONS, toy.MODEL, data, checkpoint=path, resuming=True), whole)


def test_a_killed_process_goes_on_bit_for_bit(folder: Path, tmp_path: Path) -> None:
    path, epochs = tmp_path / "run.npz", 200
    command = [sys.executable, toy.__file__, str(folder), str(path), str(epochs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 40:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    data, options = read_directory(folder), toy.options(epochs)
    saved = len(checkpoint.load(path)[1]["losses"])
    assert 39 <= saved < epochs * steps_per_epoch(options, data)
    resumed = train(options, toy.MODEL, data, checkpoint=path, resuming=True)
    assert same(resumed, train(options, toy.MODEL, data))


def test_a_run_that_is_done_is_only_read_again(data: Dataset, whole: Trained, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    train(OPTIONS, toy.MODEL, data, checkpoint=path)
    again = train(OPTIONS, toy.MODEL, data, checkpoint=path, resuming=True, progress=stop_at(0))
    assert same(again, whole)


def test_two_runs_write_the_same_checkpoint(data: Dataset, tmp_path: Path) -> None:
    paths = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        train(OPTIONS, toy.MODEL, data, checkpoint=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.fixture
def half(data: Dataset, tmp_path: Path) -> Path:
    """The checkpoint of a run that was interrupted in its second epoch."""
    path = tmp_path / "half.npz"
    with pytest.raises(Interrupted):
        train(OPTIONS, toy.MODEL, data, checkpoint=path, every=1, progress=stop_at(11))
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch", 9), ("seed", 4), ("epochs", 4), ("shift", 1), ("learning_rate", 0.02), ("backend", "torch")],
)
def test_a_checkpoint_of_other_options_is_refused_by_name(name: str, value: object, data: Dataset, half: Path) -> None:
    other = replace(OPTIONS, **{name: value})
    said = f"{name}: made with {getattr(OPTIONS, name)}, this run has {value}"
    with pytest.raises(CheckpointError, match=said):
        train(other, toy.MODEL, data, checkpoint=half, resuming=True)


def test_a_checkpoint_of_other_digits_is_refused(half: Path, tmp_path: Path) -> None:
    write_digits(tmp_path, train=70, test=30, seed=1)
    with pytest.raises(CheckpointError, match="training digits: made with"):
        train(OPTIONS, toy.MODEL, read_directory(tmp_path), checkpoint=half, resuming=True)


def test_a_checkpoint_of_other_parameters_is_refused(data: Dataset, half: Path) -> None:
    other = Model({"weight": (10, 4), "bias": (10,)}, toy.step, toy.scores, toy.PAD)
    with pytest.raises(CheckpointError, match=r"weight: got float32 \(10, 900\), expected float32 \(10, 4\)"):
        train(OPTIONS, other, data, checkpoint=half, resuming=True)
    fewer = Model({"weight": (10, 900)}, toy.step, toy.scores, toy.PAD)
    with pytest.raises(CheckpointError, match="holds parameters/bias, expected nothing more"):
        train(OPTIONS, fewer, data, checkpoint=half, resuming=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"losses": [0.5] * 10_000}, "which no run of 3 epochs"),
        ({"test_errors": []}, "which no run of 3 epochs"),
        ({"losses": "none"}, "no list of finite numbers"),
        ({"losses": [None] * 11}, "no list of finite numbers"),
        ({"run": 7}, "not of a training run like this one"),
        ({"run": {}}, "not of a training run like this one"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(change: dict, said: str, data: Dataset, half: Path) -> None:
    arrays, header = checkpoint.load(half)
    checkpoint.save(half, arrays, header | change)
    with pytest.raises(CheckpointError, match=said):
        train(OPTIONS, toy.MODEL, data, checkpoint=half, resuming=True)


def test_resuming_without_a_checkpoint_is_refused(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint; start without resuming"):
        train(OPTIONS, toy.MODEL, data, checkpoint=tmp_path / "none.npz", resuming=True)
    with pytest.raises(TrainingError, match="resuming: got no checkpoint"):
        train(OPTIONS, toy.MODEL, data, resuming=True)


def test_the_first_step_is_the_one_training_makes(data: Dataset, whole: Trained) -> None:
    parameters, batch = first_step(OPTIONS, toy.MODEL, data)
    assert batch.images.shape == (8, 1, 30, 30)
    assert batch.images.dtype == np.float32
    assert batch.labels.dtype == np.int64
    assert float(toy.step(parameters, batch.images, batch.labels)[0]) == whole.losses[0]


def test_arrays_of_another_library_go_through_untouched(data: Dataset, whole: Trained) -> None:
    class Wrapped(np.ndarray):
        """Stands for the arrays of another library."""

    def native(array: np.ndarray) -> Wrapped:
        return array.view(Wrapped)

    def step(parameters, images, labels):
        assert all(type(array) is Wrapped for array in (*parameters.values(), images, labels))
        return toy.step(parameters, images, labels)

    def scores(parameters, images):
        assert type(images) is Wrapped
        return toy.scores(parameters, images)

    model = Model(toy.SHAPES, step, scores, toy.PAD, native, to_numpy=lambda array: array.view(np.ndarray))
    trained = train(OPTIONS, model, data)
    assert all(type(array) is np.ndarray for array in trained.parameters.values())
    assert same(trained, whole)


def test_a_loss_that_is_not_finite_stops_training_and_keeps_the_last_good_state(data: Dataset, tmp_path: Path) -> None:
    def step(parameters, images, labels):
        loss, gradients = toy.step(parameters, images, labels)
        step.calls += 1
        return (np.nan if step.calls == 6 else loss), gradients

    step.calls = 0
    model = Model(toy.SHAPES, step, toy.scores, toy.PAD)
    with pytest.raises(TrainingError, match="step 6: the loss is nan, expected a finite number"):
        train(OPTIONS, model, data, checkpoint=tmp_path / "run.npz", every=1)
    assert len(checkpoint.load(tmp_path / "run.npz")[1]["losses"]) == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch", 0),
        ("seed", -1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("momentum", 1.5),
        ("weight_decay", -1e-4),
        ("shift", 99),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(TrainingError, match=f"{name}: got {value}, expected "):
        TrainOptions(**{name: value})


def test_a_learning_rate_that_is_not_given_goes_with_the_batch() -> None:
    assert TrainOptions().peak == 0.1
    assert TrainOptions(batch=32).peak == 0.025
    assert TrainOptions(batch=32, learning_rate=0.5).peak == 0.5


def test_a_batch_larger_than_the_data_is_refused(data: Dataset) -> None:
    with pytest.raises(TrainingError, match="batch: got 128, expected at most the 70 training digits"):
        train(TrainOptions(), toy.MODEL, data)
