"""`backproof verify`: kernels and gradients against their meaning and against torch's autograd."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from derive.catalogue import op
from derive.lazy import LazyModule
from derive.networks.network import NETWORKS
from numeric.checks.campaign import campaign
from numeric.checks.cluster import ENGINES
from numeric.checks.random_campaign import random_campaign
from numeric.checks.sharing import Jobs
from numeric.verification import BACKENDS, usable
from reports import verify_claims
from reports.document import Document
from reports.emit import emit, emit_json, log, refuse_unwritable
from reports.exits import GOOD, REFUTED, UNDECIDED, UsageError
from reports.options import JSON, SEED
from reports.progress import progress
from reports.sections.campaign_report import campaign_blocks
from reports.sections.mutants_report import mutants_blocks
from reports.sections.random_report import random_blocks

if TYPE_CHECKING:
    from numeric.mistakes import layers, matrix
    from numeric.mistakes import mutants as made
else:
    layers, matrix = LazyModule("numeric.mistakes.layers"), LazyModule("numeric.mistakes.matrix")
    made = LazyModule("numeric.mistakes.mutants")

WHAT = typer.Argument(
    metavar="OP|LAW|NETWORK", help="What to verify; the whole catalogue if nothing is named. A network: its gradients."
)
INPUTS = typer.Option(
    "--inputs", min=1, max=100_000_000, metavar="N",
    help="Instead, one configuration with N numbers going in: kernels on integers, bit for bit and by the adjoint.",
)  # fmt: skip
BACKEND = typer.Option("--backend", metavar="NAME", help=f"{', '.join(BACKENDS)}; again for more, else all.")
CONFIGURATIONS, MOST, MOST_JOBS = 6000, 10_000_000, 256
COUNT = typer.Option(
    "--configurations", min=1, max=MOST, metavar="N",
    help=f"How many sizes, settings and data, each by every layer; {CONFIGURATIONS:,} unless given.",
)  # fmt: skip
QUICK_CONFIGURATIONS = 50
QUICK = typer.Option(
    "--quick", help=f"{QUICK_CONFIGURATIONS} configurations, for slow machines: triton in its interpreter."
)
RANDOM = typer.Option(
    "--random", min=1, max=MOST, metavar="N",
    help="Instead, how many random cases: kernels against torch's autograd, thousands a second.",
)  # fmt: skip
MUTANTS = typer.Option(
    "--mutants", help="Instead, verify verification: mistakes made on purpose, and which layer sees each.",
)  # fmt: skip
CLUSTERS = ", ".join(f"{name}://HOST:PORT" for name in ENGINES)
JOBS = typer.Option("--jobs", metavar="N|URL", help=f"Processes, or a running cluster: {CLUSTERS}; else one a core.")


def run(
    what: Annotated[list[str] | None, WHAT] = None,
    backend: Annotated[list[str] | None, BACKEND] = None,
    configurations: Annotated[int | None, COUNT] = None,
    quick: Annotated[bool, QUICK] = False,
    random: Annotated[int | None, RANDOM] = None,
    inputs: Annotated[int | None, INPUTS] = None,
    mutants: Annotated[bool, MUTANTS] = False,
    seed: Annotated[int, SEED] = 0,
    jobs: Annotated[str | None, JOBS] = None,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Verify kernels and gradients on configurations chosen to expose mistakes.

    Exit code 1 where anything differs by more than its computed rounding bound, or where a mutant survives that is not
    proved to be equivalent; 5 where rounding leaves a claim open.
    """
    if mutants:
        _refuse_beside("--mutants", {"--backend": backend, "--random": random, "--inputs": inputs, "--quick": quick})
        return _mutants(what, configurations, seed, _jobs(jobs), json)
    if random is not None:
        _refuse_beside("--random", {"--configurations": configurations})
    if inputs is not None:
        _refuse_beside("--inputs", {"--configurations": configurations, "--random": random})
    if quick:
        _refuse_beside("--quick", {"--configurations": configurations, "--random": random, "--inputs": inputs})
    backends, shared_by = _backends(backend), _jobs(jobs)
    refuse_unwritable(json)
    with progress("verifying") as advance:
        if inputs is not None or any(name in NETWORKS for name in what or ()):
            tell, found = verify_claims.tell, verify_claims.claims(what or (), inputs, seed, backends, advance)
        elif random is not None:
            tell, found = _told_random, random_campaign(what or None, random, seed, shared_by, advance, backends)
        else:
            laws = [op(text) for text in what] if what else None
            count = configurations or (QUICK_CONFIGURATIONS if quick else CONFIGURATIONS)
            tell, found = _told, campaign(laws, count, seed, shared_by, advance, backends)
    return tell(found, json)


def _told(found: Mapping[str, Any], json: str | None) -> int:
    """What a campaign found, and the exit code."""
    if json is not None:
        emit_json(found, json)
    else:
        emit(Document("Verification", campaign_blocks(found)), None, None)
        log(f"{60 * found['configurations'] / max(found['seconds'], 1e-9):,.0f} configurations a minute")
    return _exit_code(found)


def _told_random(found: Mapping[str, Any], json: str | None) -> int:
    """What random cases found, and the exit code."""
    if json is not None:
        emit_json(found, json)
    else:
        emit(Document("Random cases", random_blocks(found)), None, None)
        log(f"{found['cases_per_second_per_core']:,} cases a second and core, after {found['preparing_seconds']:.0f} s"
            " of deriving and printing")  # fmt: skip
    return _exit_code(found)


def _exit_code(found: Mapping[str, Any]) -> int:
    return REFUTED if found["failed"] else UNDECIDED if found["undecided"] else GOOD


def _refuse_beside(option: str, others: Mapping[str, object]) -> None:
    """Raises: UsageError for an option that is given next to one that it does not go with."""
    for name, given in others.items():
        if given:
            raise UsageError(f"{option}: got {name} too, expected it alone; leave one out")


def _backends(named: list[str] | None) -> tuple[str, ...]:
    """The backends that are asked for, or all that run here. Raises: UsageError."""
    for name in named or ():
        if name not in BACKENDS:
            raise UsageError(f"--backend: got {name!r}, expected one of {', '.join(BACKENDS)}; choose one")
    found = usable(named or None)
    for name in BACKENDS:
        # triton, which wants a GPU or its slow interpreter, is for those who ask for it
        if not named and name not in (*found, "triton"):
            log(f"the backend {name} is left out: it does not run here; `backproof doctor` says what it needs")
    return found


def _mutants(what: list[str] | None, configurations: int | None, seed: int, jobs: Jobs, json: str | None) -> int:
    """The matrix of mutants and layers, of all operations or those named."""
    for name in what or ():
        if name not in made.OPERATIONS:
            raise UsageError(f"--mutants: got {name!r}, expected some of {', '.join(made.OPERATIONS)}; choose of them")
    refuse_unwritable(json)
    with progress("judging mutants") as advance:
        chosen = made.mutants(what or made.OPERATIONS)
        found = matrix.power(chosen, configurations or layers.CONFIGURATIONS, seed, jobs, advance)
    if json is not None:
        emit_json(found, json)
    else:
        emit(Document("The power of verification", mutants_blocks(found)), None, None)
        log(f"{found['mutants']:,} mutants in {found['seconds']:.0f} s")
    return REFUTED if matrix.refuted(found) else GOOD


def _jobs(text: str | None) -> Jobs:
    """Who shares the work: so many processes, or a cluster by its address. Raises: UsageError."""
    if text is None:
        return cores()
    if text.isdecimal() and 1 <= int(text) <= MOST_JOBS:
        return int(text)
    if "://" in text:
        return text
    raise UsageError(f"--jobs: got {text!r}, expected 1 to {MOST_JOBS}, or {CLUSTERS}; change it")


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
