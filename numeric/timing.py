"""Times compared: tasks take turns, so that a slow minute of the machine is everybody's, and medians are reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

Progress = Callable[[int, int], None]
Tasks = Mapping[str, Callable[[], object]]


def _silent(done: int, total: int) -> None:
    """Where nobody looks."""


def interleaved(tasks: Tasks, rounds: int, progress: Progress = _silent) -> dict[str, float]:
    """The median seconds of each task over that many rounds, in each of which every task runs once.

    Raises: ValueError for no round.
    """
    return {name: median(found) for name, found in turns(tasks, rounds, progress).items()}


def turns(tasks: Tasks, rounds: int, progress: Progress = _silent) -> dict[str, list[float]]:
    """The seconds of each task in every round. Raises: ValueError for no round."""
    if rounds < 1:
        raise ValueError(f"rounds: got {rounds}, expected at least 1")
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for k in range(rounds):
        for place, (name, task) in enumerate(tasks.items()):
            started = perf_counter()
            task()
            seconds[name].append(perf_counter() - started)
            progress(k * len(tasks) + place + 1, rounds * len(tasks))
    return seconds
