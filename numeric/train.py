"""Training: batches in, parameters out; how gradients are computed is handed in, never known here."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from numeric.training import resume
from numeric.training.batches import placed, plan_epoch
from numeric.training.data import Dataset
from numeric.training.evaluate import Evaluation, evaluate
from numeric.training.initial import initial_parameters
from numeric.training.run import Array, Model, Parameters, State, TrainingError, TrainOptions
from numeric.training.schedule import one_cycle
from numeric.training.sgd import nesterov


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step did: `step` of `steps` in epoch `epoch`, all counted from 1; an evaluation where an epoch ended."""

    step: int
    steps: int
    epoch: int
    loss: float
    learning_rate: float
    evaluation: Evaluation | None


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A finished run: parameters as NumPy's arrays, what the network reads wrong, the curves, the seconds it took."""

    parameters: dict[str, np.ndarray]
    evaluation: Evaluation
    losses: tuple[float, ...]  # one a step
    test_errors: tuple[float, ...]  # one an epoch, from 0 to 1
    seconds: float  # of this process, checkpoints and evaluations included


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The digits of one step, counted from 0: images `X[b, 1, h, w]`, labels `t[b]`; whether it is its epoch's last."""

    epoch: int
    last: bool
    images: Array
    labels: Array


def train(
    options: TrainOptions,
    model: Model,
    data: Dataset,
    *,
    checkpoint: Path | None = None,
    every: int = 100,
    resuming: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Trained:
    """Train from random parameters, or go on from a checkpoint as if there had been no interruption.

    With a checkpoint's path, the state is written after every epoch and every `every` steps.
    Raises: TrainingError if options and data do not fit or the loss stops being finite; CheckpointError.
    """
    if resuming and checkpoint is None:
        raise TrainingError("resuming: got no checkpoint, expected the path of one; name it, or start without resuming")
    started = perf_counter()
    per_epoch = steps_per_epoch(options, data)
    run = resume.identity(options, data) if checkpoint else {}
    state = resume.load(checkpoint, run, model, per_epoch) if checkpoint and resuming else _fresh(options, model)
    steps = options.epochs * per_epoch
    evaluation = None
    for batch in _batches(options, model, data, state.step):
        rate = one_cycle(state.step, steps, options.peak)
        _advance(state, model, batch, options, rate)
        evaluation = _read(state, model, data, options) if batch.last else None
        if evaluation is not None:
            state.test_errors.append(evaluation.error)
        if checkpoint and (batch.last or state.step % every == 0):
            resume.save(checkpoint, run, state, model)
        progress(Progress(state.step, steps, batch.epoch + 1, state.losses[-1], rate, evaluation))
    return Trained(
        parameters={name: np.array(model.to_numpy(w)) for name, w in state.parameters.items()},
        evaluation=evaluation or _read(state, model, data, options),
        losses=tuple(state.losses),
        test_errors=tuple(state.test_errors),
        seconds=perf_counter() - started,
    )


def first_step(options: TrainOptions, model: Model, data: Dataset) -> tuple[Parameters, Batch]:
    """The parameters and the batch that training starts with: those on which its gradients are checked beforehand."""
    return _fresh(options, model).parameters, next(_batches(options, model, data, 0))


def steps_per_epoch(options: TrainOptions, data: Dataset) -> int:
    """The number of whole batches.

    Raises: TrainingError if there is none.
    """
    if options.batch > len(data.train):
        raise TrainingError(
            f"batch: got {options.batch:,}, expected at most the {len(data.train):,} training digits; choose fewer"
        )
    return len(data.train) // options.batch


def _fresh(options: TrainOptions, model: Model) -> State:
    start = initial_parameters(model.shapes, options.seed)
    return State(
        parameters={name: model.native(w) for name, w in start.items()},
        velocity={name: model.native(np.zeros_like(w)) for name, w in start.items()},
    )


def _batches(options: TrainOptions, model: Model, data: Dataset, start: int) -> Iterator[Batch]:
    """The batches of every step from the given one on."""
    per_epoch = steps_per_epoch(options, data)
    for epoch in range(start // per_epoch, options.epochs):
        plan = plan_epoch(len(data.train), options.batch, options.shift, options.seed, epoch)
        for k in range(max(start - epoch * per_epoch, 0), per_epoch):
            images, labels = data.train.images[plan.positions[k]], data.train.labels[plan.positions[k]]
            field = data.normalised(placed(images, model.pad, *plan.moves[k]))
            yield Batch(epoch, k == per_epoch - 1, model.native(field), model.native(labels.astype(np.int64)))


def _advance(state: State, model: Model, batch: Batch, options: TrainOptions, rate: float) -> None:
    loss, gradients = model.step(state.parameters, batch.images, batch.labels)
    if not math.isfinite(value := float(loss)):
        raise TrainingError(
            f"step {state.step + 1}: the loss is {value}, expected a finite number; lower learning_rate"
        )
    state.parameters, state.velocity = nesterov(
        state.parameters,
        gradients,
        state.velocity,
        rate=rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
    )
    state.losses.append(value)


def _read(state: State, model: Model, data: Dataset, options: TrainOptions) -> Evaluation:
    def scores(images: np.ndarray) -> np.ndarray:
        return np.asarray(model.to_numpy(model.scores(state.parameters, model.native(images))))

    return evaluate(scores, data, model.pad, options.batch)
