"""The state of a training run on disk, taken back only by the same run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from numeric.training import checkpoint
from numeric.training.checkpoint import CheckpointError
from numeric.training.data import Dataset
from numeric.training.run import Array, Model, State, TrainOptions

KINDS = ("parameters", "velocity")
CURVES = ("losses", "test_errors")


def identity(options: TrainOptions, data: Dataset) -> dict[str, Any]:
    """What two runs must share for one to continue the other."""
    return {**asdict(options), "training digits": data.train.sha256, "test digits": data.test.sha256}


def save(path: Path, run: Mapping[str, Any], state: State, model: Model) -> None:
    """Write the state. Raises: CheckpointError if the folder cannot be written."""
    arrays = {
        f"{kind}/{name}": np.asarray(model.to_numpy(array))
        for kind in KINDS
        for name, array in getattr(state, kind).items()
    }
    checkpoint.save(path, arrays, {"run": dict(run), **{curve: getattr(state, curve) for curve in CURVES}})


def load(path: Path, run: Mapping[str, Any], model: Model, per_epoch: int) -> State:
    """The state that was saved by this run.

    Raises: CheckpointError if it is absent, damaged, or of a run with other options, digits or parameters.
    """
    arrays, header = checkpoint.load(path)
    _check_run(path, header.get("run"), run)
    curves = [_finite_list(path, header.get(name), name) for name in CURVES]
    losses, test_errors = curves
    if len(test_errors) != len(losses) // per_epoch or len(losses) > run["epochs"] * per_epoch:
        raise CheckpointError(
            f"{path}: holds {len(losses)} losses and {len(test_errors)} test errors, which no run of {run['epochs']} "
            f"epochs of {per_epoch} steps has; start without resuming"
        )
    parameters, velocity = (_take(path, arrays, kind, model) for kind in KINDS)
    if arrays:
        raise CheckpointError(f"{path}: holds {min(arrays)}, expected nothing more; start without resuming")
    return State(parameters, velocity, losses, test_errors)


def _check_run(path: Path, saved: Any, run: Mapping[str, Any]) -> None:
    if not isinstance(saved, dict) or set(saved) != set(run):
        raise CheckpointError(f"{path}: is not of a training run like this one; start without resuming")
    for name, value in run.items():
        if saved[name] != value:
            got, expected = (str(side)[:12] for side in (saved[name], value))
            raise CheckpointError(
                f"{path}: {name}: made with {got}, this run has {expected}; resume with what it was made with"
            )


def _finite_list(path: Path, values: Any, name: str) -> list[float]:
    if not isinstance(values, list) or not all(isinstance(v, float) and np.isfinite(v) for v in values):
        raise CheckpointError(f"{path}: its {name} are no list of finite numbers; start without resuming")
    return values


def _take(path: Path, arrays: dict[str, np.ndarray], kind: str, model: Model) -> dict[str, Array]:
    taken = {}
    for name, shape in model.shapes.items():
        array = arrays.pop(f"{kind}/{name}", None)
        if array is None or array.shape != tuple(shape) or array.dtype != np.float32:
            got = "nothing" if array is None else f"{array.dtype} {array.shape}"
            raise CheckpointError(f"{path}: {kind} of {name}: got {got}, expected float32 {tuple(shape)}; start afresh")
        taken[name] = model.native(array)
    return taken
