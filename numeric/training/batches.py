"""Which digits come in which batch, and by how much each batch is moved: a function of seed and epoch alone."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from numeric.training.data import Digits
from numeric.training.seeding import Purpose, generator


@dataclass(frozen=True, slots=True, eq=False)
class EpochPlan:
    """The order `positions[i, b]` of the digits over the batches of an epoch, and one move `moves[i, 2]` a batch."""

    positions: np.ndarray
    moves: np.ndarray


def plan_epoch(count: int, batch: int, shift: int, seed: int, epoch: int) -> EpochPlan:
    """Whole batches of a random order; the digits left over have their turn in another epoch."""
    random = generator(seed, Purpose.EPOCH, epoch)
    batches = count // batch
    order = random.permutation(count)[: batches * batch]
    return EpochPlan(order.reshape(batches, batch), random.integers(-shift, shift + 1, (batches, 2)))


def placed(images: np.ndarray, pad: int, down: int = 0, right: int = 0) -> np.ndarray:
    """Images `x[b, h, w]` on an empty field, moved: `y[b, i, j] = x[b, i-pad-down, j-pad-right]`, 0 outside of x.

    The field is `pad` cells wider on every side. What is moved beyond it is lost: nothing for moves of at most `pad`.
    """
    count, height, width = images.shape
    field = np.zeros((count, height + 2 * pad, width + 2 * pad), images.dtype)
    rows, from_rows = _overlap(height, height + 2 * pad, pad + down)
    columns, from_columns = _overlap(width, width + 2 * pad, pad + right)
    field[:, rows, columns] = images[:, from_rows, from_columns]
    return field


def _overlap(size: int, room: int, offset: int) -> tuple[slice, slice]:
    """Where `size` cells moved by `offset` lie inside `room` cells, and which of them do."""
    first, last = min(max(offset, 0), room), min(max(offset + size, 0), room)
    return slice(first, last), slice(first - offset, last - offset)


def in_order(digits: Digits, batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All images and labels, in batches; the last may be smaller."""
    for first in range(0, len(digits), batch):
        yield digits.images[first : first + batch], digits.labels[first : first + batch]
