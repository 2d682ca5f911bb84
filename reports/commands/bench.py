"""`backproof bench`: how fast backproof is, as ratios that mean the same on every machine."""

from __future__ import annotations

import json as jsons
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from numeric.checks.campaign import campaign
from numeric.timing import interleaved
from reports import proof_bench
from reports.commands.verify import cores
from reports.document import Document, Prose, Table, spans
from reports.emit import emit, emit_json, refuse_unwritable
from reports.exits import GOOD, REFUTED, UsageError
from reports.options import JSON
from reports.progress import progress

WHAT = typer.Argument(
    metavar="WHAT",
    help="symbolic: deriving and verifying; derivations: every gradient of the catalogue; prove: proofs for all sizes.",
)
ROUNDS = typer.Option("--rounds", min=1, max=1000, metavar="N", help="How often each is measured; medians are told.")
COUNT = typer.Option("--configurations", min=1, max=1_000_000, metavar="N", help="How many are verified for the rate.")

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
    json: Annotated[str | None, JSON] = None,
) -> int:
    """Measure deriving against `python -c "import sympy"`, in processes that take turns, and verifying."""
    if what not in BENCHES:
        raise UsageError(f"bench: got {what!r}, expected one of {', '.join(BENCHES)}; choose one")
    refuse_unwritable(json)
    measure, document = BENCHES[what]
    found = measure(rounds, configurations)
    if json is None:
        emit(document(found), None, None)
    else:
        emit_json(found, json)
    return REFUTED if found.get("refuted") else GOOD


def symbolic(rounds: int, configurations: int) -> dict[str, Any]:
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
        seconds = interleaved(tasks, rounds, advance)
    with progress("verifying") as advance:
        verified = campaign(None, configurations, 0, cores(), advance)
    return {
        "rounds": rounds,
        "seconds": {name: round(s, 4) for name, s in seconds.items()},
        "over_import_sympy": {name: round(s / seconds[SYMPY], 3) for name, s in seconds.items()},
        "configurations_a_minute": round(60 * configurations / verified["seconds"]),
        "cores": cores(),
    }


def derivations(rounds: int, _configurations: int) -> dict[str, Any]:
    """Every gradient of the catalogue at first sight and from the process's cache, over the import of SymPy."""
    runs: list[list[dict[str, Any]]] = []
    with progress("measuring") as advance:
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            "gradients": lambda: runs.append(jsons.loads(_python("-m", "reports.first_sight"))),
        }
        sympy = interleaved(tasks, rounds, advance)[SYMPY]
    return {
        "rounds": rounds,
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


def proving(rounds: int, _configurations: int) -> dict[str, Any]:
    """Every coefficient of a full image's derivatives, and z3 on the whole catalogue, over the import of SymPy."""
    with progress("multiplying out") as advance:
        proof_bench.convolution()
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            "coefficients": proof_bench.coefficients,
        }
        seconds = interleaved(tasks, rounds, advance)
    with progress("proving") as advance:
        rows = proof_bench.proofs(advance)
    return proof_bench.plain(rounds, seconds[SYMPY], seconds["coefficients"], rows)


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
}
