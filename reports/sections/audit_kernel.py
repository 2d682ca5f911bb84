"""The verdict on somebody's backward pass for a reader: each gradient, the worst entry, the mistake, a failing test."""

from __future__ import annotations

from collections.abc import Iterator

from numeric.audit.kernel.told import Gradient, KernelVerdict
from reports.document import (
    Block,
    Callout,
    Claim,
    Code,
    Definition,
    Definitions,
    Document,
    Inline,
    Items,
    Prose,
    Source,
    Verdict,
    spans,
)
from reports.writers import junit


def kernel_document(found: KernelVerdict) -> Document:
    """The whole verdict on a page."""
    title = f"{found.target} for {found.op}"
    return Document(title, tuple(_blocks(found)), spans(_headline(found)))


def kernel_junit(found: KernelVerdict) -> str:
    """The verdict on each gradient as a test case of JUnit."""
    outcomes = {"right": junit.PASSED, "wrong": junit.FAILED, "open": junit.UNDECIDED}
    cases = [junit.Case(g.name, outcomes[g.verdict], g.diagnosis, str(found)) for g in found.gradients]
    return junit.junit(f"{found.target} for {found.op}", cases)


def _headline(found: KernelVerdict) -> str:
    v = found.verdict
    return f"{v.verdict}: {v.hypothesis}" if v.hypothesis else v.verdict


def _blocks(found: KernelVerdict) -> Iterator[Block]:
    v = found.verdict
    yield Verdict(tuple(_claim(g, v.layer) for g in found.gradients))
    if v.reason:
        yield Prose(spans(f"{v.reason[0].upper()}{v.reason[1:]}."))
    if v.diagnosis:
        yield Callout("warning", spans("The likely mistake"), (Prose(spans(f"{v.diagnosis}.")),))
    rows = {"smallest configuration": found.shown, "worst entry": found.entry, "right formula": v.right}
    told = tuple(Definition(spans(term), spans(Code(text))) for term, text in rows.items() if text)
    if told and not found.good:
        yield Definitions(told)
    if v.notes:
        yield Items(tuple(spans(n) for n in v.notes))
    if found.test:
        yield Prose(spans("A test that fails until this is mended:"))
        yield Source("python", found.test)


def _claim(g: Gradient, layer: str) -> Claim:
    """One gradient: tested, refuted, or open."""
    word = {"right": "tested", "wrong": "refuted", "open": "undecided"}[g.verdict]
    parts = [t for t in (g.count, g.where, g.diagnosis) if t]
    detail: list[str | Inline] = ["; ".join(parts)] if parts else []
    return Claim(spans(Code(g.name)), layer, word, spans(*detail), {"right": True, "wrong": False}.get(g.verdict))
