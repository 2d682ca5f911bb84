"""Times with their ranges: turns long enough for the clock, taken by turns, as medians and quartiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from time import perf_counter

from numeric.timing import Progress, turns

TURN = 0.02
"""Seconds that a turn takes at least: a task that is faster runs several times in each."""
MOST = 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds a run: the median over the rounds, and the quartiles around it."""

    median: float
    low: float
    high: float

    def plain(self) -> dict[str, float]:
        """The same in milliseconds."""
        return {"median": _ms(self.median), "low": _ms(self.low), "high": _ms(self.high)}


def measured(tasks: Mapping[str, Callable[[], object]], rounds: int, progress: Progress) -> dict[str, Spread]:
    """The seconds that a run of each task takes; every task has run before, so that nothing is made for the first time.

    Raises: ValueError for no round.
    """
    many = {name: _runs(task) for name, task in tasks.items()}
    found = turns({name: partial(_again, task, many[name]) for name, task in tasks.items()}, rounds, progress)
    return {name: spread([s / many[name] for s in seconds]) for name, seconds in found.items()}


def spread(seconds: list[float]) -> Spread:
    """The median and the quartiles of the seconds of every round."""
    low, _, high = quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else seconds * 3
    return Spread(median(seconds), low, high)


def _runs(task: Callable[[], object]) -> int:
    """How many runs make a turn."""
    started = perf_counter()
    task()
    return min(MOST, max(1, round(TURN / max(perf_counter() - started, TURN / MOST))))


def _again(task: Callable[[], object], times: int) -> None:
    for _ in range(times):
        task()


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 4)
