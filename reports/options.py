"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import typer

from derive.catalogue.recipe import Setting
from reports.exits import UsageError
from reports.writers.registry import FORMATS

FORMAT = typer.Option("--format", metavar="FORMAT", help=f"{', '.join(FORMATS)}; else by the suffix of --output.")
OUTPUT = typer.Option(
    "--output", "-o", metavar="FILE", help="The file to write, instead of stdout; its folder is made."
)
JSON = typer.Option(
    "--json", metavar="-|FILE", help="Plain data as JSON, to stdout (-) or to a file, whose folder is made."
)
SEED = typer.Option("--seed", min=0, metavar="N", help="What every random number follows from.")
SET = typer.Option("--set", metavar="NAME=VALUE", help="An argument, such as stride=2 or padding=1,0; again for more.")

MOST_AXES, DEEPEST = 8, 2
_PIECE = re.compile(r"[(),]|[^(),\s][^(),]*")


def settings(pairs: Iterable[str]) -> dict[str, Setting]:
    """The arguments of `--set`: a number or a word, several after commas, one an axis, or pairs: ((1,2),(3,4)).

    Raises: UsageError for what is no NAME=VALUE, or a name that comes twice.
    """
    found: dict[str, Setting] = {}
    for pair in pairs:
        name, sign, text = (part.strip() for part in pair.partition("="))
        value = _value(_PIECE.findall(text)) if sign and name.isidentifier() else None
        if value is None:
            raise UsageError(f"--set: got {pair!r}, expected NAME=VALUE, such as stride=2 or padding=1,0; change it")
        if name in found:
            raise UsageError(f"--set: got {name} twice, expected it once; give both axes as {name}=2,1")
        found[name] = value
    return found


def _value(pieces: list[str]) -> Setting | None:
    """What the pieces of a text say, all of them read; None where they say nothing."""
    rest = pieces[::-1]
    values = _several(rest, "", DEEPEST)
    if values is None or rest:
        return None
    return values[0] if len(values) == 1 else values


def _several(rest: list[str], end: str, deeper: int) -> tuple[Setting, ...] | None:
    """Values with commas between them up to `end`, taken off the end of `rest`; None where it is not so."""
    found: list[Setting] = []
    while len(found) < MOST_AXES and rest:
        piece = rest.pop()
        inner = _several(rest, ")", deeper - 1) if piece == "(" and deeper else None
        value: Setting = piece.strip() if piece not in tuple("(),") else inner
        if value is None:
            return None
        found.append(value)
        after = rest.pop() if rest else ""
        if after != ",":
            return tuple(found) if after == end else None
    return None
