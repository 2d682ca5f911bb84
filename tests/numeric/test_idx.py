"""The idx reader takes whole files only, and says of every other what is wrong."""

import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeric.training.idx import DataError, encode_idx, read_idx

IMAGES = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)
WHOLE = encode_idx(IMAGES)

# name of the damage: (bytes, compressed, what the message must say)
DAMAGED: dict[str, tuple[bytes, bool, str]] = {
    "empty": (b"", False, "starts with nothing"),
    "short magic": (WHOLE[:3], False, "expected 00 00 08 03"),
    "no idx file": (b"%PDF-1.7 and so on", False, "starts with 25 50 44 46"),
    "unknown type": (b"\0\0\x07\x03" + WHOLE[4:], False, "this is no idx file"),
    "floats": (b"\0\0\x0d\x03" + WHOLE[4:], False, "entries of type float, expected unsigned byte"),
    "doubles that are not finite": (
        b"\0\0\x0e\x03" + struct.pack(">3I", 1, 1, 1) + struct.pack(">d", float("nan")),
        False,
        "type double",
    ),
    "labels for images": (encode_idx(np.arange(5, dtype=np.uint8)), False, "1 axes, expected 3"),
    "ends in the header": (WHOLE[:9], False, "ends inside its header"),
    "truncated by one": (WHOLE[:-1], False, "got 23 bytes of entries, expected 24"),
    "trailing byte": (WHOLE + b"\0", False, "got more bytes of entries, expected 24 for the shape 3x2x4"),
    "no entries": (encode_idx(IMAGES[:0]), False, "shape 0x2x4 holds nothing"),
    "absurd extents": (WHOLE[:4] + b"\xff" * 12 + WHOLE[16:], False, "claims 79,228,162,458,924,105,385,300,197,375"),
    "truncated, compressed": (gzip.compress(WHOLE[:-1]), True, "got 23 bytes of entries, expected 24"),
    "trailing, compressed": (gzip.compress(WHOLE + b"\0"), True, "got more bytes"),
    "gzip cut off": (gzip.compress(WHOLE)[:-9], True, "cannot be read"),
    "gzip with a wrong checksum": (gzip.compress(WHOLE)[:-8] + b"\0\0\0\0" + gzip.compress(WHOLE)[-4:], True, "CRC"),
    "not gzip": (WHOLE, True, "Not a gzipped file"),
    "gzip followed by dirt": (gzip.compress(WHOLE) + b"dirt", True, "cannot be read"),
    "gzip bomb": (gzip.compress(WHOLE[:4] + struct.pack(">3I", 1, 1, 1) + bytes(1 << 26)), True, "got more bytes"),
    "claims more than deflate can hold": (gzip.compress(WHOLE[:4] + b"\0\x0f\xff\xff" * 3), True, "expected at most"),
}


def put(folder: Path, content: bytes, compressed: bool) -> Path:
    path = folder / ("digits.gz" if compressed else "digits")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_in_one_line_that_names_it(damage: str, tmp_path: Path) -> None:
    content, compressed, said = DAMAGED[damage]
    path = put(tmp_path, content, compressed)
    with pytest.raises(DataError) as caught:
        read_idx(path, rank=3)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["gzip bomb", "claims more than deflate can hold", "absurd extents"])
def test_a_damaged_file_does_not_take_the_memory_it_claims(damage: str, tmp_path: Path) -> None:
    content, compressed, _ = DAMAGED[damage]
    path = put(tmp_path, content, compressed)
    tracemalloc.start()
    with pytest.raises(DataError):
        read_idx(path, rank=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_refused_without_waiting(make, tmp_path: Path) -> None:
    path = tmp_path / "digits"
    make(path)
    with pytest.raises(DataError, match="no such file"):
        read_idx(path, rank=3)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.booleans(), st.integers(0, 2**32))
def test_what_is_written_reads_back(tmp_path_factory, shape: list[int], compressed: bool, seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    content = encode_idx(array)
    path = put(tmp_path_factory.mktemp("idx"), gzip.compress(content) if compressed else content, compressed)
    read = read_idx(path, rank=len(shape))
    assert read.dtype == np.uint8
    assert np.array_equal(read, array)


def test_every_truncation_of_a_file_is_refused(tmp_path: Path) -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(DataError):
            read_idx(put(tmp_path, WHOLE[:length], compressed=False), rank=3)


def test_what_is_read_cannot_be_overwritten(tmp_path: Path) -> None:
    read = read_idx(put(tmp_path, WHOLE, compressed=False), rank=3)
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 1


def test_only_unsigned_bytes_are_written() -> None:
    with pytest.raises(DataError, match="float64 entries"):
        encode_idx(np.zeros(3))
