"""Single operations compared: equal results first, bit for bit where integers are added, then times by turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from derive.catalogue import op
from derive.networks.composition import graph
from numeric.bench.rounds import measured
from numeric.bench.single import SINGLE, compiled, integers
from numeric.bench.step import versions
from numeric.bench.yardstick import FLOPS, products
from numeric.checks.balls import FLOAT32
from numeric.networks.network_bounds import network_errors

OWN = "cpp"
ROUNDED = "dE/dX of cross_entropy"
"""The one whose result is rounded on integers too."""

Note = Callable[[int, int, str], None]


def compare_operations(
    batch: int, rounds: int, threads: int, note: Note, names: Iterable[str] = SINGLE
) -> dict[str, Any]:
    """A row an operation; where results differ, who it is, and nothing is timed. Raises: NoCompiler."""
    runs = {name: _runs(name, batch, threads) for name in names}
    refuted = sorted(f"{name}: {who}" for name, (found, wrong) in runs.items() for who in wrong)
    report = {"batch": batch, "rounds": rounds, "threads": threads, "versions": versions(), "refuted": refuted}
    if refuted:
        return {**report, "operations": []}
    tasks = {f"{name}: {who}": run for name, (found, _) in runs.items() for who, run in found.items()}
    seconds = measured({**tasks, **products()}, rounds, lambda done, total: note(done, total, f"batch {batch}"))
    rows = []
    for name, (found, _) in runs.items():
        spreads = {who: seconds[f"{name}: {who}"] for who in found}
        best = min(s.median for who, s in spreads.items() if who != OWN)
        ms = {who: s.plain() for who, s in spreads.items()}
        rows.append({"name": name, "ms": ms, "times_best_aten": round(best / spreads[OWN].median, 2)})
    gemm = max(FLOPS / s.median for task, s in seconds.items() if task not in tasks) / 1e9
    return {**report, "sgemm_gflops": round(gemm, 1), "operations": rows}


def _runs(name: str, batch: int, threads: int) -> tuple[dict[str, Callable[[], NDArray]], list[str]]:
    """Everybody's run of an operation, and who has another result."""
    torch_operations = import_module("numeric.bench.torch_operations")
    g = SINGLE[name]()
    arrays = integers(g, batch)
    found: dict[str, Callable[[], NDArray]] = {OWN: compiled(g, arrays, batch, threads)}
    found |= torch_operations.contestants(name, arrays, threads)
    want = torch_operations.exact(name, arrays)
    bound = rounding(arrays) if name == ROUNDED else np.zeros(want.shape)
    return found, [who for who, run in found.items() if not agrees(run(), want, bound)]


def agrees(got: NDArray, want: NDArray, bound: NDArray) -> bool:
    """Whether every entry is within its bound; NaN never is."""
    return got.shape == want.shape and bool((np.abs(got - want) <= bound).all())


def rounding(arrays: Mapping[str, NDArray]) -> NDArray:
    """How far float32 may take the gradient of the mean cross-entropy of these scores."""
    oracle = import_module("numeric.networks.network_oracle")
    b = graph("scores")
    b.parameter("input", *arrays["input"].shape)
    b.input("target", *arrays["target"].shape)
    b.add("loss", op("cross_entropy"), {"input": "input", "target": "target"})
    errors = network_errors(b.build(scores="input"), arrays, oracle.order, FLOAT32)
    bound: NDArray = 2 * errors["input"].spread.reshape(arrays["input"].shape)
    return bound
