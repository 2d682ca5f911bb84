"""What is to be proved of a derivation for all sizes, with what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numeric.proof.verdict import Outcome, Proved

RELATION, INVERSE, WINDOW, LOAD, STORE = "relation", "inverse", "window", "load", "store"
KINDS = (RELATION, INVERSE, WINDOW, LOAD, STORE)


@dataclass(frozen=True, slots=True)
class Obligation:
    """A statement about all sizes, of one of the KINDS."""

    kind: str
    statement: str
    outcome: Outcome

    def __bool__(self) -> bool:
        return isinstance(self.outcome, Proved)

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "statement": self.statement, **self.outcome.plain()}
