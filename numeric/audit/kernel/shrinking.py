"""The smallest configuration that still shows a fault: sizes go down one by one for as long as it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

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
    calls = 0

    def tried(names: Mapping[str, Any]) -> Fault | None:
        nonlocal calls
        for seed in range(SEEDS):
            base = suite.at_sizes(names, fault.trial, seed)
            trial = None if base is None else suite.staged(fault.trial.stage, base)
            if trial is not None and calls < MOST_CALLS:
                calls += 1
                found = judge(trial)
                if found is not None:
                    return found
        return None

    best = fault
    progress = True
    while progress and calls < MOST_CALLS:
        progress = False
        for names in _smaller(best):
            found = tried(names)
            if found is not None:
                best, progress = found, True
                break
    return best


def _smaller(fault: Fault) -> Iterator[Mapping[str, Any]]:
    """Sizes of which one is smaller than the fault's, the largest extents first, as small as they can be first."""
    op, names = fault.trial.sample.op, fault.trial.sample.names
    least = {p.name: p.minimum for p in op.parameters}
    reals = {p.name for p in op.parameters if p.real}
    own = {n: names[n] for n in chosen_symbols(op) if n not in reals}
    fixed = {n: names[n] for n in reals}
    for name in sorted(own, key=lambda n: (-own[n], n)):
        low = max(least.get(name, 1), min(least.get(name, 1), 1))
        for value in dict.fromkeys((low, (low + own[name]) // 2, own[name] - 1)):
            if low <= value < own[name]:
                found = fitting(op, {**fixed, **own, name: value})
                if found is not None:
                    yield found
