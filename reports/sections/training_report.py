"""The document of a training run: gradients checked beforehand, the curve, what the first layer learned, mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean

import numpy as np

from numeric.checks.checking import Check
from numeric.train import Trained
from numeric.training.run import TrainOptions
from reports.document import Block, Claim, Document, Figure, Prose, Section, Verdict, spans
from reports.figures import confusion_matrix, filters, training_curve
from reports.sections.narrate import provenance
from reports.sections.verdicts import claim

FIRST_FILTERS = "conv1.weight"


def training_report(options: TrainOptions, checks: Iterable[Check], trained: Trained) -> Document:
    """What a run was, what was checked before it, and what came of it."""
    blocks = (gradient_section(checks), *result_sections(trained))
    subtitle = spans(
        f"{options.epochs} epoch{'s' * (options.epochs != 1)}, batch {options.batch}, {options.backend} on"
        f" {options.device}: {error_in_words(trained)}"
    )
    seed = (("seed", str(options.seed)),)
    return Document(f"{options.network} trained on derived gradients", blocks, subtitle, (*provenance(), *seed))


def error_in_words(trained: Trained) -> str:
    """`test error 1.23 % (6 of 500 digits)`."""
    e = trained.evaluation
    return f"test error {100 * e.error:.2f} % ({e.wrong:,} of {e.count:,} digits)"


def gradient_section(checks: Iterable[Check]) -> Section:
    """The verdict on every parameter tensor before training."""
    words = "The gradients of the first batch, derived and by torch's autograd, within computed rounding bounds."
    return Section(spans("Before training"), (Prose(spans(words)), Verdict(tuple(map(_claim, checks)))))


def _claim(c: Check) -> Claim:
    """A gradient's verdict; its configurations are digits."""
    found = spans(f"{c.cases} digits, at most {c.error:.1g} of the bound")
    return replace(claim(c), detail=found) if c else claim(c)


def result_sections(trained: Trained) -> tuple[Section, ...]:
    """The curve, the filters of the first layer and the confusion matrix."""
    sections = [
        _section("Training", training_curve(epoch_losses(trained), trained.test_errors), error_in_words(trained))
    ]
    if FIRST_FILTERS in trained.parameters:
        learned = filters(trained.parameters[FIRST_FILTERS])
        sections.append(_section("Learned filters", learned, f"The entries of {FIRST_FILTERS} after the last step"))
    matrix = confusion_matrix(trained.evaluation.confusion)
    sections.append(_section("What is read as what", matrix, "Rows: the digit; columns: what it was read as"))
    return tuple(sections)


def pictures(trained: Trained) -> dict[str, str]:
    """The pictures of a run by file name."""
    found = {"curve.svg": training_curve(epoch_losses(trained), trained.test_errors)}
    if FIRST_FILTERS in trained.parameters:
        found["filters.svg"] = filters(trained.parameters[FIRST_FILTERS])
    return {**found, "confusion.svg": confusion_matrix(trained.evaluation.confusion)}


def epoch_losses(trained: Trained) -> list[float]:
    """The mean loss of every epoch."""
    return [fmean(part) for part in np.array_split(np.asarray(trained.losses), len(trained.test_errors))]


def _section(title: str, svg: str, caption: str) -> Section:
    block: Block = Figure(svg, title, spans(caption))
    return Section(spans(title), (block,))
