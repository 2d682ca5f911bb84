"""The page of everything: what was derived, verified and trained, with every derivation in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from derive.networks.composition import Graph
from numeric.checks.checking import Check
from numeric.train import Trained
from reports.document import Document, Prose, Section, Table, parts, spans
from reports.document import Step as DocumentStep
from reports.index import section
from reports.sections.campaign_report import campaign_blocks
from reports.sections.narrate import provenance
from reports.sections.network_table import shape_table
from reports.sections.training_report import error_in_words, gradient_section, result_sections

TITLE = "Gradients, derived and proved"


def overview(
    derived: Sequence[Document], campaign: Mapping[str, Any], graph: Graph, checks: Sequence[Check], trained: Trained
) -> Document:
    """One page from the documents of the operations, a campaign, and a network that was checked and trained."""
    network = (*shape_table(graph).blocks, gradient_section(checks), *result_sections(trained))
    blocks = (
        _in_short(derived, campaign, trained),
        Section(spans("Verified"), campaign_blocks(campaign)),
        Section(spans("LeNet-5, trained on derived gradients"), network),
        Section(spans("The derivations"), tuple(section(d, collapsed=True) for d in derived)),
    )
    subtitle = spans("Every gradient from one line of index notation, with its proof, its kernel and its verdicts")
    return Document(TITLE, blocks, subtitle, provenance())


def _in_short(derived: Sequence[Document], campaign: Mapping[str, Any], trained: Trained) -> Section:
    steps = sum(isinstance(part, DocumentStep) for d in derived for part in parts(d))
    tally = [d.tally() for d in derived]
    failed = sum(t.refuted for t in tally) + campaign["failed"]
    rows: tuple[tuple[str, str], ...] = (
        ("derived", f"{len(derived)} operations in {steps} steps, each by a named law"),
        (
            "checked without a kernel",
            f"{sum(t.holds for t in tally)} claims hold, {sum(t.refuted for t in tally)} refuted",
        ),
        ("kernels verified", f"{campaign['passed']:,} of {campaign['configurations']:,} configurations"),
        ("LeNet-5", error_in_words(trained)),
    )
    said = "Nothing was refuted." if not failed else f"{failed:,} refuted: see below."
    table = Table((spans("what"), spans("outcome")), tuple((spans(a), spans(b)) for a, b in rows))
    return Section(spans("In short"), (table, Prose(spans(said))))
