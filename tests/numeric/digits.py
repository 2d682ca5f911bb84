"""Small files of invented digits, in the layout of MNIST."""

from pathlib import Path

import numpy as np

from numeric.training.data import CLASSES, FILES, SIDE
from numeric.training.idx import encode_idx


def write_digits(directory: Path, train: int, test: int, seed: int = 0) -> None:
    """Write the four files with so many digits: each class a bright block at its own place, in noise."""
    generator = np.random.default_rng(seed)
    for split, count in {"train": train, "test": test}.items():
        labels = (np.arange(count) % CLASSES).astype(np.uint8)
        images = generator.integers(0, 64, (count, SIDE, SIDE), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            row, column = divmod(int(label), 5)
            image[4 + 12 * row : 12 + 12 * row, 1 + 5 * column : 6 + 5 * column] += 128
        for name, array in zip(FILES[split], (images, labels), strict=True):
            (directory / name).write_bytes(encode_idx(array))
