"""`backproof verify`: kernels and gradients against their meaning and against torch's autograd."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from derive.catalogue import op
from numeric.checks.campaign import campaign
from numeric.verification import BACKENDS
from reports.document import Document
from reports.emit import emit, emit_json, log, refuse_unwritable
from reports.exits import GOOD, REFUTED, UNDECIDED, UsageError
from reports.options import JSON, SEED
from reports.progress import progress
from reports.sections.campaign_report import campaign_blocks

WHAT = typer.Argument(metavar="OP|LAW", help="What to verify; the whole catalogue if nothing is named.")
BACKEND = typer.Option("--backend", metavar="NAME", help=f"{', '.join(BACKENDS)}; again for more, else all.")
COUNT = typer.Option("--configurations", min=1, max=10_000_000, metavar="N", help="How many: sizes, settings, data.")
JOBS = typer.Option("--jobs", min=1, max=256, metavar="N", help="Processes; else one a core.")


def run(
    what: Annotated[list[str] | None, WHAT] = None,
    backend: Annotated[list[str] | None, BACKEND] = None,
    configurations: Annotated[int, COUNT] = 6000,
    seed: Annotated[int, SEED] = 0,
    jobs: Annotated[int | None, JOBS] = None,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Verify kernels and gradients on configurations chosen to expose mistakes.

    Exit code 1 where anything differs by more than its computed rounding bound, 5 where rounding leaves a claim open.
    """
    backends = tuple(backend or BACKENDS)
    for name in backends:
        if name not in BACKENDS:
            raise UsageError(f"--backend: got {name!r}, expected one of {', '.join(BACKENDS)}; choose one")
    refuse_unwritable(json)
    laws = [op(text) for text in what] if what else None
    with progress("verifying") as advance:
        found = campaign(laws, configurations, seed, jobs or cores(), advance, backends)
    if json is None:
        emit(Document("Verification", campaign_blocks(found)), None, None)
        log(f"{60 * found['configurations'] / max(found['seconds'], 1e-9):,.0f} configurations a minute")
    else:
        emit_json(found, json)
    return REFUTED if found["failed"] else UNDECIDED if found["undecided"] else GOOD


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
