"""Texts that were made before, kept by content: the same request to the same code is answered without making it again.

What is kept lies in a folder that only its owner may read or write; another's folder is not used, and a file that is
not whole counts as absent. Code that has changed by a byte has another key.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from reports.writers.output import write_files
from reports.writers.registry import WriteError

MOST = 200
"""How many texts are kept; beyond that, those that were made first go."""

ROOMS = ("derive", "numeric", "reports")
LIBRARIES = ("sympy",)


def kept(request: object, make: Callable[[], str], again: bool = False) -> str:
    """The text that `make` gives for a request (plain data), perhaps from an earlier run of the same code.

    It is made every time where there is no folder of one's own to keep it in, or where it is asked for `again`.
    """
    folder = None if again else _folder()
    if folder is None:
        return make()
    path = folder / f"{key(request)}.txt"
    found = _read(path)
    if found is not None:
        return found
    text = make()
    with suppress(WriteError):
        write_files(folder, ((path.name, f"{_sum(text)}\n{text}"),))
        _forget(folder)
    return text


def key(request: object) -> str:
    """What a request to this very code is known by."""
    return _sum(json.dumps([request, sys.version, list(_files())]))


def _sum(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _files() -> Iterator[tuple[str, int, int]]:
    """Every source file that has a say, with its size and the time of its last change."""
    home = Path(__file__).parents[1]
    for room in ROOMS:
        for folder, inner, names in os.walk(home / room):
            inner.sort()
            for name in sorted(names):
                if not name.endswith(".pyc"):
                    yield _state(Path(folder, name))
    for library in LIBRARIES:
        found = find_spec(library)
        if found is not None and found.origin is not None:
            yield _state(Path(found.origin).with_name("release.py"))


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_size, found.st_mtime_ns


def _folder() -> Path | None:
    """The folder of kept texts, made if need be; None where it cannot be one's own alone."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(base, "backproof", "texts")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError):
        return None
    owned = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    alone = os.name != "posix" or not found.st_mode & 0o077
    return folder if stat.S_ISDIR(found.st_mode) and owned and alone else None


def _read(path: Path) -> str | None:
    """The text of a file, or None where it is absent or not whole."""
    try:
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return text if first == _sum(text) else None


def _forget(folder: Path) -> None:
    """Remove the oldest texts beyond the number that is kept."""
    files = sorted(folder.glob("*.txt"), key=lambda p: _state(p)[2])
    for path in files[: max(len(files) - MOST, 0)]:
        with suppress(OSError):
            path.unlink()
