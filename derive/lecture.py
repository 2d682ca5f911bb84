"""Which steps share a line when a lecturer writes a derivation down: what is trivial beside its neighbour."""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation import Step

TOGETHER = (
    ("linearity", "constant factor", "independent"),
    ("merge sums", "distribute", "contract a delta", "mixed radix", "divide with a rest"),
    ("range", "labels", "zero outside", "undo a division"),
    ("reverse", "introduce"),
)
"""Laws whose steps are one line where they follow each other, in any order."""


def lecture(steps: Sequence[Step]) -> tuple[tuple[Step, ...], ...]:
    """The steps line by line: those that follow each other by laws of one kind are one line. None is left out."""
    lines: list[list[Step]] = []
    for step in steps:
        if lines and any(step.law in laws and lines[-1][-1].law in laws for laws in TOGETHER):
            lines[-1].append(step)
        else:
            lines.append([step])
    return tuple(map(tuple, lines))


def laws_of(line: Sequence[Step]) -> tuple[str, ...]:
    """The laws of a line, each once."""
    return tuple(dict.fromkeys(step.law for step in line))
