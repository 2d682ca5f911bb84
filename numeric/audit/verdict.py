"""What an audit says: one of four words, the smallest witness, the mistake that explains it, and the right formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from derive.meaning.digits import Digits
from derive.meaning.exact import Number, Residue

VERIFIED, UNDER, REFUTED, UNDECIDED = "verified", "verified-under", "refuted", "undecided"
NO_MISTAKE = "no known mistake matches"
DIGITS = 12
"""Of a real number that is no fraction, as many are shown."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Sizes, an entry, and the two values that differ there.

    `least` names the sizes that are as small as they can be. `data` holds the tensors that were read, as nested lists;
    `got_terms` and `expected_terms` are the summands, with their indices put in, that only one of the two sides has.
    """

    sizes: Mapping[str, int]
    index: Mapping[str, int]
    got: Number | None
    expected: Number
    data: Mapping[str, Any] = field(default_factory=dict)
    got_terms: tuple[str, ...] = ()
    expected_terms: tuple[str, ...] = ()
    least: frozenset[str] = frozenset()

    def plain(self) -> dict[str, Any]:
        """For JSON: integers as they are, fractions as "1/2", other numbers by their digits, no value as null."""
        return {
            "sizes": dict(self.sizes),
            "index": dict(self.index),
            "got": plain_number(self.got),
            "expected": plain_number(self.expected),
            "data": {name: _each(values) for name, values in self.data.items()},
            "got_terms": list(self.got_terms),
            "expected_terms": list(self.expected_terms),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """`verified`, `verified-under` a `hypothesis`, `refuted` or `undecided`.

    `reason` says how it was proved, or why it is open; `layer` which layer of the stack spoke; `diagnosis` names the
    mistake; `right` is the right formula; `claim` what was written, `read` the same in notation and `notes` how. The
    witness of a claim that is verified under a hypothesis shows what happens without it.
    """

    verdict: str
    hypothesis: str = ""
    witness: Witness | None = None
    diagnosis: str = ""
    right: str = ""
    layer: str = ""
    reason: str = ""
    claim: str = ""
    notes: tuple[str, ...] = ()
    read: str = ""

    @property
    def good(self) -> bool:
        """Whether the claim holds, under a hypothesis or without."""
        return self.verdict in (VERIFIED, UNDER)

    def under(self, *hypotheses: str) -> Verdict:
        """The same verdict where these hypotheses are made; a verified claim is verified under them."""
        made = ", ".join(dict.fromkeys(h for h in (*hypotheses, self.hypothesis) if h))
        word = UNDER if made and self.verdict == VERIFIED else self.verdict
        return replace(self, verdict=word, hypothesis=made)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "verdict": self.verdict,
            "hypothesis": self.hypothesis,
            "witness": self.witness.plain() if self.witness else None,
            "diagnosis": self.diagnosis,
            "right": self.right,
            "layer": self.layer,
            "reason": self.reason,
            "claim": self.claim,
            "read": self.read,
            "notes": list(self.notes),
        }


def plain_number(x: Number | None) -> int | str | None:
    """An exact number for JSON and for readers."""
    if x is None or isinstance(x, int):
        return x
    if isinstance(x, Digits):
        return f"{x.value:.{DIGITS}g}"
    if isinstance(x, Residue):
        return f"{x.value} mod 2^61-1"
    return str(x) if isinstance(x, Fraction) else repr(x)


def _each(values: Any) -> Any:
    return [_each(v) for v in values] if isinstance(values, list) else plain_number(values)
