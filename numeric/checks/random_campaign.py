"""Very many random cases of many operations, in stacks of equal signature; the verdict depends on the seed alone.

A case is data for one signature (a law, its settings and sizes, a backend and a precision): the printed kernels run it
as a user would, forward and all gradients, torch computes the same by its own functions and autograd, and every number
is compared, bit for bit on integers, else within computed rounding bounds. What is decided once for a signature (sizes,
settings, torch's graph, bounds, the comparison itself) is shared by its cases; kernels are called for each.
"""

from __future__ import annotations

import math
import shlex
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from derive.catalogue import FAMILIES, RECIPES, variants
from derive.catalogue import op as build_op
from derive.expressions.expr import Fn, Num, Pow
from derive.expressions.traversal import binders_of, walk
from derive.operation import Op
from numeric.checks.campaign import Progress, plain, shares
from numeric.checks.judging import Failure, judged
from numeric.checks.samples import Limits, points
from numeric.checks.sharing import Jobs, shared
from numeric.checks.stacks import CASES
from numeric.checks.trial import Expectation, Trial, expected, trial
from numeric.verification import usable

CONVOLUTIONS = FAMILIES["convolution"]
STEP = 1_000_003
"""From one stack's seed to the next, a prime: neighbouring campaigns share no stack, and laws take turns."""

STACKS = 16
"""Stacks of one operation that a process takes at a time: it derives and prints the operation's laws once."""

MOST_FAILURES = 5
"""Failures of one operation that are told in full."""

MULTIPLY_ADDS = (3.5, 4.5)
"""The decimal logarithm of a convolution's multiply-adds is drawn between these: 10^4 at the median."""

CHOICES = (1, 2, 4)
INTEGERS = Limits(choices=CHOICES)
FLOATS = Limits(most=500, most_backward=5_000, choices=CHOICES)
"""Limits where rounding bounds are computed, which is slower than what they judge."""


@dataclass(frozen=True, slots=True)
class Task:
    """Stacks of one operation, by its name or law: `cases` in all, of the seeds `first`, `first + STEP`, ..."""

    name: str
    first: int
    cases: int
    backends: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """What became of a task's cases; `work` are multiply-adds with how many cases had them, times are of the CPU."""

    failed: int = 0
    undecided: int = 0
    exact: int = 0
    signatures: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    work: list[tuple[int, int]] = field(default_factory=list)
    preparing: float = 0.0
    testing: float = 0.0


def random_campaign(
    laws: Iterable[str] | None = None,
    cases: int = 10_000,
    seed: int = 0,
    jobs: Jobs = 1,
    progress: Progress | None = None,
    backends: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Try operations (None: the whole catalogue, a third of the cases convolutions) on that many random cases in all.

    The result is plain data for JSON: `{"cases", "passed", "failed", "undecided", "seconds", "preparing_seconds",
    "testing_seconds", "cases_per_second_per_core", "seed", "median_multiply_adds", "ops": {name: {"cases", "passed",
    "failed", "undecided", "exact", "signatures", "failures": [...]}}}`. All but the times is the same for the same
    arguments, whoever shares the work. `seconds` are those of a clock, the other two of the CPU, of all processes
    together: preparing is deriving gradients and printing kernels, once for each law; the rate is that of testing.

    Raises: OperationError, NotationError, NotDerived.
    """
    started = time.perf_counter()
    tasks = list(tasks_of(laws, cases, seed, usable(backends)))
    outcomes: list[Outcome] = []
    done = 0
    for task, outcome in zip(tasks, shared(run, tasks, jobs), strict=True):
        outcomes.append(outcome)
        done += task.cases
        if progress is not None:
            progress(done, cases)
    return _summary(tasks, outcomes, seed, time.perf_counter() - started)


def tasks_of(laws: Iterable[str] | None, cases: int, seed: int, backends: tuple[str, ...]) -> Iterator[Task]:
    """The cases shared out: alike among the operations named, or a third to the convolutions of the catalogue."""
    if laws is None:
        others = [name for name in RECIPES if name not in CONVOLUTIONS]
        third = round(cases / 3)
        parts = [*zip(CONVOLUTIONS, shares(third, len(CONVOLUTIONS)), strict=True)]
        parts += zip(others, shares(cases - third, len(others)), strict=True)
    else:
        names = list(laws)
        parts = [*zip(names, shares(cases, len(names)), strict=True)]
    for name, count in parts:
        for k in range(0, count, STACKS * CASES):
            yield Task(name, seed + k // CASES * STEP, min(STACKS * CASES, count - k), backends)


def run(task: Task) -> Outcome:
    """Try the cases of a task."""
    found = Outcome()
    began = time.process_time()
    with import_module("numeric.oracle").one_thread(), np.errstate(all="ignore"):
        found.preparing += time.process_time() - began
        for k in range(0, task.cases, CASES):
            _run_stack(found, task, task.first + k // CASES * STEP, min(CASES, task.cases - k))
    return found


def _run_stack(found: Outcome, task: Task, seed: int, cases: int) -> None:
    began = time.process_time()
    own = _ready(task.name, seed % len(laws_of(task.name)), task.backends)
    ready = time.process_time()
    e = expected(own, seed, cases, limits_of(own.op, seed))
    judgement = judged(own, e)
    found.preparing += ready - began
    found.testing += time.process_time() - ready
    found.failed += len(judgement.failed)
    found.undecided += len(judgement.undecided)
    found.exact += cases * e.exact
    found.signatures += 1
    found.failures += [_told(task, e, f) for f in [*judgement.failures.values()][: MOST_FAILURES - len(found.failures)]]
    if own.op.name in CONVOLUTIONS:
        found.work.append((points(own.op, e.stack.form.names)[0], cases))


@lru_cache(maxsize=256)
def _ready(name: str, choice: int, backends: tuple[str, ...]) -> Trial:
    return trial(laws_of(name)[choice], backends)


@lru_cache(maxsize=64)
def laws_of(name: str) -> tuple[Op, ...]:
    """Every law of a catalogue operation, or the one that is written out."""
    return tuple(variants(name)) if name in RECIPES else (build_op(name),)


def limits_of(op: Op, seed: int) -> Limits:
    """The sizes that a law is tried at: a convolution's by its multiply-adds, small ones where bounds are computed."""
    nodes = [n for e in op.equations for n in walk(e.body)]
    if any(isinstance(n, Fn) or (isinstance(n, Pow) and not isinstance(n.right, Num)) for n in nodes):
        return FLOATS
    if op.name not in CONVOLUTIONS:
        return INTEGERS
    wanted = 10 ** np.random.default_rng([seed, 6]).uniform(*MULTIPLY_ADDS)
    loops = len(op.output.axes) + max(len(binders_of(n)) for n in nodes)
    # an output that is smaller than its input needs larger extents for as much work
    share = 1.3 if op.name.startswith("conv_transpose") else 3.5
    extent = math.ceil(share * wanted ** (1 / loops))
    return Limits(extent, int(2 * wanted), 10**9, int(wanted / 2), choices=CHOICES)


# -- telling -----------------------------------------------------------------------------------------------------------


def _told(task: Task, e: Expectation, f: Failure) -> dict[str, Any]:
    """A failure as plain data, with the command that repeats it."""
    form = e.stack.form
    return {
        **plain(f.check),
        "law": form.op.text,
        "settings": {**dict(form.op.settings), **form.settings},
        "sizes": {n: int(v) for n, v in form.names.items() if v == int(v)},
        "case": f.case,
        "command": repeating(task, form.seed, f.case),
    }


def repeating(task: Task, seed: int, case: int) -> str:
    """The command that tries a case again, after those of its signature before it."""
    backends = "" if task.backends == usable() else "".join(f" --backend {b}" for b in task.backends)
    return f"backproof verify {shlex.quote(task.name)} --random {case + 1} --seed {seed}{backends}"


def _summary(tasks: list[Task], outcomes: list[Outcome], seed: int, seconds: float) -> dict[str, Any]:
    by_name: dict[str, list[tuple[Task, Outcome]]] = defaultdict(list)
    for task, outcome in zip(tasks, outcomes, strict=True):
        by_name[task.name].append((task, outcome))
    ops = {name: _summary_of(pairs) for name, pairs in by_name.items()}
    total = {key: sum(one[key] for one in ops.values()) for key in ("cases", "passed", "failed", "undecided")}
    testing = sum(o.testing for o in outcomes)
    return {
        **total,
        "seconds": round(seconds, 3),
        "preparing_seconds": round(sum(o.preparing for o in outcomes), 3),
        "testing_seconds": round(testing, 3),
        "cases_per_second_per_core": round(total["cases"] / max(testing, 1e-9)),
        "seed": seed,
        "median_multiply_adds": median([w for o in outcomes for w in o.work]),
        "ops": ops,
    }


def _summary_of(pairs: list[tuple[Task, Outcome]]) -> dict[str, Any]:
    cases, failed = sum(t.cases for t, _ in pairs), sum(o.failed for _, o in pairs)
    undecided = sum(o.undecided for _, o in pairs)
    return {
        "cases": cases,
        "passed": cases - failed - undecided,
        "failed": failed,
        "undecided": undecided,
        "exact": sum(o.exact for _, o in pairs),
        "signatures": sum(o.signatures for _, o in pairs),
        "failures": [f for _, o in pairs for f in o.failures][:MOST_FAILURES],
    }


def median(counted: Iterable[tuple[int, int]]) -> int | None:
    """The median of numbers, each with how many times it occurs."""
    numbers = sorted(counted)
    half = sum(n for _, n in numbers) / 2
    for value, n in numbers:
        half -= n
        if half <= 0:
            return value
    return None
