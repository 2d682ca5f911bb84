"""The verdict on somebody's derivation for a reader: every line with its mark, the wrong ones with their reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os.path import commonpath, relpath
from pathlib import Path

from numeric.audit.derivation import DerivationVerdict, LineVerdict
from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED
from reports.document import (
    Block,
    Callout,
    Claim,
    Code,
    Definition,
    Definitions,
    Document,
    Items,
    Prose,
    Spans,
    Strong,
    Verdict,
    spans,
)
from reports.sections.audit_conventions import authors, plainly
from reports.sections.audit_notation import counted, typeset
from reports.sections.audit_witness import witness_blocks

UNREADABLE = "unreadable"
WORDS = {VERIFIED: "ok", UNDER: "ok", REFUTED: "wrong", UNDECIDED: "open"}
HOLDS = {VERIFIED: True, UNDER: True, REFUTED: False, UNDECIDED: None}


def derivation_document(found: DerivationVerdict) -> Document:
    """One derivation on a page."""
    return Document(Path(found.where).name, tuple(_blocks(found)), spans(*_headline(found)))


def overview_document(found: Sequence[DerivationVerdict], unread: Sequence[tuple[str, str]]) -> Document:
    """Many derivations: a row each with what is said of those that are wrong, and of those that cannot be read."""
    short = _shortened([*(one.where for one in found), *(where for where, _ in unread)])
    rows = [_row(one, short[one.where]) for one in found]
    rows += [Claim(spans(Code(short[w])), "", UNREADABLE, spans(said), None) for w, said in unread]
    counts = {word: sum(one.verdict == word for one in found) for word in dict.fromkeys(one.verdict for one in found)}
    counts |= {UNREADABLE: len(unread)} if unread else {}
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    header = Prose(spans(f"{len(rows)} derivations: {told}."))
    return Document("Derivations", (header, Verdict(tuple(rows), place="wrong line")))


def _shortened(paths: Sequence[str]) -> dict[str, str]:
    """Each path without the folder that all are in, where they are all absolute or all relative."""
    if len({Path(p).is_absolute() for p in paths}) > 1:
        return {p: p for p in paths}
    above = commonpath([str(Path(p).parent) for p in paths])
    return {p: relpath(p, above) for p in paths}


def _row(one: DerivationVerdict, name: str) -> Claim:
    said = one.first.verdict.diagnosis if one.first else one.not_read or plainly(one.hypothesis)
    numbers = ", ".join(map(str, one.wrong_lines))
    return Claim(spans(Code(name)), numbers, one.verdict, spans(said), HOLDS[one.verdict])


def _headline(found: DerivationVerdict) -> Iterator[str | Strong]:
    if found.first:
        yield from ("refuted in line ", Strong(str(found.first.line)), _because(found.first))
    else:
        said = found.not_read or plainly(found.hypothesis)
        yield f"{found.verdict}: {said}" if said else found.verdict


def _blocks(found: DerivationVerdict) -> Iterator[Block]:
    yield Verdict(tuple(map(_line, found.lines)), place="line")
    for x in found.lines:
        if x.wrong:
            words = "The first wrong line is line " if x is found.first else "Wrong as well is line "
            yield Callout("warning", spans(words, Strong(str(x.line)), _because(x)), (_what_is_right(x, found.notes),))
            yield from _where_it_differs(x)
    unread = (f"line {number} was not read, and is not judged: {text}" for number, text in found.unread)
    notes = (*unread, *found.notes, *authors(found.hypothesis))
    if notes:
        yield Items(tuple(spans(n) for n in notes))


def _line(x: LineVerdict) -> Claim:
    """A line of the derivation with its number and its mark."""
    v = x.verdict
    if x.follows:
        return Claim(_mathematics(x), str(x.line), "follows", spans(f"from line {x.follows}, which is wrong"))
    said = v.diagnosis if x.wrong else v.reason if v.verdict == UNDECIDED else ""
    assumed = f"where {plainly(v.hypothesis)}" if v.hypothesis and HOLDS[v.verdict] else ""
    return Claim(_mathematics(x), str(x.line), WORDS[v.verdict], spans(said or assumed), HOLDS[v.verdict])


def _because(x: LineVerdict) -> str:
    why = x.verdict.diagnosis
    return f", and {why}" if why == NO_MISTAKE else f": {why}"


def _mathematics(x: LineVerdict) -> Spans:
    return spans(typeset(x.notation))


def _what_is_right(x: LineVerdict, notes: Sequence[str]) -> Block:
    rows = [Definition(spans("written"), spans(Code(x.text)))]
    if x.verdict.right:
        rows.append(Definition(spans(f"right{counted(notes)}"), spans(typeset(f"= {x.verdict.right}"))))
    return Definitions(tuple(rows))


def _where_it_differs(x: LineVerdict) -> Iterator[Block]:
    """Beside the callout, not in it: some readers of Markdown show no table in a quotation."""
    against = f"line {x.against}" if x.against else "the operation"
    if x.verdict.witness is not None:
        yield from witness_blocks(x.verdict.witness, f"Where it differs from {against}", f"line {x.line}", against)
