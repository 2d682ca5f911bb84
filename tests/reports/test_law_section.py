"""What a report agrees with its reader before it derives: only the conventions that the law at hand has."""

from __future__ import annotations

import pytest

import derive
from reports.document import Document
from reports.sections.law_section import law_section
from reports.writers import render

AGREED: dict[str, set[str]] = {
    "relu": set(),
    "conv_transpose2d": {"or at a place that is not a whole number"},
    "max_pool2d": {"Under max over a window only cells in range count"},
    "E = sum[i] X[i]^2": {"The output itself is called E"},
}


@pytest.mark.parametrize("law", AGREED)
def test_a_law_names_the_conventions_that_it_needs_and_no_others(law: str) -> None:
    text = " ".join(render(Document("", (law_section(derive.op(law)),)), "text").split())
    every = {words for own in AGREED.values() for words in own}
    assert {words for words in every if words in text} == AGREED[law]
