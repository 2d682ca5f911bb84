"""`reports.write`: whatever backproof makes, as a file in the format of its suffix."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from derive.derivation import Derivation
from derive.lazy import LazyModule
from derive.networks.composition import Graph
from reports.document import Document
from reports.sections.narrate import derivation_report
from reports.writers.output import write as write_document
from reports.writers.output import write_files
from reports.writers.registry import WriteError, format_of

if TYPE_CHECKING:
    from reports.sections import network_report as networks
else:
    networks = LazyModule("reports.sections.network_report")  # an operation does not wait for the pictures of networks

CERTIFICATES = "json"
"""The format in which a derivation is its certificate, which `derive.checker` reads."""

Subject = Document | Derivation | Sequence[Derivation] | Graph


def write(subject: Subject, path: str | os.PathLike[str], format: str | None = None) -> Path:
    """Write a derivation, several of one operation, a network or a document; the suffix says the format.

    Derivations in JSON are their certificates; a document in JSON is the document itself.
    Raises: WriteError for an unknown format, a subject that has no page, or a place that cannot be written;
    MissingTool where the format needs a package that is absent.
    """
    target = Path(path)
    derivations = _derivations(subject)
    if derivations and format_of(target, format).name == CERTIFICATES:
        write_files(target.parent, ((target.name, certificates(derivations)),))
        return target
    return write_document(document_of(subject), target, format)


def certificates(derivations: Sequence[Derivation]) -> str:
    """One certificate, or a list of several, as the JSON text that `derive.checker` reads."""
    written = [d.certificate() for d in derivations]
    return json.dumps(written[0] if len(written) == 1 else written, indent=1) + "\n"


def document_of(subject: Subject) -> Document:
    """The document that shows a subject. Raises: WriteError for what has none."""
    if isinstance(subject, Document):
        return subject
    if isinstance(subject, Graph):
        return networks.network_report(subject)
    if derivations := _derivations(subject):
        return derivation_report(derivations)
    raise WriteError(
        f"write: got {type(subject).__name__}, expected a derivation, a list of them, a graph or a document"
    )


def _derivations(subject: object) -> tuple[Derivation, ...]:
    if isinstance(subject, Derivation):
        return (subject,)
    several = tuple(subject) if isinstance(subject, list | tuple) else ()
    return several if all(isinstance(d, Derivation) for d in several) else ()
