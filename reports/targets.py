"""Where the verdict of an audit goes, and what it says as an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numeric.audit.verdict import REFUTED, UNDECIDED
from reports.document import Document
from reports.emit import STDOUT, emit, emit_json, emit_text, refuse_mixed, refuse_unwritable
from reports.exits import GOOD
from reports.exits import REFUTED as EXIT_REFUTED
from reports.exits import UNDECIDED as EXIT_UNDECIDED


@dataclass(frozen=True, slots=True)
class Targets:
    """JSON and JUnit's XML (a file, or `-` for stdout), and a document in a format, where no other has stdout."""

    json: str | None = None
    junit: str | None = None
    output: Path | None = None
    form: str | None = None

    def refuse(self) -> None:
        """Before long work: what cannot be put. Raises: UsageError, WriteError."""
        refuse_mixed(json=self.json, junit=self.junit, output=self.output)
        refuse_unwritable(self.json, self.junit, self.output)

    def put(self, plain: Callable[[], Any], junit: Callable[[], str], document: Callable[[], Document]) -> None:
        """A verdict in each form that is asked for. Raises: WriteError."""
        if self.junit is not None:
            emit_text(junit(), Path(self.junit))
        if self.json is not None:
            emit_json(plain(), self.json)
        elif self.junit != STDOUT:
            emit(document(), self.form, self.output)


STANDARD_OUTPUT = Targets()
STDIN = "-"
"""Among files to read, what comes in."""


def exit_code(verdicts: Iterable[str]) -> int:
    """0 all verified, under a hypothesis or without; else 1 where one is refuted, else 5 where one is open."""
    words = set(verdicts)
    return EXIT_REFUTED if REFUTED in words else EXIT_UNDECIDED if UNDECIDED in words else GOOD
