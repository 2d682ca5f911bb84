"""The generated kernel beside the formulas it was printed from."""

from __future__ import annotations

from collections.abc import Sequence

from derive.derivation import Derivation
from derive.errors import BackproofError
from numeric.kernels import kernel
from reports.document import Prose, Section, Source, spans
from reports.law_section import equality
from reports.names import Names

BACKEND = "numpy"


def kernel_section(derivations: Sequence[Derivation]) -> Section:
    """The source that computes these gradients, headed by the formula of the first."""
    first = derivations[0]
    title = spans("The kernel")
    try:
        source = kernel(first.op, backend=BACKEND).source
    except BackproofError as error:
        return Section(title, (Prose(spans(f"No kernel was generated: {error}.")),))
    formula = equality(first.target, first.formula, Names.of(first.op), limits=True)
    caption = spans("Generated from the formulas it opens with; nothing in it was written by hand")
    return Section(title, (Source("python", source, caption, formula),))
