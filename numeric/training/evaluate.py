"""How well a network reads: its confusion matrix on digits it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numeric.training.batches import in_order, placed
from numeric.training.data import CLASSES, Dataset
from numeric.training.run import TrainingError


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Counts `confusion[t, c]` of digits of class t that were read as class c."""

    confusion: np.ndarray

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def wrong(self) -> int:
        return self.count - int(np.trace(self.confusion))

    @property
    def error(self) -> float:
        """The part that was read wrong, from 0 to 1."""
        return self.wrong / self.count


def evaluate(scores: Callable[[np.ndarray], np.ndarray], data: Dataset, pad: int, batch: int) -> Evaluation:
    """Read the test digits: the class of the highest of the scores `Z[b, c]` of `X[b, 1, h, w]`, the first of equals.

    Raises: TrainingError if the scores have another shape or are not finite.
    """
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    for images, labels in in_order(data.test, batch):
        z = scores(data.normalised(placed(images, pad)))
        expected = (len(labels), CLASSES)
        if z.shape != expected or not np.isfinite(z).all():
            got = f"shape {z.shape}" if z.shape != expected else "values that are not finite"
            raise TrainingError(f"evaluation: scores have {got}, expected finite {expected}; lower the learning rate?")
        np.add.at(confusion, (labels, z.argmax(axis=1)), 1)
    return Evaluation(confusion)
