"""The verdict on a formula for a reader: the word first, then where it fails, why, and what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from numeric.audit.verdict import NO_MISTAKE, REFUTED, UNDECIDED, UNDER, VERIFIED, Verdict, Witness, plain_number
from reports.document import Block, Code, Definition, Definitions, Document, Inline, Items, Prose, Source, Strong, spans
from reports.writers import junit

OUTCOMES = {REFUTED: junit.FAILED, UNDECIDED: junit.UNDECIDED}
TITLES = {VERIFIED: "Verified", UNDER: "Verified under a hypothesis", REFUTED: "Refuted", UNDECIDED: "Undecided"}
LARGEST = 24
"""Numbers of a tensor that are shown; more are in the JSON."""


def formula_document(found: Verdict, op: str) -> Document:
    """The whole verdict on a page."""
    return Document(TITLES[found.verdict], tuple(_blocks(found, op)), spans(Code(found.claim)))


def formula_junit(found: Verdict, op: str) -> str:
    """The verdict as the one test case of a suite of JUnit."""
    line = headline(found)
    return junit.junit(op, [junit.Case(found.claim, OUTCOMES.get(found.verdict, junit.PASSED), line, found.right)])


def headline(found: Verdict) -> str:
    """The verdict in one line."""
    why = found.diagnosis or found.reason if found.verdict in (REFUTED, UNDECIDED) else found.hypothesis
    return f"{found.verdict}: {why}" if why else found.verdict


def _blocks(found: Verdict, op: str) -> Iterator[Block]:
    yield Prose(spans(*_sentence(found, op)))
    rows: dict[str, str] = {}
    if found.right and found.verdict in (REFUTED, UNDER):
        rows["right"] = found.right
    if found.verdict == UNDER and found.diagnosis:
        rows["otherwise"] = found.diagnosis.removeprefix("elsewhere ")
    if found.verdict == REFUTED and found.hypothesis:
        rows["read under"] = found.hypothesis
    told = [Definition(spans(term), spans(Code(text))) for term, text in rows.items()]
    if told:
        yield Definitions(tuple(told))
    if found.witness is not None:
        yield from witness_blocks(found.witness, "Where it fails" if found.verdict == REFUTED else "Without it")
    if found.notes:
        yield Items(tuple(spans(note) for note in found.notes))


def _sentence(found: Verdict, op: str) -> Iterator[str | Inline]:
    """What was found, in a sentence."""
    match found.verdict:
        case "verified":
            yield f"{_capital(found.reason)}."
        case "verified-under":
            yield from ("It holds where ", Strong(found.hypothesis), f": {found.reason}.")
        case "refuted" if found.diagnosis == NO_MISTAKE:
            yield f"It is wrong for {op}, and {NO_MISTAKE}."
        case "refuted":
            yield from (f"It is wrong for {op}: ", Strong(found.diagnosis), ".")
        case _:
            yield f"{_capital(found.reason)}."


def witness_blocks(w: Witness, title: str) -> Iterator[Block]:
    """The smallest sizes and the entry at which two values differ, and the summands that make the difference."""
    places = ", ".join(f"{n}={v}" for n, v in w.index.items())
    got = "no value" if w.got is None else f"{plain_number(w.got)}"
    where: list[str | Inline] = [f"{title}: ", Code(sizes(w)), " as small as they can be" * bool(w.least)]
    where += ["; at ", Code(places)] if places else ["; there"]
    yield Prose(
        spans(*where, " the claim gives ", Strong(got), ", right is ", Strong(f"{plain_number(w.expected)}"), ".")
    )
    terms = [("only in the claim", w.got_terms), ("missing in the claim", w.expected_terms)]
    rows = [Definition(spans(title), spans(Code(" + ".join(found)))) for title, found in terms if found]
    if rows:
        yield Definitions(tuple(rows))
    shown = "\n".join(f"{name} = {text}" for name, text in _data(w.data))
    if shown:
        yield Source("text", shown)


def sizes(w: Witness) -> str:
    """`H=2, K_h=2, all others as small as they can be`."""
    telling = [f"{n}={v}" for n, v in w.sizes.items() if n not in w.least]
    if not w.least:
        return ", ".join(telling)
    return f"{', '.join(telling)}, all others" if telling else "all sizes"


def _data(data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, values in data.items():
        text = _nested(values)
        if text.count(",") < LARGEST:
            yield name, text


def _nested(values: object) -> str:
    if isinstance(values, list):
        return f"[{', '.join(map(_nested, values))}]"
    return f"{plain_number(values)}"  # type: ignore[arg-type]  # numbers, as the witness has them


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
