"""The state of a long computation on disk: arrays and plain data, written atomically, read without trust."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from derive.errors import BackproofError
from numeric.training.atomic import whole_file

FORMAT = "backproof checkpoint 1"
HEADER = "header"
LARGEST = 1 << 30  # bytes; LeNet's state has half a million
# What the readers of archives, arrays and JSON raise on damaged content; RuntimeError: encrypted or nested too deeply.
DAMAGE = (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, MemoryError, RuntimeError)


class CheckpointError(BackproofError):
    """A checkpoint that cannot be written, read or used; its text says where, got, expected and remedy in one line."""


def save(path: Path, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> None:
    """Write arrays and a header of plain data to an npz file; the same content gives the same bytes.

    Raises: CheckpointError if the folder cannot be written; an older checkpoint stays whole then.
    """
    own = {"format": FORMAT, "sha256": _sums(arrays)}
    text = json.dumps({**header, **own}, sort_keys=True, allow_nan=False)
    try:
        with whole_file(path) as stream:
            np.savez(stream, allow_pickle=False, **{HEADER: np.frombuffer(text.encode(), np.uint8), **arrays})
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written ({error.strerror}); give a folder that can") from error


def load(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the header of a checkpoint.

    Raises: CheckpointError if it is absent, damaged, not a checkpoint or holds numbers that are not finite.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; start without resuming")
    try:
        arrays = _read_members(path)
        header = json.loads(arrays.pop(HEADER).tobytes())
        if not isinstance(header, dict) or header.pop("format", None) != FORMAT:
            raise ValueError(f"its format is not {FORMAT!r}")
        if header.pop("sha256", None) != _sums(arrays):
            raise ValueError("its arrays are not those that were written")
    except (*DAMAGE, zipfile.BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise CheckpointError(
            f"{path}: not a whole checkpoint ({reason}); start without resuming, or give another file"
        ) from error
    for name, array in arrays.items():
        if not (np.issubdtype(array.dtype, np.floating) and np.isfinite(array).all()):
            raise CheckpointError(
                f"{path}: {name} holds {array.dtype} entries that are not finite numbers; start afresh"
            )
    return arrays, header


def _read_members(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > LARGEST:
        raise ValueError(f"it claims {size:,} bytes, at most {LARGEST:,} are read")
    with np.load(path, allow_pickle=False) as members:
        return {name: members[name] for name in members.files}


def _sums(arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    return {name: sha256(array.tobytes()).hexdigest() for name, array in arrays.items()}
