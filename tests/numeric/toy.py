"""A network small enough to check by hand: one linear layer with softmax and cross-entropy, gradients written out.

As a program it trains and prints each step, to be killed by a test: `python toy.py DIGITS CHECKPOINT EPOCHS`.
"""

import sys
from pathlib import Path

import numpy as np

from numeric.train import Progress, train
from numeric.training.data import CLASSES, read_directory
from numeric.training.run import Model, Parameters, TrainOptions

PAD = 1
CELLS = (28 + 2 * PAD) ** 2
SHAPES = {"weight": (CLASSES, CELLS), "bias": (CLASSES,)}


def scores(parameters: Parameters, images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) @ parameters["weight"].T + parameters["bias"]


def step(parameters: Parameters, images: np.ndarray, labels: np.ndarray) -> tuple[np.floating, dict[str, np.ndarray]]:
    z = scores(parameters, images)
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    chosen = np.arange(len(labels)), labels
    loss = -np.log(p[chosen]).mean()
    p[chosen] -= 1
    delta = p / np.float32(len(labels))
    return loss, {"weight": delta.T @ images.reshape(len(images), -1), "bias": delta.sum(axis=0)}


MODEL = Model(SHAPES, step, scores, pad=PAD)


def options(epochs: int) -> TrainOptions:
    return TrainOptions(network="toy", epochs=epochs, batch=8, learning_rate=0.01, seed=3)


def told(progress: Progress) -> None:
    print(progress.step, flush=True)


if __name__ == "__main__":
    digits, checkpoint, epochs = sys.argv[1:]
    train(
        options(int(epochs)),
        MODEL,
        read_directory(Path(digits)),
        checkpoint=Path(checkpoint),
        every=3,
        progress=told,
    )
