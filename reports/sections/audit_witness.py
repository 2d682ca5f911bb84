"""The smallest place at which two values differ, for a reader: the sizes, the entry, both values, and the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from numeric.audit.verdict import Witness, plain_number
from reports.document import Block, Code, Definition, Definitions, Prose, Spans, Strong, Table, spans
from reports.sections.audit_notation import typeset_sum

LARGEST = 24
"""Numbers of a tensor that are shown; more are in the JSON."""


def witness_blocks(w: Witness, title: str, got: str = "the claim", expected: str = "right") -> Iterator[Block]:
    """A sentence with the sizes, a table of what the two sides come to there, and the tensors that were read."""
    yield Prose(spans(f"{title}: {sizes(w)}."))
    places = ", ".join(f"{n}={v}" for n, v in w.index.items())
    rows: list[tuple[Spans, ...]] = [
        (spans("value at ", Code(places)) if places else spans("value"), spans(Strong(_value(w.got))),
         spans(Strong(_value(w.expected)))),
    ]  # fmt: skip
    if w.got_terms or w.expected_terms:
        rows.append((spans("summands that only it has"), _terms(w.got_terms), _terms(w.expected_terms)))
    yield Table((spans(""), spans(got), spans(expected)), tuple(rows))
    shown = tuple(Definition(spans(Code(name)), spans(Code(text))) for name, text in _data(w.data))
    if shown:
        yield Definitions(shown)


def sizes(w: Witness) -> str:
    """`H=2, K_h=2, all other sizes as small as they can be`."""
    telling = [f"{n}={v}" for n, v in w.sizes.items() if n not in w.least]
    if w.least:
        telling.append("all other sizes as small as they can be" if telling else "all sizes as small as they can be")
    return ", ".join(telling) or "there are no sizes"


def _value(x: object) -> str:
    return "no value" if x is None else f"{plain_number(x)}"  # type: ignore[arg-type]  # a number, as the witness has it


def _terms(terms: tuple[str, ...]) -> Spans:
    return spans(typeset_sum(terms)) if terms else spans("none")


def _data(data: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, values in data.items():
        text = _nested(values)
        if text.count(",") < LARGEST:
            yield name, text


def _nested(values: object) -> str:
    return f"[{', '.join(map(_nested, values))}]" if isinstance(values, list) else _value(values)
