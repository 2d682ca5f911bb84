"""What makes pages readable: contrast on both grounds, one style for pages and notebooks, indexes, display."""

import math
import re
import sys
from typing import Any

import pytest

from reports.display import Shown
from reports.document import Document, Entries, Section, parts, spans
from reports.index import entry, index
from reports.palette import PALETTE
from reports.writers import render
from reports.writers.theme import fragment_style, page_style
from tests.reports.specimen import specimen

TEXT = ["ink", "muted", "accent", "good", "bad", "open", "code-word", "code-text", "code-number", "code-name"]


def contrast(one: str, two: str) -> float:
    """The ratio of the Web Content Accessibility Guidelines between two "#rrggbb"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_21_between_black_and_white_and_1_between_equals() -> None:
    assert abs(contrast("#000000", "#ffffff") - 21) <= 8 * math.ulp(21)  # of eight rounded operations
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("role", TEXT)
@pytest.mark.parametrize("ground", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_every_ground(role: str, ground: int) -> None:
    for behind in ("paper", "card") + (("accent-soft", "focus") if role in ("ink", "accent") else ()):
        assert contrast(PALETTE[role][ground], PALETTE[behind][ground]) >= 4.5, behind


def test_every_colour_of_the_style_is_a_role() -> None:
    for style in (page_style(), fragment_style()):
        rules = re.sub(r'url\("data:[^"]*"\)', "", style)
        assert set(re.findall(r"var\(--([\w-]+)", rules)) - set(PALETTE) <= {"sans", "mono", "em"}
        assert rules.count("{") == rules.count("}")


def test_a_fragment_changes_nothing_outside_itself() -> None:
    selectors = re.findall(r"(?:^|[}\n])([^{}@]+)\{", re.sub(r"/\*.*?\*/", "", fragment_style(), flags=re.DOTALL))
    assert selectors
    assert [s for s in selectors if not all(".bp" in one for one in _split(s))] == []


def _split(selector: str) -> list[str]:
    return re.split(r",(?![^(]*\))", selector.strip())


def test_an_index_leads_to_documents_and_tells_their_tallies() -> None:
    made = index("Gallery", [entry(specimen(), "conv2d.html")], [Document("Training", (), ())], spans("all"))
    (row,) = next(part for part in parts(made) if isinstance(part, Entries)).rows
    assert (row.title, row.link, row.holds, row.refuted, row.undecided) == (specimen().title, "conv2d.html", 2, 1, 1)
    assert [block.title for block in made.blocks if isinstance(block, Section)] == [
        spans("Contents"),
        spans("Training"),
    ]
    page = render(made, "html")
    assert '<a href="conv2d.html">' in page
    assert "2 hold<" in page


def test_a_page_of_many_sections_lists_them_and_every_entry_leads_to_one() -> None:
    page = render(specimen(), "html")
    targets = re.findall(r'<li class="level-\d"><a href="#([^"]+)"', page)
    assert len(targets) > 3
    ids = re.findall(r' id="([^"]+)"', page)
    assert set(targets) <= set(ids)
    assert len(ids) == len(set(ids))


def test_sections_of_one_name_have_anchors_of_their_own() -> None:
    page = render(Document("t", tuple(Section(spans("content"), ()) for _ in range(3))), "html")
    assert re.findall(r'<section id="([^"]+)"', page) == ["content-2", "content-3", "content-4"]


# Notebooks


class Answer(Shown):
    """Anything that can tell itself as a document."""

    def document(self) -> Document:
        return specimen()


def test_a_document_shows_itself_in_each_type_that_frontends_ask_for() -> None:
    bundle = Answer()._repr_mimebundle_()
    assert list(bundle) == ["text/plain", "text/markdown", "text/latex", "text/html"]
    assert bundle["text/html"].startswith('<div class="bp"><style>')
    assert " id=" not in re.sub(r"<style>.*?</style>", "", bundle["text/html"], flags=re.DOTALL)
    assert bundle["text/latex"].startswith(r"\section*{")
    assert bundle["text/plain"] == render(specimen(), "text")
    assert bundle == specimen()._repr_mimebundle_()


@pytest.mark.parametrize(
    ("wish", "types"),
    [
        ({"include": ["text/plain"]}, ["text/plain"]),
        ({"exclude": ["text/html", "text/latex"]}, ["text/plain", "text/markdown"]),
    ],
)
def test_a_frontend_chooses_the_types(wish: dict[str, Any], types: list[str]) -> None:
    assert list(specimen()._repr_mimebundle_(**wish)) == types


def test_without_its_package_a_type_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("html", "html_page", "html_spans", "mathml"):
        monkeypatch.delitem(sys.modules, f"reports.writers.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "quickjs", None)
    assert list(specimen()._repr_mimebundle_()) == ["text/plain", "text/markdown", "text/latex"]
