"""Breaks long lines of printed Python at the arguments of a call."""

from __future__ import annotations

from dataclasses import dataclass, field

INDENT = "    "
WIDTH = 116


def wrapped(line: str) -> list[str]:
    """A line, or, where it is long, its longest outer list of arguments on a line of its own, or a line for each."""
    indent = line[: len(line) - len(line.lstrip())]
    groups = _argument_lists(line) if len(line) > WIDTH else []
    if not groups:
        return [line]
    depth = min(g.depth for g in groups)
    group = max((g for g in groups if g.depth == depth), key=lambda g: g.end - g.start)
    ends = [*group.commas, group.end]
    pieces = [line[a + 1 : b].strip() for a, b in zip([group.start, *group.commas], ends, strict=True)]
    together = f"{indent}{INDENT}{', '.join(pieces)}"
    apart = [part for piece in pieces for part in wrapped(f"{indent}{INDENT}{piece},")]
    inner = [together] if len(together) <= WIDTH else apart
    return [line[: group.start + 1], *inner, f"{indent}{line[group.end :]}"]


@dataclass(slots=True)
class _List:
    """A pair of round brackets in a line, and the commas right inside."""

    depth: int
    start: int
    end: int = 0
    commas: list[int] = field(default_factory=list)


def _argument_lists(line: str) -> list[_List]:
    """The pairs of round brackets that hold commas."""
    found: list[_List] = []
    waiting: list[_List] = []
    for k, c in enumerate(line):
        if c in "([{":
            waiting.append(_List(len(waiting), k))
        elif c == "," and waiting:
            waiting[-1].commas.append(k)
        elif c in ")]}":
            closed = waiting.pop()
            closed.end = k
            if c == ")" and closed.commas:
                found.append(closed)
    return found
