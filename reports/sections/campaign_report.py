"""A campaign of verification for a reader: how many configurations of each operation passed, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import Block, Callout, Claim, Code, Prose, Source, Verdict, spans


def campaign_blocks(found: Mapping[str, Any]) -> tuple[Block, ...]:
    """What `numeric.checks.campaign` found: a verdict on each operation, then every failure in full."""
    verdict = Verdict(tuple(_claim(name, one) for name, one in found["ops"].items()))
    counts = f"{found['passed']:,} of {found['configurations']:,} configurations passed, seed {found['seed']}."
    failures = [(name, c) for name, one in found["ops"].items() for c in one["checks"] if not c["passed"]]
    told = tuple(Callout("warning", spans(Code(name), f": {c['claim']}"), (_failure(c),)) for name, c in failures)
    return (verdict, Prose(spans(counts)), *told)


def _claim(name: str, one: Mapping[str, Any]) -> Claim:
    """One operation: forward and every gradient in every backend, by all layers together."""
    count = f"{one['configurations']:,} configurations"
    if one["failed"]:
        return Claim(spans(Code(name)), _layers(one), "refuted", spans(f"{one['failed']:,} of {count} failed"), False)
    if one["undecided"]:
        detail = f"{count}; rounding leaves {one['undecided']:,} of {len(one['checks']):,} claims open"
        return Claim(spans(Code(name)), _layers(one), "undecided", spans(detail))
    worst = max((float(c["error"]) for c in one["checks"]), default=0.0)
    detail = f"{count}, " + (f"at most {worst:.3g} of the bound" if worst else "every number equal")
    return Claim(spans(Code(name)), _layers(one), "tested", spans(detail), True)


def _layers(one: Mapping[str, Any]) -> str:
    return ", ".join(map(str, sorted({c["layer"] for c in one["checks"]})))


def _failure(c: dict[str, Any]) -> Source:
    where = f"at {c['index']}: got {c['got']!r}, expected {c['want']!r}, bound {c['bound']!r}, seed {c['seed']}"
    return Source("text", "\n".join(filter(None, (where, c["detail"]))))
