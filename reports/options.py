"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from reports.exits import UsageError
from reports.writers.registry import FORMATS

FORMAT = typer.Option("--format", metavar="FORMAT", help=f"{', '.join(FORMATS)}; else by the suffix of --output.")
OUTPUT = typer.Option("--output", "-o", metavar="FILE", help="The file to write, instead of stdout.")
JSON = typer.Option("--json", metavar="-|FILE", help="Plain data as JSON, to stdout (-) or to a file.")
SEED = typer.Option("--seed", min=0, metavar="N", help="What every random number follows from.")
SET = typer.Option("--set", metavar="NAME=VALUE", help="An argument, such as stride=2 or padding=1,0; again for more.")

MOST_AXES = 8


def settings(pairs: Iterable[str]) -> dict[str, str | tuple[str, ...]]:
    """The arguments of `--set`: a number or a word, or several after commas, one an axis.

    Raises: UsageError for what is no NAME=VALUE, or a name that comes twice.
    """
    found: dict[str, str | tuple[str, ...]] = {}
    for pair in pairs:
        name, sign, text = (part.strip() for part in pair.partition("="))
        values = tuple(v.strip() for v in text.split(","))
        if not sign or not name.isidentifier() or not all(values) or len(values) > MOST_AXES:
            raise UsageError(f"--set: got {pair!r}, expected NAME=VALUE, such as stride=2 or padding=1,0; change it")
        if name in found:
            raise UsageError(f"--set: got {name} twice, expected it once; give both axes as {name}=2,1")
        found[name] = values[0] if len(values) == 1 else values
    return found
