"""`backproof bench`: how fast backproof is, as ratios that mean the same on every machine."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from numeric.campaign import campaign
from numeric.timing import interleaved
from reports.commands.verify import cores
from reports.document import Document, Prose, Table, spans
from reports.emit import emit, emit_json, refuse_unwritable
from reports.exits import GOOD, UsageError
from reports.options import JSON
from reports.progress import progress

WHAT = typer.Argument(metavar="WHAT", help="symbolic: deriving and verifying.")
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
    """Measure whole processes against `python -c "import sympy"`, taking turns, and the rate of verification."""
    if what not in BENCHES:
        raise UsageError(f"bench: got {what!r}, expected one of {', '.join(BENCHES)}; choose one")
    refuse_unwritable(json)
    found = BENCHES[what](rounds, configurations)
    if json is None:
        emit(_document(found), None, None)
    else:
        emit_json(found, json)
    return GOOD


def symbolic(rounds: int, configurations: int) -> dict[str, Any]:
    """Cold processes over the import of SymPy, LeNet's gradients, and configurations verified a minute."""
    with tempfile.TemporaryDirectory() as warm, progress("measuring") as advance:
        tasks: dict[str, Callable[[], object]] = {
            SYMPY: lambda: _python("-c", "import sympy"),
            EMPTY: _derive_with_empty_cache,
            WARM: lambda: _python(*DERIVE, cache=warm),
            LENET: lambda: _python("-c", "from derive.network import lenet; lenet().backward()"),
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


BENCHES = {"symbolic": symbolic}


def _derive_with_empty_cache() -> None:
    with tempfile.TemporaryDirectory() as empty:
        _python(*DERIVE, cache=empty)


def _python(*arguments: str, cache: str | None = None) -> None:
    """A new interpreter, its output thrown away, with a cache folder of its own."""
    environment = {**os.environ, "XDG_CACHE_HOME": cache} if cache else None
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment, cwd=root)  # noqa: S603


def _document(found: dict[str, Any]) -> Document:
    rows = tuple(
        (spans(name), spans(f"{s:.3f}"), spans(f"{found['over_import_sympy'][name]:.2f}"))
        for name, s in found["seconds"].items()
    )
    header = (spans("a new process"), spans("seconds"), spans("times import sympy"))
    rate = f"{found['configurations_a_minute']:,} configurations verified a minute on {found['cores']} cores."
    rounds = f"Medians of {found['rounds']} rounds in which each runs once."
    return Document("Speed", (Table(header, rows, spans(rounds), "lrr"), Prose(spans(rate))))
