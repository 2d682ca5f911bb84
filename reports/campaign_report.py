"""A campaign of verification for a reader: how many configurations of each operation passed, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import Block, Callout, Code, Prose, Source, Table, spans


def campaign_blocks(found: Mapping[str, Any]) -> tuple[Block, ...]:
    """What `numeric.campaign` found: a row an operation, then every failure in full."""
    header = tuple(map(spans, ("", "operation", "configurations", "passed", "failed", "worst, of its bound")))
    rows = tuple(
        (
            spans("✗" if one["failed"] else "✓"),
            spans(Code(name)),
            spans(f"{one['configurations']:,}"),
            spans(f"{one['passed']:,}"),
            spans(f"{one['failed']:,}"),
            spans(_worst(one["checks"])),
        )
        for name, one in found["ops"].items()
    )
    rate = 60 * found["configurations"] / max(found["seconds"], 1e-9)
    counts = f"{found['passed']:,} of {found['configurations']:,} configurations passed"
    summary = f"{counts}, {rate:,.0f} a minute, seed {found['seed']}."
    failures = [(name, c) for name, one in found["ops"].items() for c in one["checks"] if not c["passed"]]
    told = tuple(Callout("warning", spans(Code(name), f": {c['claim']}"), (_failure(c),)) for name, c in failures)
    return (Table(header, rows, align="llrrrr"), Prose(spans(summary)), *told)


def _worst(checks: list[dict[str, Any]]) -> str:
    errors = [float(c["error"]) for c in checks]
    return f"{max(errors, default=0.0):.3g}"


def _failure(c: dict[str, Any]) -> Source:
    where = f"at {c['index']}: got {c['got']!r}, expected {c['want']!r}, bound {c['bound']!r}, seed {c['seed']}"
    return Source("text", "\n".join(filter(None, (where, c["detail"]))))
