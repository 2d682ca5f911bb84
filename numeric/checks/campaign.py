"""Many configurations of many operations, shared among processes; the verdicts do not depend on how they are shared."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite
from typing import Any

from derive.catalogue import RECIPES, variants
from derive.operation import Op
from numeric.checks.checking import Check, worst_of
from numeric.checks.sharing import Jobs, shared
from numeric.verification import examine, subject, usable

CHUNK = 64
"""Configurations of one operation that a process takes at a time: it derives and prints the operation once."""

Progress = Callable[[int, int], None]
"""Called with the configurations done and all of them."""


@dataclass(frozen=True, slots=True)
class Task:
    """Some configurations of one operation: seeds `first`, `first + 1`, ..."""

    op: Op
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task: how many configurations failed, and every claim with its worst configuration."""

    failed: int
    checks: list[Check]


def campaign(
    ops: Iterable[Op] | None = None,
    configurations: int = 1000,
    seed: int = 0,
    jobs: Jobs = 1,
    progress: Progress | None = None,
    backends: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Verify operations (None: the whole catalogue in every variant) on that many configurations in all.

    A configuration is sizes, settings and data for one operation: forward and all gradients in every backend, against
    the reference, the rounding bounds and torch's autograd. The result is plain data for JSON:
    `{"configurations", "passed", "failed", "undecided", "seconds", "seed", "ops": {name: {..., "backends": {backend:
    {layer: {"claims", "comparisons", "failed", "undecided"}}}, "checks": [...]}}}`, the backend "law" being the law by
    itself; all but `seconds` is the same for the same arguments, whatever `jobs` is. What is undecided is a claim of
    which no configuration decides.

    Raises: OperationError, NotDerived.
    """
    started = time.perf_counter()
    chosen = list(catalogue_variants() if ops is None else ops)
    tasks = [
        t for op, count in zip(chosen, allotted(configurations, chosen), strict=True) for t in cut(op, seed, count)
    ]
    work = partial(run, backends=usable(backends))
    outcomes: list[Outcome] = []
    done = 0
    for task, outcome in zip(tasks, shared(work, tasks, jobs), strict=True):
        outcomes.append(outcome)
        done += task.count
        if progress is not None:
            progress(done, configurations)
    return _summary(tasks, outcomes, seed, time.perf_counter() - started)


def catalogue_variants() -> Iterator[Op]:
    """Every operation of the catalogue with every choice of what picks its law; numbers stay symbols."""
    for name in RECIPES:
        yield from variants(name)


def allotted(total: int, laws: Sequence[Op]) -> list[int]:
    """How many configurations each law gets: operations share alike, and so do the laws of one operation."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for k, law in enumerate(laws):
        by_name[label(law)].append(k)
    found = [0] * len(laws)
    for share, places in zip(shares(total, len(by_name)), by_name.values(), strict=True):
        for k, count in zip(places, shares(share, len(places)), strict=True):
            found[k] = count
    return found


def shares(total: int, parts: int) -> list[int]:
    """`total` in `parts` shares that differ by at most one, larger ones first."""
    return [total // parts + (k < total % parts) for k in range(parts)]


def cut(op: Op, seed: int, count: int) -> list[Task]:
    """The configurations of one operation in tasks of at most CHUNK."""
    return [Task(op, seed + k, min(CHUNK, count - k)) for k in range(0, count, CHUNK)]


def run(task: Task, backends: tuple[str, ...]) -> Outcome:
    """Verify the configurations of a task."""
    own = subject(task.op, backends)
    found = [list(examine(own, task.first + k)) for k in range(task.count)]
    failed = sum(any(not c and not c.undecided for c in checks) for checks in found)
    return Outcome(failed, worst_of(c for checks in found for c in checks))


def _summary(tasks: list[Task], outcomes: list[Outcome], seed: int, seconds: float) -> dict[str, Any]:
    by_name: dict[str, list[tuple[Task, Outcome]]] = defaultdict(list)
    for task, outcome in zip(tasks, outcomes, strict=True):
        by_name[label(task.op)].append((task, outcome))
    ops = {name: _summary_of(pairs) for name, pairs in by_name.items()}
    counted = ("configurations", "passed", "failed", "undecided")
    total = {key: sum(one[key] for one in ops.values()) for key in counted}
    return {**total, "seconds": round(seconds, 3), "seed": seed, "ops": ops}


def _summary_of(pairs: list[tuple[Task, Outcome]]) -> dict[str, Any]:
    count, failed = sum(t.count for t, _ in pairs), sum(o.failed for _, o in pairs)
    checks = worst_of(c for _, o in pairs for c in o.checks)
    return {
        "configurations": count,
        "passed": count - failed,
        "failed": failed,
        "undecided": sum(c.undecided for c in checks),
        "backends": by_backend(checks),
        "checks": [plain(c) for c in checks],
    }


def by_backend(checks: Iterable[Check]) -> dict[str, dict[str, dict[str, int]]]:
    """How much each layer says of each backend's kernels: claims, their comparisons, and what became of them."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for c in sorted(checks, key=lambda c: (c.backend, c.layer)):
        layers = found.setdefault(c.backend or "law", {})
        counts = layers.setdefault(str(c.layer), dict.fromkeys(("claims", "comparisons", "failed", "undecided"), 0))
        counts["claims"] += 1
        counts["comparisons"] += c.cases
        counts["undecided"] += c.undecided
        counts["failed"] += not c and not c.undecided
    return found


def label(op: Op) -> str:
    """The name under which an operation is reported: a catalogue name, or one's own law."""
    return op.name if op.source else op.text


def plain(check: Check) -> dict[str, Any]:
    """A check as plain data for JSON, which has no infinity and no NaN: such numbers become text."""
    fields = {**asdict(check), "index": list(check.index), "passed": bool(check)}
    return {key: v if not isinstance(v, float) or isfinite(v) else str(v) for key, v in fields.items()}
