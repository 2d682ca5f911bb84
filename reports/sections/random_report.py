"""A campaign of random cases for a reader: what a case is, how many of each operation passed, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import Block, Callout, Claim, Code, Prose, Source, Verdict, spans

CASE = (
    "A case: the kernels of one backend, in float32 or float64, forward and every gradient, on data drawn for one law"
    " at one choice of sizes and settings; every number against torch's function and its autograd, bit for bit on"
    " integers, else within computed rounding bounds."
)


def random_blocks(found: Mapping[str, Any]) -> tuple[Block, ...]:
    """What `numeric.checks.random_campaign` found: a verdict on each operation, then failures in full."""
    verdict = Verdict(tuple(_claim(name, one) for name, one in found["ops"].items()))
    counts = f"{found['passed']:,} of {found['cases']:,} cases passed, seed {found['seed']}."
    work = found["median_multiply_adds"]
    if work is not None:
        counts += f" Convolutions took {work:,} multiply-adds at the median."
    failures = [(name, f) for name, one in found["ops"].items() for f in one["failures"]]
    told = tuple(Callout("warning", spans(Code(name), f": {f['claim']}"), (_failure(f),)) for name, f in failures)
    return (Prose(spans(CASE)), verdict, Prose(spans(counts)), *told)


def _claim(name: str, one: Mapping[str, Any]) -> Claim:
    """One operation: how many of its cases passed, and how."""
    count = f"{one['cases']:,} cases of {one['signatures']:,} signatures"
    if one["failed"]:
        return Claim(spans(Code(name)), "0, 8", "refuted", spans(f"{one['failed']:,} of {count} failed"), False)
    if one["undecided"]:
        detail = f"{count}; rounding leaves {one['undecided']:,} open"
        return Claim(spans(Code(name)), "0, 8", "undecided", spans(detail))
    rounded = one["cases"] - one["exact"]
    exact = f"{one['exact']:,} of them bit for bit" if one["exact"] else "each within its rounding bounds"
    exact = exact if rounded else "every number equal"
    return Claim(spans(Code(name)), "0, 8", "tested", spans(f"{count}, {exact}"), True)


def _failure(f: Mapping[str, Any]) -> Source:
    """One failure: what differs, at which sizes and settings, and the command that repeats it."""
    where = f"at {f['index']}: got {f['got']!r}, expected {f['want']!r}, bound {f['bound']!r}"
    again = f"again: {f['command']}"
    return Source("text", "\n".join(filter(None, (f["law"], where, f["detail"], again))))
