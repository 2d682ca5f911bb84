"""The idx file format, read with every field checked before anything is allocated, and written with equal bytes.

A file is: two zero bytes, one byte for the type (8: unsigned byte), one byte for the rank, one big-endian 32-bit
extent per axis, then the entries in row-major order; nothing follows. Source: Y. LeCun, C. Cortes, C. J. C. Burges,
"The MNIST database of handwritten digits".
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from derive.errors import BackproofError

UNSIGNED_BYTE = 0x08
TYPES = {0x08: "unsigned byte", 0x09: "signed byte", 0x0B: "short", 0x0C: "int", 0x0D: "float", 0x0E: "double"}
LARGEST = 1 << 28  # bytes of entries; the MNIST training images have 47 million
DEFLATE_LIMIT = 1032  # deflate never expands by more than this factor


class DataError(BackproofError):
    """A data file or directory that cannot be used; its text says where, got, expected and remedy in one line."""


def read_idx(path: Path, rank: int) -> np.ndarray:
    """The unsigned bytes of an idx file, plain or gzip (`.gz`), as a read-only array of the given rank.

    Raises: DataError if the file is absent, of another type or rank, too large, truncated, corrupt or too long.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected an idx file of MNIST; give the directory that holds it")
    try:
        compressed = path.suffix == ".gz"
        with gzip.open(path, "rb") if compressed else path.open("rb") as stream:
            shape = _read_shape(stream, path, rank)
            _check_size(shape, path, compressed)
            entries = stream.read(math.prod(shape) + 1)  # one more, to see that nothing follows
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error}); expected a whole idx file; fetch it again") from error
    if len(entries) != math.prod(shape):
        got = "more" if len(entries) > math.prod(shape) else f"{len(entries):,}"
        raise DataError(
            f"{path}: got {got} bytes of entries, expected {math.prod(shape):,} for the shape {_show(shape)} of its "
            "header; the file is damaged, fetch it again"
        )
    return np.frombuffer(entries, dtype=np.uint8).reshape(shape)


def _read_shape(stream: BinaryIO | gzip.GzipFile, path: Path, rank: int) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise DataError(
            f"{path}: starts with {magic.hex(' ') or 'nothing'}, expected 00 00 08 {rank:02x}; this is no idx file"
        )
    if magic[2] != UNSIGNED_BYTE:
        raise DataError(f"{path}: entries of type {TYPES[magic[2]]}, expected {TYPES[UNSIGNED_BYTE]}; not MNIST")
    if magic[3] != rank:
        raise DataError(f"{path}: {magic[3]} axes, expected {rank}; are images (3) and labels (1) exchanged?")
    extents = stream.read(4 * rank)
    if len(extents) < 4 * rank:
        raise DataError(f"{path}: ends inside its header, expected {rank} extents; fetch it again")
    return struct.unpack(f">{rank}I", extents)


def _check_size(shape: tuple[int, ...], path: Path, compressed: bool) -> None:
    size = math.prod(shape)
    if size == 0:
        raise DataError(f"{path}: shape {_show(shape)} holds nothing, expected at least one entry")
    held = path.stat().st_size * (DEFLATE_LIMIT if compressed else 1)
    if size > LARGEST or size > held:
        raise DataError(
            f"{path}: its header claims {size:,} entries, expected at most {min(LARGEST, held):,}; the file is damaged"
        )


def _show(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def encode_idx(array: np.ndarray) -> bytes:
    """The idx file of an array of unsigned bytes."""
    if array.dtype != np.uint8:
        raise DataError(f"an idx file of {array.dtype} entries was asked for, expected uint8")
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, UNSIGNED_BYTE, array.ndim, *array.shape)
    return header + np.ascontiguousarray(array).tobytes()
