"""Finds a C++ compiler on this machine: the one that $CXX names, one that is installed, or one that came as a wheel."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from derive.errors import OperationError

INSTALLED = ("g++", "clang++", "c++")
WHEEL = "ziglang"
"""A package that holds a whole C++ compiler, though no library of threads; it is run, not imported."""

FLAGS = ("-std=c++17", "-O3", "-fPIC", "-shared", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math")
"""Arithmetic is IEEE's: sums keep their order, NaN and infinities are honoured; a*b + c may be rounded once."""

MACHINES = (("-march=native", "-fopenmp"), ("-march=native",), ("-mcpu=native",), ())
"""Flags for the machine at hand, the best first: compilers differ in what they know."""


class NoCompiler(OperationError):
    """No C++ compiler is found."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A command, the flags it takes on this machine, and its identity: what it defines for itself and this machine."""

    command: tuple[str, ...]
    flags: tuple[str, ...]
    identity: str

    @property
    def plain(self) -> tuple[str, ...]:
        """The flags without threads, where a machine lacks their library."""
        return tuple(f for f in self.flags if f != "-fopenmp")


def compiler() -> Compiler:
    """The compiler of this machine. Raises: NoCompiler, OperationError for a $CXX that does not work."""
    named = os.environ.get("CXX", "")
    found = _first(named)
    if found is None and named:
        raise OperationError(f"CXX: got {named!r}, expected a C++ compiler that runs; correct it, or leave it out")
    if found is None:
        raise NoCompiler(
            f"backend cpp: got no C++ compiler, expected one of {', '.join(INSTALLED)}; install one, or"
            " pip install 'backproof[cpp]', or use the backend torch"
        )
    return found


def present() -> bool:
    """Whether this machine has a compiler."""
    return _first(os.environ.get("CXX", "")) is not None


@cache
def _first(named: str) -> Compiler | None:
    return next((c for command in _commands(named) if (c := _examined(command)) is not None), None)


def _commands(named: str) -> Iterator[tuple[str, ...]]:
    """The commands that may be compilers; one that is named leaves no other choice."""
    if named:
        yield tuple(shlex.split(named))
        return
    yield from ((found,) for found in map(shutil.which, INSTALLED) if found)
    if find_spec(WHEEL) is not None:
        yield sys.executable, "-m", WHEEL, "c++"


def _examined(command: tuple[str, ...]) -> Compiler | None:
    """A compiler with the flags that it takes; its predefined macros tell its version and what this machine can do."""
    for machine in MACHINES[WHEEL in command :]:
        defined = run((*command, *FLAGS, *machine, "-dM", "-E", "-x", "c++", os.devnull))
        if defined is not None and defined.returncode == 0:
            return Compiler(command, (*FLAGS, *machine), defined.stdout)
    return None


def run(command: tuple[str, ...]) -> subprocess.CompletedProcess[str] | None:
    """What became of a command; None where there is none of that name."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- a compiler, no shell
    except OSError:
        return None
