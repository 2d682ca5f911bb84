"""What an attempt at a proof ends with; an attempt that ends with nothing says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Proved:
    """It holds for all sizes at which the hypotheses hold; `hypotheses` says them in notation."""

    hypotheses: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return True

    def plain(self) -> dict[str, Any]:
        return {"verdict": "proved for all sizes", "hypotheses": list(self.hypotheses)}


@dataclass(frozen=True, slots=True)
class Counterexample:
    """It fails, at the smallest sizes there are and at this index; `got` and `want` are values there, if any."""

    sizes: Mapping[str, int]
    index: Mapping[str, int] = field(default_factory=dict)
    got: str = ""
    want: str = ""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        sizes = ", ".join(f"{n}={v}" for n, v in self.sizes.items())
        where = f" at {', '.join(f'{n}={v}' for n, v in self.index.items())}" if self.index else ""
        values = f": {self.got} for {self.want}" if self.got else ""
        return f"{sizes}{where}{values}"

    def plain(self) -> dict[str, Any]:
        values = {"got": self.got, "want": self.want} if self.got else {}
        return {"verdict": "refuted", "sizes": dict(self.sizes), "index": dict(self.index), **values}


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither proved nor refuted, and why."""

    reason: str

    def __bool__(self) -> bool:
        return False

    def plain(self) -> dict[str, Any]:
        return {"verdict": "unknown", "reason": self.reason}


Outcome = Proved | Counterexample | Unknown


class Outside(Exception):
    """What the method does not reach; the text says what it is."""
