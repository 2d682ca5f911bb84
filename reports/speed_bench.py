"""Training steps and single operations measured in a process of their own, for `backproof bench step` and `ops`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reports.document import Block, Document, Prose, Table, spans
from reports.exits import GOOD, REFUTED, UsageError
from reports.figures.bars import Bar, limited_bars

OWN = ("cpp", "cpp, tuned", "numpy, derived", "torch, derived")
"""Contestants that run what was derived."""


def measured(what: str, arguments: Sequence[str]) -> dict[str, Any]:
    """What `python -m numeric.bench` finds; its process sets the threads before any library is loaded.

    Raises: UsageError for arguments that it refuses.
    """
    command = [sys.executable, "-m", "numeric.bench", what, *arguments]
    done = subprocess.run(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=None if sys.stderr.isatty() else subprocess.PIPE, text=True,
        check=False, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    if done.returncode not in (GOOD, REFUTED) or not done.stdout:
        raise UsageError(f"bench {what}: {(done.stderr or 'it ended without a result').strip().splitlines()[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def steps(found: dict[str, Any]) -> Document:
    """The steps of every batch for a reader."""
    blocks: list[Block] = [Prose(spans(_with(found)))]
    for b in found["batches"]:
        if b["differ"]:
            blocks += [Prose(spans(_differs(name, b))) for name in b["differ"]]
        else:
            blocks.append(_table(b, found["rounds"]))
        blocks += [Prose(spans(f"Not measured: {name}: {why}")) for name, why in b["not_measured"].items()]
    return Document(f"Speed of training {found['network']}", tuple(blocks))


def operations(found: dict[str, Any]) -> Document:
    """Single operations for a reader."""
    blocks: list[Block] = [Prose(spans(_with(found)))]
    blocks += [
        Prose(spans(f"{who} has another result, beyond rounding. Nothing was timed.")) for who in found["refuted"]
    ]
    if found["operations"]:
        rows = tuple(
            tuple(map(spans, (o["name"], who, f"{ms['median']:.4f}", f"{ms['low']:.4f} to {ms['high']:.4f}",
                              f"{o['times_best_aten']:.2f}" if who == "cpp" else "")))
            for o in found["operations"] for who, ms in o["ms"].items()
        )  # fmt: skip
        header = tuple(map(spans, ("operation", "by", "ms", "quartiles", "times best aten")))
        caption = (
            f"Batch {found['batch']}: medians of {found['rounds']} rounds by turns, after results were compared; whole"
            f" calls on arrays as they lie; sgemm did {found['sgemm_gflops']:.0f} GFLOP/s beside them."
        )
        blocks.append(Table(header, rows, spans(caption), "llrrr"))
    return Document("Speed of single operations", tuple(blocks))


def picture(found: dict[str, Any]) -> str:
    """Every contestant's share of the machine's matrix product, batch by batch; how many times the best eager."""
    groups = [
        (f"batch {b['batch']}", [Bar(r["name"], r["share_of_sgemm"], _said(r), r["name"] in OWN)
                                 for r in b["contestants"]])
        for b in found["batches"] if b["contestants"]
    ]  # fmt: skip
    title = f"Training steps of {found['network']}, {_threads(found)}"
    return limited_bars(groups, "sgemm of 1024 x 1024", title)


def _table(b: dict[str, Any], rounds: int) -> Table:
    header = ("step", "ms", "quartiles", "times best eager", "times torch.compile", "of sgemm", "first step, s")
    rows = tuple(
        tuple(map(spans, (
            r["name"], f"{r['ms']['median']:.3f}", f"{r['ms']['low']:.3f} to {r['ms']['high']:.3f}",
            _number(r["times_best_eager"]), _number(r["times_compile"]), f"{r['share_of_sgemm']:.3f}",
            f"{r['first_step_s']:.2f}",
        )))
        for r in b["contestants"]
    )  # fmt: skip
    caption = (
        f"Batch {b['batch']}: medians of {rounds} rounds by turns, after parameters were compared; sgemm did"
        f" {b['sgemm_gflops']:.0f} GFLOP/s beside them."
    )
    return Table(tuple(map(spans, header)), rows, spans(caption), "lrrrrrr")


def _differs(name: str, b: dict[str, Any]) -> str:
    which = ", ".join(b["differ"][name])
    return (
        f"Batch {b['batch']}: {name} has other parameters after one step, beyond rounding: {which}. Nothing was timed."
    )


def _with(found: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return f"With {_threads(found)}; {packages}."


def _threads(found: dict[str, Any]) -> str:
    return f"{found['threads']} thread{'s' * (found['threads'] > 1)}"


def _said(row: dict[str, Any]) -> str:
    times = row["times_best_eager"]
    return f"{100 * row['share_of_sgemm']:.0f} %" + ("" if times is None else f", {times:.2g}x eager")


def _number(n: float | None) -> str:
    return "" if n is None else f"{n:.2f}"
