"""Remakes numeric/training/sample/ from the full MNIST files: `python tools/make_sample.py MNIST_DIRECTORY [TARGET]`.

The rule: of each class, digits evenly spaced over its occurrences in the file, kept in the file's order.
"""

import gzip
import os
import sys
from pathlib import Path

import numpy as np

from numeric.training.data import CLASSES, FILES, SAMPLE, Digits, read_directory
from numeric.training.idx import encode_idx

PER_CLASS = {"train": 200, "test": 50}


def evenly(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Positions of `per_class` digits of each class, the k-th being occurrence `k*n // per_class` of its n."""
    chosen = []
    for label in range(CLASSES):
        occurrences = np.flatnonzero(labels == label)
        chosen.append(occurrences[np.arange(per_class) * len(occurrences) // per_class])
    return np.sort(np.concatenate(chosen))


def make_sample(source: Path, target: Path) -> list[Path]:
    """Write the four files of the sample into `target`; the same source gives the same bytes."""
    data = read_directory(source)
    written = []
    for split, per_class in PER_CLASS.items():
        digits: Digits = getattr(data, split)
        chosen = evenly(digits.labels, per_class)
        for name, array in zip(FILES[split], (digits.images[chosen], digits.labels[chosen]), strict=True):
            path = target / f"{name}.gz"
            # GzipFile, unlike gzip.compress, writes the same header on every system.
            with path.open("wb") as stream, gzip.GzipFile("", "wb", 9, stream, mtime=0) as packed:
                packed.write(encode_idx(array))
            written.append(path)
    return written


if __name__ == "__main__":
    arguments = sys.argv[1:] or [os.environ.get("BACKPROOF_MNIST", "")]
    if not arguments[0]:
        sys.exit("give the directory of the full MNIST files, as an argument or as BACKPROOF_MNIST")
    for path in make_sample(Path(arguments[0]), Path(arguments[1]) if len(arguments) > 1 else SAMPLE):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
