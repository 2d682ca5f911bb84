"""Handwritten digits to train on: the sample that ships with the package, a directory of idx files, or all of MNIST.

Images stay unsigned bytes; a batch becomes numbers when it is made.
"""

import math
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from numeric.training.download import fetch
from numeric.training.idx import DataError, encode_idx, read_idx

CLASSES = 10
SIDE = 28
SAMPLE = Path(__file__).parent / "sample"
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
# Of the uncompressed files, whoever compressed them.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images `X[n, h, w]` and labels `t[n]` of one split, both uint8."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def sha256(self) -> str:
        """The digest of both files, which tells one split from another."""
        return sha256(encode_idx(self.images) + encode_idx(self.labels)).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Two splits of digits, with the mean and standard deviation of the training pixels (white 0, ink 1)."""

    train: Digits
    test: Digits
    mean: float
    std: float

    def normalised(self, images: np.ndarray, dtype: type = np.float32) -> np.ndarray:
        """`(x/255 - mean) / std` for images `x[b, h, w]`, as `X[b, 1, h, w]`, each pixel rounded once."""
        levels: np.ndarray = ((np.arange(256) / 255 - self.mean) / self.std).astype(dtype)
        return levels[images][:, None]


def load(source: str | Path) -> Dataset:
    """The digits of `"sample"` (in the package), `"mnist"` (downloaded once) or a directory of idx(.gz) files.

    A directory that is itself called sample or mnist is given as `./sample` or `./mnist`.
    Raises: DataError if a file is missing, damaged or not of digits, or the download fails.
    """
    if str(source) == "mnist":
        return read_directory(fetch(SHA256))
    return read_directory(SAMPLE if str(source) == "sample" else Path(source))


def read_directory(directory: Path) -> Dataset:
    """The digits of a directory with the four files of MNIST, plain or gzip.

    Raises: DataError if a file is missing, damaged, or not of digits.
    """
    train, test = (_read_split(directory, *FILES[split]) for split in ("train", "test"))
    mean, std = _moments(train.images)
    return Dataset(train, test, mean, std)


def _read_split(directory: Path, images_name: str, labels_name: str) -> Digits:
    images_path, labels_path = (find(directory, name) for name in (images_name, labels_name))
    images, labels = read_idx(images_path, rank=3), read_idx(labels_path, rank=1)
    if images.shape[1:] != (SIDE, SIDE):
        got = "x".join(map(str, images.shape[1:]))
        raise DataError(f"{images_path}: images of {got} pixels, expected {SIDE}x{SIDE}; give the files of MNIST")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images of {images_path.name}, "
            "expected one each; are the files of one split?"
        )
    if labels.max() >= CLASSES:
        at = int(np.argmax(labels >= CLASSES))
        raise DataError(f"{labels_path}: label {labels[at]} at position {at}, expected 0 to {CLASSES - 1}")
    return Digits(images, labels)


def find(directory: Path, name: str) -> Path:
    """The file of that name in a directory, plain or with `.gz`.

    Raises: DataError if there is neither.
    """
    if not directory.is_dir():
        raise DataError(f"{directory}: no such directory; expected sample, mnist, or a directory of MNIST's idx files")
    for path in (directory / name, directory / f"{name}.gz"):
        if path.exists():
            return path
    raise DataError(f"{directory}: no {name} or {name}.gz in it; expected the four files {', '.join(SHA256)}")


def _moments(images: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation of all pixels over 255, from exact integer sums."""
    counts = [int(count) for count in np.bincount(images.reshape(-1), minlength=256)]
    n = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    spread = n * squares - total * total
    if spread == 0:
        raise DataError(f"the {len(images):,} training images hold one value only, expected digits; give other files")
    return total / (255 * n), math.sqrt(spread) / (255 * n)
