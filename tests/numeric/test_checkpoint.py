"""A checkpoint is whole or not there, and nothing that is not one is taken for one."""

import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from numeric.training import atomic, checkpoint
from numeric.training.checkpoint import CheckpointError

ARRAYS = {"parameters/conv1.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "velocity/b": np.ones(1, np.float32)}
HEADER = {"run": {"seed": 2**62}, "losses": [0.1, 1 / 3, 1e-300]}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "run.npz"
    checkpoint.save(path, ARRAYS, HEADER)
    return path


def test_what_is_saved_is_loaded_bit_for_bit(saved: Path) -> None:
    arrays, header = checkpoint.load(saved)
    assert header == HEADER
    assert arrays.keys() == ARRAYS.keys()
    assert all(arrays[name].tobytes() == ARRAYS[name].tobytes() for name in ARRAYS)
    assert all(arrays[name].dtype == ARRAYS[name].dtype for name in ARRAYS)


def test_the_same_content_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "again.npz", ARRAYS, dict(reversed(HEADER.items())))
    assert saved.read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_every_truncation_is_refused_in_one_line(saved: Path) -> None:
    content = saved.read_bytes()
    for length in range(0, len(content), 7):
        saved.write_bytes(content[:length])
        with pytest.raises(CheckpointError) as caught:
            checkpoint.load(saved)
        assert str(caught.value).startswith(f"{saved}: not a whole checkpoint")
        assert "\n" not in str(caught.value)


def test_no_changed_byte_changes_what_is_loaded(saved: Path) -> None:
    content = saved.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x10
        saved.write_bytes(changed)
        try:
            arrays, header = checkpoint.load(saved)
        except CheckpointError:
            continue
        # Dates and attributes of the archive's members carry nothing.
        assert header == HEADER
        assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


def archive(**members: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def with_header(header: object) -> bytes:
    return archive(**{"header.npy": npy(np.frombuffer(json.dumps(header).encode(), np.uint8))})


FOREIGN = {
    "text": b"not an archive",
    "one array": npy(np.zeros(3)),
    "no header": archive(**{"a.npy": npy(np.zeros(3))}),
    "a header that is no text": archive(**{"header.npy": npy(np.full(3, 255, np.uint8))}),
    "a header that is no table": with_header([1, 2]),
    "a header of another program": with_header({"format": "something else 1"}),
    "a header nested without end": archive(**{"header.npy": npy(np.frombuffer(b"[" * 100_000, np.uint8))}),
    "a pickle": archive(**{"header.npy": npy(np.array([{}], dtype=object))}),
    "an array of absurd size": archive(
        **{"header.npy": npy(np.zeros(1)).replace(b"'shape': (1,), }      ", b"'shape': (9999999,),}")}
    ),
    "a member that is no array": archive(**{"header.npy": b"dirt"}),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_file_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "run.npz"
    path.write_bytes(FOREIGN[kind])
    with pytest.raises(CheckpointError, match="not a whole checkpoint") as caught:
        checkpoint.load(path)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_by_the_size_it_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "LARGEST", 1 << 20)
    path = tmp_path / "run.npz"
    path.write_bytes(archive(**{"header.npy": bytes(1 << 21)}))
    with pytest.raises(CheckpointError, match="it claims 2,097,152 bytes, at most 1,048,576 are read"):
        checkpoint.load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "run.npz", {"w": np.array([1, value])}, HEADER)
    with pytest.raises(CheckpointError, match="w holds float64 entries that are not finite numbers"):
        checkpoint.load(tmp_path / "run.npz")


def test_a_failed_write_leaves_the_old_file_and_no_other(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"cannot be written \(No space left on device\)"):
        checkpoint.save(saved, {"w": np.zeros(1000)}, HEADER)
    assert saved.read_bytes() == before
    assert os.listdir(saved.parent) == [saved.name]


def test_a_process_that_dies_while_writing_leaves_the_old_file(saved: Path) -> None:
    before = saved.read_bytes()
    code = (
        "import os, pathlib, sys\nfrom numeric.training.atomic import whole_file\n"
        "with whole_file(pathlib.Path(sys.argv[1])) as stream:\n    stream.write(b'half'); stream.flush(); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(saved)]).returncode == 9
    assert saved.read_bytes() == before


def test_a_link_keeps_pointing_where_it_points(saved: Path) -> None:
    link = saved.with_name("link.npz")
    link.symlink_to(saved)
    checkpoint.save(link, ARRAYS, {})
    assert link.is_symlink()
    assert checkpoint.load(saved)[1] == {}


@pytest.mark.parametrize("place", ["nowhere/run.npz", ""], ids=["a folder that is not there", "a folder"])
def test_a_place_that_cannot_be_written_is_refused_in_one_line(place: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be written"):
        checkpoint.save(tmp_path / place, ARRAYS, HEADER)
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        checkpoint.load(tmp_path / "run.npz")
