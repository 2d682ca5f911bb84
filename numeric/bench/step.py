"""Training steps compared: equal parameters first, then times by turns, as ratios that mean the same everywhere."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Any

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.bench.absent import Absent
from numeric.bench.agreement import Expected, expected
from numeric.bench.contestants import COMPILED, EAGER, MAKERS, Contestant, Maker
from numeric.bench.data import Numbers, numbers
from numeric.bench.rounds import Spread, measured
from numeric.bench.yardstick import FLOPS, products, step_flops
from numeric.native.compiler import NoCompiler, compiler, present

RATE = 0.125
"""Of the step that is compared; a power of two, so that nothing is rounded by it."""
STILL = 2.0**-40
"""Of the steps that are timed: parameters stay where they are, and numbers ordinary."""

Note = Callable[[int, int, str], None]


@dataclass(slots=True)
class Ready:
    """A contestant that has made its first step: how long that took, and the largest share of its bound it used."""

    run: Contestant
    first: float
    used: dict[str, float]

    @property
    def differs(self) -> list[str]:
        """The parameters that rounding does not explain."""
        return [name for name, share in self.used.items() if not share <= 1]


def compare_steps(
    graph: Graph, backends: Sequence[str], batches: Sequence[int], rounds: int, threads: int, note: Note
) -> dict[str, Any]:
    """Every batch's rows; where a contestant's parameters differ, who it is, and nothing is timed after that.

    Raises: OperationError for a word that names no contestant, or one that the network is too much for.
    """
    makers: dict[str, Maker] = {}
    for word in backends:
        if word not in MAKERS:
            raise OperationError(f"backends: got {word!r}, expected {', '.join(MAKERS)}; choose among them")
        makers |= MAKERS[word]
    found: list[dict[str, Any]] = []
    for batch in batches:
        found.append(_batch(graph, makers, batch, rounds, threads, note))
        if found[-1]["differ"]:
            break
    return {
        "network": graph.name,
        "rounds": rounds,
        "threads": threads,
        "versions": versions(),
        "batches": found,
        "refuted": sorted({name for b in found for name in b["differ"]}),
    }


def _batch(
    graph: Graph, makers: Mapping[str, Maker], batch: int, rounds: int, threads: int, note: Note
) -> dict[str, Any]:
    own = numbers(graph, batch)
    want = expected(graph, own, RATE)
    ready, absent = _ready(graph, makers, own, want, threads, lambda k: note(k, len(makers), f"batch {batch}: first"))
    differ = {name: r.differs for name, r in ready.items() if r.differs}
    if differ:
        return {"batch": batch, "differ": differ, "not_measured": absent, "contestants": []}
    for r in ready.values():
        r.run.rate = STILL
    tasks: dict[str, Callable[[], object]] = {**{name: r.run for name, r in ready.items()}, **products()}
    seconds = measured(tasks, rounds, lambda done, total: note(done, total, f"batch {batch}"))
    gemm = max(FLOPS / seconds[name].median for name in tasks if name not in ready) / 1e9
    return {
        "batch": batch,
        "differ": {},
        "not_measured": absent,
        "flops": step_flops(graph, batch),
        "sgemm_gflops": round(gemm, 1),
        "contestants": _rows(ready, seconds, step_flops(graph, batch), gemm),
    }


def _ready(
    graph: Graph, makers: Mapping[str, Maker], own: Numbers, want: Expected, threads: int, done: Callable[[int], None]
) -> tuple[dict[str, Ready], dict[str, str]]:
    """Who made a first step, and why others did not."""
    ready: dict[str, Ready] = {}
    absent: dict[str, str] = {}
    for k, (name, make) in enumerate(makers.items(), 1):
        started = perf_counter()
        try:
            run = make(graph, own, threads)
            run.rate = RATE
            run()
        except (Absent, NoCompiler) as error:
            absent[name] = str(error)
            continue
        ready[name] = Ready(run, perf_counter() - started, want.used(run.parameters()))
        done(k)
    return ready, absent


def _rows(ready: Mapping[str, Ready], seconds: Mapping[str, Spread], flops: int, gemm: float) -> list[dict[str, Any]]:
    """A row a contestant: milliseconds, how many times as fast as others, the share of sgemm."""
    eager = min((seconds[n].median for n in EAGER if n in ready), default=None)
    other = seconds[COMPILED].median if COMPILED in ready else None
    rows = []
    for name, r in ready.items():
        own = seconds[name].median
        rows.append(
            {
                "name": name,
                "ms": seconds[name].plain(),
                "first_step_s": round(r.first, 2),
                "bound_used": round(max(r.used.values(), default=0.0), 4),
                "times_best_eager": _ratio(eager, own),
                "times_compile": _ratio(other, own),
                "gflops": round(flops / own / 1e9, 2),
                "share_of_sgemm": round(flops / own / 1e9 / gemm, 3),
            }
        )
    return rows


def _ratio(other: float | None, own: float) -> float | None:
    return None if other is None else round(other / own, 2)


def versions() -> dict[str, str]:
    """What was measured with what."""
    found = {"python": platform.python_version()}
    for package in ("numpy", "torch", "jax"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {**found, "compiler": _compiler()}


def _compiler() -> str:
    if not present():
        return "none found"
    defined = dict(line.split(None, 2)[1:] for line in compiler().identity.splitlines() if len(line.split(None, 2)) > 2)
    return defined.get("__VERSION__", "unknown").strip('"')
