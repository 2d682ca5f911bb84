"""The page that leads to the other pages: a document like any other, so that every writer can write it."""

from __future__ import annotations

from collections.abc import Sequence

from reports.document import Document, Entries, Entry, Section, Spans, spans


def entry(document: Document, link: str, summary: Spans = ()) -> Entry:
    """The line of an index that leads to a document at `link`; its summary is the document's subtitle unless given."""
    return Entry(document.title, link, summary or document.subtitle, *document.tally())


def index(
    title: str,
    entries: Sequence[Entry],
    embedded: Sequence[Document] = (),
    subtitle: Spans = (),
    provenance: tuple[tuple[str, str], ...] = (),
    heading: str = "Contents",
) -> Document:
    """A page of links under one heading, and after them whole documents, each as a section of its own."""
    listed = Section(spans(heading), (Entries(tuple(entries)),))
    return Document(title, (listed, *map(section, embedded)), subtitle, provenance)


def section(document: Document, collapsed: bool = False) -> Section:
    """A document as a section of another; its provenance belongs to the page it comes to."""
    return Section(spans(document.title), document.blocks, collapsed)
