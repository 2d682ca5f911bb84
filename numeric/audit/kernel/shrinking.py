"""The smallest configuration that still shows a fault: sizes go down one by one for as long as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numeric.audit.kernel.extents import LARGE
from numeric.audit.kernel.faults import Fault
from numeric.audit.kernel.trials import Suite, Trial
from numeric.checks.samples import chosen_symbols, fitting

MOST_CALLS = 300
SEEDS = 4
"""Draws of data for each sizes: a fault may need a zero or a tie."""

Judge = Callable[[Trial], Fault | None]
"""The same fault in another trial, or None."""


def smallest(fault: Fault, suite: Suite, judge: Judge) -> Fault:
    """The fault at the smallest sizes that are found from its own; itself where none are smaller."""
    search = _Search(suite, judge)
    best = search.tried(fault, _least(fault), SEEDS) or fault
    progress = True
    while progress and search.calls < MOST_CALLS:
        found = (search.tried(best, names, SEEDS) for names in _smaller(best))
        smaller = next((f for f in found if f is not None), None)
        best, progress = smaller or best, smaller is not None
    return best


def at_least(fault: Fault, suite: Suite, judge: Judge) -> Fault:
    """The fault at the least sizes of all, where it is there: each call may cost a process."""
    return _Search(suite, judge).tried(fault, _least(fault), 1) or fault


@dataclass(slots=True)
class _Search:
    """Counts the calls of a search."""

    suite: Suite
    judge: Judge
    calls: int = 0

    def tried(self, fault: Fault, names: Mapping[str, Any] | None, seeds: int) -> Fault | None:
        """The same fault at other sizes, or None."""
        for seed in range(seeds if names is not None else 0):
            base = self.suite.at_sizes(names or {}, fault.trial, seed)
            trial = None if base is None else self.suite.staged(fault.trial.stage, base)
            if trial is not None and self.calls < MOST_CALLS:
                self.calls += 1
                found = self.judge(trial)
                if found is not None:
                    return found
        return None


def _least(fault: Fault) -> Mapping[str, Any] | None:
    """The least sizes that the law allows, real parameters kept."""
    op, names = fault.trial.sample.op, fault.trial.sample.names
    least = {p.name: p.minimum for p in op.parameters if not p.real}
    kept = {p.name: names[p.name] for p in op.parameters if p.real}
    return fitting(op, {n: kept.get(n, max(least.get(n, 1), 0)) for n in chosen_symbols(op)}, LARGE)


def _smaller(fault: Fault) -> Iterator[Mapping[str, Any]]:
    """Sizes of which one is smaller than the fault's, the largest extents first, as small as they can be first."""
    op, names = fault.trial.sample.op, fault.trial.sample.names
    least = {p.name: p.minimum for p in op.parameters}
    reals = {p.name for p in op.parameters if p.real}
    own = {n: names[n] for n in chosen_symbols(op) if n not in reals}
    fixed = {n: names[n] for n in reals}
    for name in sorted(own, key=lambda n: (-own[n], n)):
        low = max(least.get(name, 1), 0)
        for value in dict.fromkeys((low, (low + own[name]) // 2, own[name] - 1)):
            if low <= value < own[name]:
                found = fitting(op, {**fixed, **own, name: value}, LARGE)
                if found is not None:
                    yield found
