"""Derivations, operations, networks, kernels and checks show themselves in a notebook that has imported reports."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any

from derive.operation import Op
from numeric.checks.checking import Check
from numeric.kernels import Kernel
from reports.document import Document, Source, Verdict, spans
from reports.publish import document_of
from reports.sections.law_section import law_section
from reports.sections.verdicts import claim

# Named, not imported by the notebook: a type is looked up when something of it is shown.
SHOWN = (
    ("derive.derivation", "Derivation"),
    ("derive.operation", "Op"),
    ("derive.networks.composition", "Graph"),
    ("numeric.kernels", "Kernel"),
    ("numeric.checks.checking", "Check"),
)


def register() -> None:
    """Tell the notebook's shell how our objects are shown; nothing happens where there is no shell."""
    shell = sys.modules["IPython"].get_ipython()
    if shell is not None:
        formatter = shell.display_formatter.mimebundle_formatter
        for module, name in SHOWN:
            formatter.for_type_by_name(module, name, bundle)


def bundle(
    shown: Any, include: Collection[str] | None = None, exclude: Collection[str] | None = None
) -> dict[str, str]:
    """An object in each type that the frontend wants."""
    return page(shown)._repr_mimebundle_(include, exclude)


def page(shown: Any) -> Document:
    """The document that shows an object."""
    if isinstance(shown, Op):
        return Document(shown.name, (law_section(shown),))
    if isinstance(shown, Kernel):
        return Document(f"{shown.op.name} in {shown.backend}", (Source("python", shown.source),))
    if isinstance(shown, Check):
        return Document(shown.claim, (Verdict((claim(shown),)),), spans(f"layer {shown.layer}"))
    return document_of(shown)
