"""What is said of a derivation: a verdict on every line, and the worst of them on the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numeric.audit.verdict import REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """One line: where it is, what was read, what it was compared with (0 is the operation), and what was found."""

    line: int
    step: int
    text: str
    notation: str
    against: int
    verdict: Verdict
    follows: int = 0
    """The wrong line that this one follows from, if it does; it is no mistake of its own."""

    @property
    def wrong(self) -> bool:
        """Whether a mistake was made in this line."""
        return self.verdict.verdict == REFUTED

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        own = {"line": self.line, "step": self.step, "text": self.text, "notation": self.notation}
        return {**own, "against": self.against, "follows": self.follows, **self.verdict.plain()}


@dataclass(frozen=True, slots=True)
class DerivationVerdict:
    """Every line of a text with its verdict; that of the whole is the worst of them."""

    where: str
    op: str
    lines: tuple[LineVerdict, ...]
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    """Hypotheses of the whole text: defaults, sizes, and what its sentences suppose."""
    unread: tuple[tuple[int, str], ...] = ()
    """What looks like mathematics and was not read, with its line: nothing is said of it."""

    @property
    def wrong_lines(self) -> tuple[int, ...]:
        """The lines in which mistakes were made, in order."""
        return tuple(dict.fromkeys(x.line for x in self.lines if x.wrong))

    @property
    def first(self) -> LineVerdict | None:
        """The first wrong line."""
        return next((x for x in self.lines if x.wrong), None)

    @property
    def verdict(self) -> str:
        """The worst word of all lines; one that was not read is open."""
        found = {x.verdict.verdict for x in self.lines}
        found |= ({UNDECIDED} if self.unread else set()) | ({UNDER} if self.assumed else set())
        return next(word for word in (REFUTED, UNDECIDED, UNDER, VERIFIED) if word in found or word == VERIFIED)

    @property
    def hypothesis(self) -> str:
        """What is assumed in the whole text, or in some line, each once."""
        inside = (x.verdict.hypothesis for x in self.lines if x.verdict.hypothesis)
        return "; ".join(dict.fromkeys(([", ".join(self.assumed)] if self.assumed else []) + list(inside)))

    @property
    def not_read(self) -> str:
        """Which lines were not read, in words."""
        return "; ".join(f"line {number} was not read: {text}" for number, text in self.unread)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        first = self.first
        return {
            "file": self.where,
            "op": self.op,
            "verdict": self.verdict,
            "hypothesis": self.hypothesis,
            "first_wrong_line": first.line if first else None,
            "wrong_lines": list(self.wrong_lines),
            "witness": first.verdict.witness.plain() if first and first.verdict.witness else None,
            "diagnosis": first.verdict.diagnosis if first else "",
            "right": first.verdict.right if first else "",
            "lines": [x.plain() for x in self.lines],
            "unread": [{"line": number, "text": text} for number, text in self.unread],
            "notes": list(self.notes),
        }
