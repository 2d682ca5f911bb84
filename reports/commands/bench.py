"""`backproof bench`: how fast backproof is, as ratios that mean the same on every machine."""

from __future__ import annotations

import json as jsons
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from derive.networks.network import NETWORKS
from numeric.checks.campaign import campaign
from numeric.timing import interleaved
from reports import proof_bench, speed_bench
from reports.commands.verify import cores
from reports.document import Document, Prose, Table, spans
from reports.emit import emit, emit_json, emit_text, refuse_unwritable
from reports.exits import GOOD, REFUTED, UsageError
from reports.options import JSON
from reports.progress import progress

WHAT = typer.Argument(
    metavar="WHAT",
    help="symbolic: deriving and verifying; derivations: every gradient of the catalogue; prove: proofs for all sizes;"
    " step: training steps beside PyTorch's; ops: single operations beside aten's.",
)
ROUNDS = typer.Option("--rounds", min=1, max=1000, metavar="N", help="How often each is measured; medians are told.")
COUNT = typer.Option("--configurations", min=1, max=1_000_000, metavar="N", help="How many are verified for the rate.")
BACKENDS = typer.Option("--backends", metavar="NAMES", help="step: some of cpp, tuned, torch, numpy, eager, compile.")
BATCH = typer.Option("--batch", metavar="N,...", help="step, ops: how many samples; for step several after commas.")
THREADS = typer.Option("--threads", min=1, max=1024, metavar="N", help="step, ops: of everybody.")
NETWORK = typer.Option("--network", metavar="NAME", help="step: one that `list` shows.")
PICTURE = typer.Option("--output", "-o", metavar="FILE.svg", help="step: bars with the limit drawn in.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured, and how often."""

    rounds: int
    configurations: int
    backends: str
    batch: str | None
    threads: int
    network: str


SYMPY, EMPTY, WARM, LENET = (
    "import sympy",
    "derive conv2d, empty cache",
    "derive conv2d, warm cache",
    "all of LeNet's gradients",
)
DERIVE = ("-m", "reports", "derive", "conv2d")


def run(
    what: Annotated[str, WHAT] = "symbolic",
    rounds: Annotated[int, ROUNDS] = 7,
    configurations: Annotated[int, COUNT] = 500,
    backends: Annotated[str, BACKENDS] = "cpp,torch,numpy,eager,compile",
    batch: Annotated[str | None, BATCH] = None,
    threads: Annotated[int, THREADS] = 1,
    network: Annotated[str, NETWORK] = "lenet",
    output: Annotated[Path | None, PICTURE] = None,
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Measure deriving and verifying against `python -c "import sympy"`, or training steps against PyTorch's."""
    if what not in BENCHES:
        raise UsageError(f"bench: got {what!r}, expected one of {', '.join(BENCHES)}; choose one")
    if output is not None and (what != "step" or output.suffix != ".svg"):
        raise UsageError(f"--output: got {output} for {what}, expected an .svg for step; leave it out")
    refuse_unwritable(json, output)
    measure, document = BENCHES[what]
    found = measure(Asked(rounds, configurations, backends, batch, threads, network))
    if output is not None and not found["refuted"]:
        emit_text(speed_bench.picture(found), output)
    if json is None:
        emit(document(found), None, None)
    else:
        emit_json(found, json)
    return REFUTED if found.get("refuted") else GOOD


def symbolic(asked: Asked) -> dict[str, Any]:
    """Cold processes over the import of SymPy, LeNet's gradients, and configurations verified a minute."""
    with tempfile.TemporaryDirectory() as warm, progress("measuring") as advance:
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            EMPTY: _derive_with_empty_cache,
            WARM: lambda: _python(*DERIVE, cache=warm),
            LENET: lambda: _python("-c", "from derive.networks.network import lenet; lenet().backward()"),
        }
        for task in tasks.values():  # what the interpreter compiles once is not measured
            task()
        seconds = interleaved(tasks, asked.rounds, advance)
    with progress("verifying") as advance:
        verified = campaign(None, asked.configurations, 0, cores(), advance)
    return {
        "rounds": asked.rounds,
        "seconds": {name: round(s, 4) for name, s in seconds.items()},
        "over_import_sympy": {name: round(s / seconds[SYMPY], 3) for name, s in seconds.items()},
        "configurations_a_minute": round(60 * asked.configurations / verified["seconds"]),
        "cores": cores(),
    }


def derivations(asked: Asked) -> dict[str, Any]:
    """Every gradient of the catalogue at first sight and from the process's cache, over the import of SymPy."""
    runs: list[list[dict[str, Any]]] = []
    with progress("measuring") as advance:
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            "gradients": lambda: runs.append(jsons.loads(_python("-m", "reports.first_sight"))),
        }
        sympy = interleaved(tasks, asked.rounds, advance)[SYMPY]
    return {
        "rounds": asked.rounds,
        "import_sympy_ms": round(1000 * sympy, 1),
        "gradients": [_medians([found[k] for found in runs], sympy) for k in range(len(runs[0]))],
    }


def _medians(rows: list[dict[str, Any]], sympy: float) -> dict[str, Any]:
    """One gradient over all rounds, in milliseconds and over the import of SymPy."""
    first, cached = (median(r[key] for r in rows) for key in ("first", "cached"))
    return {
        "gradient": rows[0]["gradient"],
        "steps": rows[0]["steps"],
        "first_sight_ms": round(1000 * first, 2),
        "cached_ms": round(1000 * cached, 4),
        "over_import_sympy": round(first / sympy, 3),
    }


def proving(asked: Asked) -> dict[str, Any]:
    """Every coefficient of a full image's derivatives, and z3 on the whole catalogue, over the import of SymPy."""
    with progress("multiplying out") as advance:
        proof_bench.convolution()
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            "coefficients": proof_bench.coefficients,
        }
        seconds = interleaved(tasks, asked.rounds, advance)
    with progress("proving") as advance:
        rows = proof_bench.proofs(advance)
    return proof_bench.plain(asked.rounds, seconds[SYMPY], seconds["coefficients"], rows)


def stepping(asked: Asked) -> dict[str, Any]:
    """A network's training steps by several means, in one process that has so many threads."""
    if asked.network not in NETWORKS:
        raise UsageError(f"--network: got {asked.network!r}, expected one of {', '.join(NETWORKS)}; choose one")
    own = ("--backends", asked.backends, "--network", asked.network)
    return speed_bench.measured("step", (*_how(asked, "1,32,64,256,1024", most=100), *own))


def operating(asked: Asked) -> dict[str, Any]:
    """Single operations, compiled and by aten."""
    return speed_bench.measured("ops", _how(asked, "64", most=1))


def _how(asked: Asked, usual: str, most: int) -> tuple[str, ...]:
    """The arguments of a measurement with at most so many batches. Raises: UsageError."""
    batch = asked.batch or usual
    numbers = batch.split(",")
    if len(numbers) > most or not all(n.isascii() and n.isdecimal() and int(n) for n in numbers):
        raise UsageError(f"--batch: got {batch!r}, expected {'a number' if most == 1 else 'numbers'}"
                         f" such as {usual}; correct it")  # fmt: skip
    return ("--rounds", str(asked.rounds), "--batch", batch, "--threads", str(asked.threads))


def _derive_with_empty_cache() -> None:
    with tempfile.TemporaryDirectory() as empty:
        _python(*DERIVE, cache=empty)


def _python(*arguments: str, cache: str | None = None) -> str:
    """What a new interpreter prints, with a cache folder of its own."""
    environment = {**os.environ, "XDG_CACHE_HOME": cache} if cache else None
    root = Path(__file__).parents[2]
    done = subprocess.run(  # noqa: S603
        [sys.executable, *arguments], check=True, stdout=subprocess.PIPE, env=environment, cwd=root, text=True
    )
    return done.stdout


def _speed(found: dict[str, Any]) -> Document:
    rows = tuple(
        (spans(name), spans(f"{s:.3f}"), spans(f"{found['over_import_sympy'][name]:.2f}"))
        for name, s in found["seconds"].items()
    )
    header = (spans("a new process"), spans("seconds"), spans("times import sympy"))
    rate = f"{found['configurations_a_minute']:,} configurations verified a minute on {found['cores']} cores."
    rounds = f"Medians of {found['rounds']} rounds in which each runs once."
    return Document("Speed", (Table(header, rows, spans(rounds), "lrr"), Prose(spans(rate))))


def _gradients(found: dict[str, Any]) -> Document:
    rows = tuple(
        (
            spans(g["gradient"]),
            spans("" if g["steps"] is None else str(g["steps"])),
            spans(f"{g['first_sight_ms']:.1f}"),
            spans(f"{g['cached_ms']:.3f}"),
            spans(f"{g['over_import_sympy']:.2f}"),
        )
        for g in found["gradients"]
    )
    header = ("gradient", "steps", "first sight, ms", "from the cache, ms", "times import sympy")
    rounds = f"Medians of {found['rounds']} processes; import sympy took {found['import_sympy_ms']:.0f} ms beside them."
    return Document("Speed of deriving", (Table(tuple(map(spans, header)), rows, spans(rounds), "lrrrr"),))


BENCHES = {
    "symbolic": (symbolic, _speed),
    "derivations": (derivations, _gradients),
    "prove": (proving, proof_bench.document),
    "step": (stepping, speed_bench.steps),
    "ops": (operating, speed_bench.operations),
}
