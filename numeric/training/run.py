"""What a training run is made of: its options, its network, and its state between two steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from derive.errors import BackproofError

Array = Any  # of NumPy or of PyTorch
Parameters = Mapping[str, Array]


class TrainingError(BackproofError):
    """Training that cannot start or go on; its text says where, got, expected and remedy in one line."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Everything that decides the numbers of a run, the data aside.

    A learning rate that is not given goes with the batch: 0.1 for 128 digits, in proportion for others.
    Source: P. Goyal et al., "Accurate, large minibatch SGD", 2017.
    Raises: TrainingError for a value out of range.
    """

    network: str = "lenet"
    backend: str = "numpy"
    device: str = "cpu"
    epochs: int = 15
    batch: int = 128
    seed: int = 0
    learning_rate: float | None = None
    momentum: float = 0.9
    weight_decay: float = 5e-4
    shift: int = 2

    def __post_init__(self) -> None:
        for name, low, high in RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:  # also refuses what is not a number
                raise TrainingError(f"{name}: got {value}, expected {low:,} to {high:,}; choose a value in between")

    @property
    def peak(self) -> float:
        """The highest learning rate of the cycle."""
        return 0.1 * self.batch / 128 if self.learning_rate is None else self.learning_rate


RANGES = (
    ("epochs", 1, 10_000),
    ("batch", 1, 60_000),
    ("seed", 0, 2**63 - 1),
    ("learning_rate", 0.0, 1_000.0),
    ("momentum", 0.0, 1.0),
    ("weight_decay", 0.0, 1.0),
    ("shift", 0, 14),
)


@dataclass(frozen=True, slots=True)
class Model:
    """What training needs of a network: the shapes of its parameters, and how to step and to read.

    `step` takes parameters, images `X[b, 1, h, w]` (float32) and labels `t[b]` (int64) to the loss E, a mean over the
    batch, and every dE/dw by name; `scores` takes parameters and images to `Z[b, c]`. Both work on what `native` makes
    of NumPy's arrays. Images are 28 cells high and wide, plus `pad` on every side. Each bias follows its weight in
    `shapes`.
    """

    shapes: Mapping[str, tuple[int, ...]]
    step: Callable[[Parameters, Array, Array], tuple[Array, Parameters]]
    scores: Callable[[Parameters, Array], Array]
    pad: int = 2
    native: Callable[[np.ndarray], Array] = np.asarray
    to_numpy: Callable[[Array], np.ndarray] = np.asarray


@dataclass(slots=True)
class State:
    """A run so far: the parameters, their velocity, the loss of every step and the test error after every epoch.

    The random numbers of a step follow from its number and the seed (`numeric.training.seeding`): they are no state.
    """

    parameters: Parameters
    velocity: Parameters
    losses: list[float] = field(default_factory=list)
    test_errors: list[float] = field(default_factory=list)

    @property
    def step(self) -> int:
        """The number of steps made."""
        return len(self.losses)
