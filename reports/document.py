"""The one model of everything a reader is shown: plain frozen data, made by the narrators, read by every writer.

Nothing in it is markup to be parsed: a sentence is a sequence of spans, and mathematics is marked as such. Every
formula carries its LaTeX and its plain text; `\\focus{...}` in LaTeX marks the part that a step has changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

from reports.display import Shown
from reports.plain_data import DocumentError, decode, encode, parse
from reports.safe_svg import check_svg

SCHEMA = "backproof.document/1"

# What is safe behind a link: the web, mail, a place on this page, or a relative path.
_LINK = re.compile(r"(https?://|mailto:|#|\.{0,2}/(?!/)|[\w.-]+(?:[/#?]|$))", re.ASCII)


# Spans: what a sentence is made of.


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Words with stress."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words of importance."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A name or fragment of a program."""

    text: str


@dataclass(frozen=True, slots=True)
class Math:
    """A formula inside a sentence: its LaTeX (without dollar signs) and what a terminal shows."""

    latex: str
    plain: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead somewhere: http(s), mailto, `#anchor` or a relative path; anything else raises DocumentError."""

    text: str
    target: str

    def __post_init__(self) -> None:
        if not _LINK.match(self.target):
            raise DocumentError(f"a link leads to http(s), mailto, an anchor or a relative path, got {self.target!r}")


Inline = Text | Emphasis | Strong | Code | Math | Link
Spans = tuple[Inline, ...]


def spans(*parts: str | Inline) -> Spans:
    """A sentence from strings and spans: `spans("where ", Math("p<K", "p<K"), " holds")`."""
    return tuple(Text(part) if isinstance(part, str) else part for part in parts)


# Blocks: what a page is made of.


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it; a collapsed one opens on demand where the format can."""

    title: Spans
    blocks: tuple[Block, ...]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    spans: Spans


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: tuple[Spans, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Equation:
    """A displayed formula; its label is shown beside it in brackets."""

    latex: str
    plain: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation: `before` equals `after` by `law`, under `conditions`."""

    number: int
    law: str
    statement: Spans
    before: Math
    after: Math
    conditions: tuple[Spans, ...] = ()
    note: Spans = ()


@dataclass(frozen=True, slots=True)
class StepGroup:
    """Consecutive steps under one title; collapsed, it shows the title and its last line."""

    title: Spans
    steps: tuple[Step, ...]
    collapsed: bool = True

    def __post_init__(self) -> None:
        if not self.steps:
            raise DocumentError("a group of steps holds at least one step")


@dataclass(frozen=True, slots=True)
class StepTable:
    """A derivation: each row starts from the line on which the row before it ended."""

    rows: tuple[Step | StepGroup, ...]
    caption: Spans = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of the same width; `align` holds one of l, c, r a column ("" is l everywhere)."""

    header: tuple[Spans, ...]
    rows: tuple[tuple[Spans, ...], ...]
    caption: Spans = ()
    align: str = ""

    def __post_init__(self) -> None:
        width = len(self.header)
        for i, row in enumerate(self.rows):
            if len(row) != width:
                raise DocumentError(f"row {i} of the table has {len(row)} cells, its header {width}")
        if self.align and (len(self.align) != width or set(self.align) - set("lcr")):
            raise DocumentError(f"align takes one of l, c, r for each of {width} columns, got {self.align!r}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as SVG text (still: no scripts, no links), with the words that replace it for who cannot see it."""

    svg: str
    alt: str
    caption: Spans = ()

    def __post_init__(self) -> None:
        check_svg(self.svg)


@dataclass(frozen=True, slots=True)
class Source:
    """Program text, with the formula it comes from; a runnable one is a code cell in a notebook."""

    language: str
    text: str
    caption: Spans = ()
    formula: Equation | None = None
    runnable: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One verdict: what is claimed, which layer speaks, its word ("proved", "tested"), details, and whether it holds.

    `holds` is None where the layer could not decide or did not speak.
    """

    claim: Spans
    layer: str
    word: str
    detail: Spans = ()
    holds: bool | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What has been checked, by which layer, and with what outcome; `place` heads the column of the layers."""

    rows: tuple[Claim, ...]
    caption: Spans = ()
    place: str = "layer"


@dataclass(frozen=True, slots=True)
class Definition:
    """A term and its meaning."""

    term: Spans
    meaning: Spans


@dataclass(frozen=True, slots=True)
class Definitions:
    """A list of terms: symbols, assumptions, conventions."""

    rows: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    """Blocks set apart: a "note", a "warning", or the "result" that everything before led to."""

    kind: str
    title: Spans
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if self.kind not in ("note", "warning", "result"):
            raise DocumentError(f"a callout is a note, a warning or a result, got {self.kind!r}")


class Tally(NamedTuple):
    """How many claims hold, are refuted, and are undecided."""

    holds: int
    refuted: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index: another document, where it lies, what it says, and how its claims fared."""

    title: str
    link: str
    summary: Spans = ()
    holds: int = 0
    refuted: int = 0
    undecided: int = 0

    def __post_init__(self) -> None:
        Link(self.title, self.link)


@dataclass(frozen=True, slots=True)
class Entries:
    """An index of other documents."""

    rows: tuple[Entry, ...]
    caption: Spans = ()


Block = (
    Section | Prose | Items | Equation | StepTable | Table | Figure | Source | Verdict | Definitions | Callout | Entries
)


@dataclass(frozen=True, slots=True)
class Document(Shown):
    """A whole page: what every narrator makes and every writer reads.

    `provenance` holds (name, value) pairs: versions, seed, options; never a date or a path of a machine.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    subtitle: Spans = ()
    provenance: tuple[tuple[str, str], ...] = ()
    language: str = "en"

    def document(self) -> Document:
        """Itself: what is shown in a notebook."""
        return self

    def to_json(self) -> str:
        """The document as JSON text that `from_json` reads back."""
        text = json.dumps({"schema": SCHEMA} | encode(self), ensure_ascii=False, indent=1) + "\n"
        return text.encode("utf-8", "replace").decode()  # half of a surrogate pair (an odd argument) is not text

    @classmethod
    def from_json(cls, text: str) -> Document:
        """The document that a JSON text holds.

        Raises: DocumentError for anything but a document of this schema, saying where.
        """
        data = parse(text)
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            got = data.get("schema") if isinstance(data, dict) else type(data).__name__
            raise DocumentError(f"document.schema: expected {SCHEMA!r}, got {got!r}")
        document: Document = decode(cls, {k: v for k, v in data.items() if k != "schema"}, "document")
        return document

    def tally(self) -> Tally:
        """How the claims of the whole document fared."""
        outcomes = [part.holds for part in parts(self) if isinstance(part, Claim)]
        return Tally(outcomes.count(True), outcomes.count(False), outcomes.count(None))


def parts(value: Any) -> Iterator[Any]:
    """Every dataclass inside a value, itself first, in reading order."""
    if isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    elif is_dataclass(value):
        yield value
        for field in fields(value):
            yield from parts(getattr(value, field.name))


def plain(text: Spans) -> str:
    """The words of a sentence, formulas as plain text."""
    return "".join(span.plain if isinstance(span, Math) else span.text for span in text)
