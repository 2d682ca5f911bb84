"""Work shared out to a cluster that is already running: joblib with the backend of Dask or Ray.

Every machine of the cluster has backproof installed. What travels is the name of a function, and our own plain values
in and out; no closure, and nothing of a user's code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from derive.errors import OperationError

T = TypeVar("T")
R = TypeVar("R")
PATIENCE = 20
"""Seconds to wait for a cluster to answer."""


def outcomes(work: Callable[[T], R], tasks: Iterable[T], address: str) -> Iterator[R]:
    """What becomes of each task, in their order.

    Raises: OperationError where no cluster answers, ModuleNotFoundError for a package that is not installed.
    """
    scheme, _, place = address.partition("://")
    if scheme not in ENGINES or not place:
        known = ", ".join(f"{name}://HOST:PORT" for name in ENGINES)
        raise OperationError(f"jobs: got {address!r}, expected {known}, or a number of processes; change it")
    from joblib import Parallel, delayed, parallel_config

    with ENGINES[scheme](place) as (backend, return_as), parallel_config(backend):
        yield from Parallel(return_as=return_as)(delayed(work)(t) for t in tasks)


@contextmanager
def _dask(place: str) -> Iterator[tuple[str, str]]:
    from distributed import Client

    try:
        client = Client(f"tcp://{place}", timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise _unanswered("dask", place, error, "dask scheduler") from None
    with client:
        yield "dask", "generator"


@contextmanager
def _ray(place: str) -> Iterator[tuple[str, str]]:
    import ray
    from ray.util.joblib import register_ray

    try:
        ray.init(f"ray://{place}")
    except (ConnectionError, OSError, ValueError) as error:
        raise _unanswered("ray", place, error, "ray start --head") from None
    try:
        register_ray()
        yield "ray", "list"  # its backend of joblib hands nothing back before the end
    finally:
        ray.shutdown()


def _unanswered(scheme: str, place: str, error: Exception, start: str) -> OperationError:
    return OperationError(f"jobs: got {scheme}://{place}, where no cluster answers ({error}), expected a running one;"
                          f" start it ({start}) or give its address")  # fmt: skip


ENGINES: dict[str, Callable[[str], AbstractContextManager[tuple[str, str]]]] = {"dask": _dask, "ray": _ray}
"""Scheme of an address -> what connects to it, and names joblib's backend and how that returns."""
