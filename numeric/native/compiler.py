"""Finds a C++ compiler, and compiles a text into a library that is kept by the hash of text, flags and compiler."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from derive.errors import OperationError

FLAGS = ("-std=c++17", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-shared", "-fPIC")


@cache
def compiler() -> str:
    for name in (os.environ.get("CXX"), "g++", "clang++", "c++"):
        if name and (found := shutil.which(name)):
            return found
    raise OperationError("backend cpp: got no C++ compiler, expected g++ or clang++; install one, or use torch")


def cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "backproof" / "native"


@cache
def library(text: str) -> ctypes.CDLL:
    key = sha256("\n".join((compiler(), *FLAGS, text)).encode()).hexdigest()[:24]
    path = cache_folder() / f"{key}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            source, made = Path(folder) / "kernel.cpp", Path(folder) / "kernel.so"
            source.write_text(text)
            found = subprocess.run([compiler(), *FLAGS, str(source), "-o", str(made)], capture_output=True, text=True)
            if found.returncode:
                raise OperationError(f"compiler: {found.stderr[:2000]}")
            made.replace(path)
    return ctypes.CDLL(str(path))
