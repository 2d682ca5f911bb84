"""Digits come whole, balanced and normalised, or not at all."""

import gzip
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from numeric.training.data import CLASSES, FILES, SAMPLE, SHA256, Dataset, load, read_directory
from numeric.training.idx import DataError, encode_idx
from tests.numeric.digits import write_digits
from tools.make_sample import PER_CLASS, evenly, make_sample


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return load("sample")


def test_the_sample_is_balanced_over_the_classes(sample: Dataset) -> None:
    for split, per_class in PER_CLASS.items():
        assert np.bincount(getattr(sample, split).labels).tolist() == [per_class] * CLASSES


def test_the_sample_stays_small_and_carries_its_licence() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) < 500_000
    assert "Attribution-ShareAlike 3.0" in (SAMPLE / "README.md").read_text(encoding="utf-8")


def test_the_sample_is_remade_byte_for_byte_from_the_full_files(mnist_directory: Path, tmp_path: Path) -> None:
    for path in make_sample(mnist_directory, tmp_path):
        shipped = (SAMPLE / path.name).read_bytes()
        assert gzip.decompress(path.read_bytes()) == gzip.decompress(shipped)
        if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng compresses the same content to other bytes
            assert path.read_bytes() == shipped


def test_the_script_names_what_it_needs() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "BACKPROOF_MNIST"}
    script = Path(__file__).parents[2] / "tools" / "make_sample.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr == "give the directory of the full MNIST files, as an argument or as BACKPROOF_MNIST\n"


def test_digits_are_chosen_evenly_over_their_occurrences() -> None:
    labels = np.repeat(np.arange(CLASSES, dtype=np.uint8), 6)
    assert evenly(labels, 2).tolist() == [6 * c + k for c in range(CLASSES) for k in (0, 3)]


def test_the_full_files_have_the_published_moments(mnist_directory: Path) -> None:
    data = load(mnist_directory)
    assert (len(data.train), len(data.test)) == (60_000, 10_000)
    assert (round(data.mean, 4), round(data.std, 4)) == (0.1307, 0.3081)


def test_the_training_pixels_have_mean_0_and_deviation_1_after_normalisation(sample: Dataset) -> None:
    pixels = sample.normalised(sample.train.images, np.float64)
    n = pixels.size
    # Pairwise sums of n terms of size at most 3 err by less than this.
    bound = 3 * 9 * np.finfo(np.float64).eps * np.log2(n)
    assert abs(pixels.mean()) <= bound
    assert abs(pixels.std() - 1) <= bound


def test_each_pixel_is_normalised_with_one_rounding(sample: Dataset) -> None:
    images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    normalised = sample.normalised(images)
    assert normalised.shape == (4, 1, 8, 8)
    assert normalised.dtype == np.float32
    exact = ((images / 255 - sample.mean) / sample.std).astype(np.float32)
    assert np.array_equal(normalised[:, 0], exact)


def test_moments_are_those_of_the_pixels(tmp_path: Path) -> None:
    write_digits(tmp_path, train=1, test=1)
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0] = 255  # one row of 28: mean 1/28, variance 27/28**2
    (tmp_path / FILES["train"][0]).write_bytes(encode_idx(images))
    data = read_directory(tmp_path)
    assert data.mean == 1 / 28
    assert abs(data.std - 27**0.5 / 28) <= np.spacing(27**0.5 / 28)  # a root and a quotient, each rounded once


def test_plain_and_compressed_files_give_the_same_digits(tmp_path: Path, sample: Dataset) -> None:
    for name in SHA256:
        (tmp_path / name).write_bytes(gzip.decompress((SAMPLE / f"{name}.gz").read_bytes()))
    plain = load(tmp_path)
    assert plain.train.sha256 == sample.train.sha256
    assert plain.test.sha256 == sample.test.sha256
    assert sample.train.sha256 != sample.test.sha256


@pytest.mark.parametrize("name", SHA256)
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    write_digits(tmp_path, train=3, test=2)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=f"no {name} or {name}.gz in it"):
        load(tmp_path)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such directory; expected sample, mnist, or a directory"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("train-labels-idx1-ubyte", np.zeros(4, np.uint8), "4 labels for the 3 images"),
        ("t10k-labels-idx1-ubyte", np.zeros(1, np.uint8), "1 labels for the 2 images"),
        ("train-labels-idx1-ubyte", np.array([1, 10, 2], np.uint8), "label 10 at position 1, expected 0 to 9"),
        ("train-images-idx3-ubyte", np.zeros((3, 28, 27), np.uint8), "images of 28x27 pixels, expected 28x28"),
        ("train-images-idx3-ubyte", np.full((3, 28, 28), 7, np.uint8), "hold one value only"),
        ("train-images-idx3-ubyte", np.zeros(3, np.uint8), "1 axes, expected 3"),
    ],
)
def test_files_that_are_no_digits_are_refused(name: str, array: np.ndarray, said: str, tmp_path: Path) -> None:
    write_digits(tmp_path, train=3, test=2)
    (tmp_path / name).write_bytes(encode_idx(array))
    with pytest.raises(DataError, match=said):
        load(tmp_path)
