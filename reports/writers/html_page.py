"""The page around a document: head, masthead with the choice of light or dark, contents, provenance."""

from __future__ import annotations

import re

from markupsafe import Markup

from reports.document import Document, Spans, plain
from reports.writers.html_spans import safe, sentence, trusted
from reports.writers.theme import page_style

# Nothing may be fetched and nothing may run: what was forgotten to be escaped would still do no harm.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
)
_CONTENTS_FROM = 3  # sections

_PAGE = Markup("""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="backproof">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body class="bp page">
<a class="skip" href="#content">Skip to the content</a>
<header class="masthead">
<div class="title"><h1>{title}</h1>{subtitle}</div>
<fieldset class="theme"><legend class="sr">Colours</legend>
<label><input type="radio" name="theme" id="theme-auto" checked> Auto</label>
<label><input type="radio" name="theme" id="theme-light"> Light</label>
<label><input type="radio" name="theme" id="theme-dark"> Dark</label>
</fieldset>
</header>
<div class="{layout}">
{contents}
<main id="content">
{content}
</main>
</div>
{footer}
</body>
</html>
""")


class Outline:
    """Collects the headings of a page and gives each section an anchor that no other has."""

    def __init__(self, anchors: bool = True) -> None:
        self.anchors = anchors
        self.headings: list[tuple[int, str, Spans]] = []
        self._taken: set[str] = {"content"}

    def add(self, title: Spans, level: int) -> Markup:
        """The id attribute of a section's element, in reading order."""
        if not self.anchors:
            return Markup()
        words = re.sub(r"[^a-z0-9]+", "-", plain(title).lower()).strip("-")[:60] or "section"
        anchor, count = words, 1
        while anchor in self._taken:
            count += 1
            anchor = f"{words}-{count}"
        self._taken.add(anchor)
        self.headings.append((level, anchor, title))
        return Markup(' id="{}"').format(anchor)


def page(document: Document, content: Markup, outline: Outline) -> str:
    """The whole file."""
    contents = _contents(outline)
    whole = _PAGE.format(
        language=safe(document.language),
        policy=_POLICY,
        title=safe(document.title),
        style=trusted(page_style()),
        subtitle=Markup('<p class="subtitle">{}</p>').format(sentence(document.subtitle)) if document.subtitle else "",
        layout="layout with-contents" if contents else "layout",
        contents=contents,
        content=content,
        footer=_footer(document),
    )
    return str(whole)


def _contents(outline: Outline) -> Markup:
    """The list of sections, two levels deep; pages of few sections need none."""
    top = min((level for level, _, _ in outline.headings), default=0)
    shown = [heading for heading in outline.headings if heading[0] <= top + 1]
    if len(shown) < _CONTENTS_FROM:
        return Markup()
    links = (
        Markup('<li class="level-{}"><a href="#{}">{}</a></li>').format(level - top + 1, anchor, sentence(title))
        for level, anchor, title in shown
    )
    return Markup('<nav aria-label="Contents"><p class="caption">Contents</p><ul>{}</ul></nav>').format(
        Markup("").join(links)
    )


def _footer(document: Document) -> Markup:
    rows = (
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(safe(name), safe(value))
        for name, value in document.provenance
    )
    listed = Markup().join(rows)
    return Markup('<footer><dl class="provenance">{}</dl></footer>').format(listed) if listed else Markup()
