"""Compiled libraries, kept by the hash of their text, of the flags, and of the compiler with the machine it knows."""

from __future__ import annotations

import ctypes
import os
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from derive.errors import OperationError
from numeric.native.compiler import Compiler, compiler, run

SHOWN = 2000
"""How many characters of a compiler's complaint are told."""


@cache
def library(text: str) -> ctypes.CDLL:
    """The functions of a C++ text, compiled if they never were on this machine.

    Raises: NoCompiler, OperationError where the compiler refuses the text.
    """
    own = compiler()
    key = sha256("\0".join((*own.command, *own.flags, own.identity, text)).encode()).hexdigest()
    path = folder() / f"{key[:32]}.so"
    if not path.exists():
        _compile(own, text, path)
    return ctypes.CDLL(str(path))


def folder() -> Path:
    """Where libraries and what was chosen for them are kept."""
    return _folder(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))


@cache
def _folder(base: str) -> Path:
    """Where libraries are kept: a folder of the user's alone, or, where there can be none, one of this process."""
    folder = Path(base, "backproof", "native")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owned = not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
        if owned and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        pass
    return Path(tempfile.mkdtemp(prefix="backproof-"))


def _loads(made: Path) -> bool:
    """Whether a library finds all that it calls: one for threads may be missing on this machine."""
    try:
        ctypes.CDLL(str(made))
    except OSError:
        return False
    return True


def _compile(own: Compiler, text: str, path: Path) -> None:
    """Compile beside the place where a library is kept, then put it there: it is whole, or absent."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        source, made = Path(folder, "kernels.cpp"), Path(folder, "kernels.so")
        source.write_text(text, encoding="utf-8")
        for flags in dict.fromkeys((own.flags, own.plain)):
            done = run((*own.command, *flags, str(source), "-o", str(made)))
            if done is not None and done.returncode == 0 and _loads(made):
                made.replace(path)
                return
        said = "no such command" if done is None else done.stderr[:SHOWN] or "a library that does not load"
        raise OperationError(
            f"backend cpp: got from {own.command[0]}: {said}; expected a library; use the backend torch"
        )
