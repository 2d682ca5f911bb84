"""What a check can end with other than a proof, and how large an input may be."""

from __future__ import annotations

import json

MOST_BYTES, MOST_NODES, MOST_ITEMS, MOST_TERMS, MOST_BITS, LARGEST, HIGHEST = (
    2**25,
    10**6,
    256,
    4_000,
    4_096,
    10**12,
    64,
)


class Malformed(Exception):
    """The file is no certificate."""


class Refuted(Exception):
    """The certificate does not hold."""


def expect(good: object, what: str, got: object) -> None:
    if not good:
        text = json.dumps(got, default=str)
        raise Malformed(f"got {text if len(text) < 60 else text[:57] + '...'}, expected {what}")
