"""`backproof verify`: kernels and gradients against their meaning and against torch's autograd."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from derive.catalogue import op
from numeric.campaign import campaign
from numeric.verify import BACKENDS
from reports.document import Callout, Code, Document, Prose, Source, Table, spans
from reports.emit import emit, emit_json
from reports.exits import GOOD, REFUTED, UsageError
from reports.options import JSON, SEED
from reports.progress import progress

WHAT = typer.Argument(metavar="OP|LAW", help="What to verify; the whole catalogue if nothing is named.")
BACKEND = typer.Option("--backend", metavar="NAME", help=f"{', '.join(BACKENDS)}; again for more, else all.")
COUNT = typer.Option("--configurations", min=1, max=10_000_000, metavar="N", help="How many: sizes, settings, data.")
JOBS = typer.Option("--jobs", min=1, max=256, metavar="N", help="Processes; else one a core.")


def run(
    what: Annotated[list[str] | None, WHAT] = None,
    backend: Annotated[list[str] | None, BACKEND] = None,
    configurations: Annotated[int, COUNT] = 1000,
    seed: Annotated[int, SEED] = 0,
    jobs: Annotated[int | None, JOBS] = None,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Verify kernels and gradients on configurations chosen to expose mistakes.

    Exit code 1 where anything differs by more than its computed rounding bound.
    """
    for name in backend or ():
        if name not in BACKENDS:
            raise UsageError(f"--backend: got {name!r}, expected one of {', '.join(BACKENDS)}; choose one")
    laws = [op(text) for text in what] if what else None
    with progress("verifying") as advance:
        found = campaign(
            laws,
            configurations,
            seed,
            jobs or _cores(),
            lambda done, total: advance(done, total, "configurations"),
            tuple(backend or BACKENDS),
        )
    if json is None:
        emit(_document(found), None, None)
    else:
        emit_json(found, json)
    return REFUTED if found["failed"] else GOOD


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _document(found: dict[str, Any]) -> Document:
    """A row an operation, then every failure in full."""
    header = tuple(map(spans, ("", "operation", "configurations", "passed", "failed", "worst, of its bound")))
    rows = tuple(
        (
            spans("✗" if one["failed"] else "✓"),
            spans(Code(name)),
            spans(f"{one['configurations']:,}"),
            spans(f"{one['passed']:,}"),
            spans(f"{one['failed']:,}"),
            spans(_worst(one["checks"])),
        )
        for name, one in found["ops"].items()
    )
    rate = 60 * found["configurations"] / max(found["seconds"], 1e-9)
    counts = f"{found['passed']:,} of {found['configurations']:,} configurations passed"
    summary = f"{counts}, {rate:,.0f} a minute, seed {found['seed']}."
    failures = [(name, c) for name, one in found["ops"].items() for c in one["checks"] if not c["passed"]]
    told = tuple(Callout("warning", spans(Code(name), f": {c['claim']}"), (_failure(c),)) for name, c in failures)
    return Document("Verification", (Table(header, rows, align="llrrrr"), Prose(spans(summary)), *told))


def _worst(checks: list[dict[str, Any]]) -> str:
    errors = [float(c["error"]) for c in checks]
    return f"{max(errors, default=0.0):.3g}"


def _failure(c: dict[str, Any]) -> Source:
    where = f"at {c['index']}: got {c['got']!r}, expected {c['want']!r}, bound {c['bound']!r}, seed {c['seed']}"
    return Source("text", "\n".join(filter(None, (where, c["detail"]))))
