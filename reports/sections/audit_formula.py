"""The verdict on a formula for a reader: the word first, then where it fails, why, and what is right."""

from __future__ import annotations

from collections.abc import Iterator

from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict
from reports.document import (
    Block,
    Callout,
    Code,
    Definition,
    Definitions,
    Document,
    Inline,
    Items,
    Strong,
    Text,
    spans,
)
from reports.sections.audit_conventions import authors, plainly
from reports.sections.audit_notation import counted, same_line, typeset
from reports.sections.audit_witness import witness_blocks
from reports.writers import junit
from reports.writers.output import render

OUTCOMES = {REFUTED: junit.FAILED, UNDECIDED: junit.UNDECIDED}
TITLES = {VERIFIED: "Verified", UNDER: "Verified under a hypothesis", REFUTED: "Refuted", UNDECIDED: "Undecided"}
KINDS = {VERIFIED: "result", UNDER: "result", REFUTED: "warning", UNDECIDED: "note"}


def formula_document(found: Verdict, op: str) -> Document:
    """The whole verdict on a page."""
    return Document(TITLES[found.verdict], tuple(_blocks(found, op)))


def formula_junit(found: Verdict, op: str) -> str:
    """The verdict as the one test case of a suite of JUnit."""
    told = render(formula_document(found, op))
    return junit.junit(op, [junit.Case(found.claim, OUTCOMES.get(found.verdict, junit.PASSED), headline(found), told)])


def headline(found: Verdict) -> str:
    """The verdict in one line."""
    why = found.diagnosis or found.reason if found.verdict in (REFUTED, UNDECIDED) else plainly(found.hypothesis)
    return f"{found.verdict}: {why}" if why else found.verdict


def _blocks(found: Verdict, op: str) -> Iterator[Block]:
    rows = [Definition(spans(term), spans(meaning)) for term, meaning in _told(found)]
    yield Callout(KINDS[found.verdict], spans(*_sentence(found, op)), (Definitions(tuple(rows)),))
    if found.witness is not None:
        yield from witness_blocks(found.witness, "Where it fails" if found.verdict == REFUTED else "Without that")
    notes = (*found.notes, *authors(found.hypothesis))
    if notes:
        yield Items(tuple(spans(note) for note in notes))


def _told(found: Verdict) -> Iterator[tuple[str, Inline]]:
    """What was claimed, how it was read, what is right, and what both stand on."""
    same = same_line(found.read, found.claim)
    yield "claimed", typeset(found.claim) if same else Code(found.claim)
    if found.read and not same:
        yield f"read as{counted(found.notes)}", typeset(found.read)
    if found.right and found.verdict != VERIFIED and not same_line(found.right, found.read):
        yield f"right{counted(found.notes)}", typeset(found.right)
    if found.verdict == UNDER and found.diagnosis:
        yield "otherwise", Text(found.diagnosis.removeprefix("elsewhere "))
    if found.verdict == REFUTED and found.hypothesis:
        yield "read under", Text(plainly(found.hypothesis))


def _sentence(found: Verdict, op: str) -> Iterator[str | Inline]:
    """What was found, in a sentence."""
    match found.verdict:
        case "verified-under":
            yield from ("Right where ", Strong(plainly(found.hypothesis)), f"; {found.reason}")
        case "refuted" if found.diagnosis == NO_MISTAKE:
            yield f"It is wrong for {op}, and {NO_MISTAKE}"
        case "refuted":
            yield from (f"It is wrong for {op}: ", Strong(found.diagnosis))
        case _:
            yield f"{found.reason[:1].upper()}{found.reason[1:]}"
