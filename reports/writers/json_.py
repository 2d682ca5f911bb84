"""The document itself, as JSON: what other programs read, and what `Document.from_json` reads back."""

from __future__ import annotations

from reports.document import Document
from reports.writers.registry import Rendering


def render(document: Document, stem: str) -> Rendering:
    """The document's JSON."""
    return Rendering(document.to_json())
