"""Work shared out: done here, by processes of this machine, or by a cluster that is already running."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Jobs = int | str
"""How many processes, or the address of a cluster: dask://HOST:PORT, ray://HOST:PORT."""


def shared(work: Callable[[T], R], tasks: Sequence[T], jobs: Jobs) -> Iterator[R]:
    """What becomes of each task, in their order, whoever does them.

    `work` is a function of a module, or a partial one of such: only its name and the tasks travel.
    Raises: OperationError, ModuleNotFoundError for a cluster that cannot be used.
    """
    if isinstance(jobs, str):
        yield from import_module("numeric.checks.cluster").outcomes(work, tasks, jobs)
    elif jobs <= 1 or len(tasks) <= 1:
        yield from map(work, tasks)
    else:
        # spawned, not forked: a fork of a process that runs torch's threads may hang
        with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_settle) as pool:
            yield from pool.map(work, tasks)


def _settle() -> None:
    import_module("numeric.oracle").single_thread()
