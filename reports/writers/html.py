"""One HTML file that needs nothing else: MathML, fonts and pictures inside, no script; every word is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from reports.document import (
    Callout,
    Claim,
    Definitions,
    Document,
    Entries,
    Entry,
    Equation,
    Figure,
    Items,
    Math,
    Prose,
    Section,
    Source,
    Spans,
    Step,
    StepGroup,
    StepTable,
    Table,
    Tally,
    Verdict,
)
from reports.writers.html_page import Outline, page
from reports.writers.html_spans import display, highlighted, safe, sentence, trusted
from reports.writers.registry import Rendering
from reports.writers.tex import after
from reports.writers.theme import fragment_style

_MARKS = {True: ("holds", "✓", "holds"), False: ("refuted", "✗", "refuted"), None: ("undecided", "–", "undecided")}
_ALIGN = {"l": "left", "c": "center", "r": "right"}


def render(document: Document, stem: str) -> Rendering:
    """The document as one self-contained page."""
    outline = Outline()
    content = _blocks(document.blocks, 2, outline)
    return Rendering(page(document, content, outline))


def fragment(document: Document) -> str:
    """The document as one element for somebody else's page, with its style and without fonts."""
    head = Markup("<h1>{}</h1>{}").format(safe(document.title), _subtitle(document.subtitle))
    content = _blocks(document.blocks, 2, Outline(anchors=False))
    return str(Markup('<div class="bp"><style>{}</style>{}{}</div>').format(trusted(fragment_style()), head, content))


def _subtitle(subtitle: Spans) -> Markup:
    return Markup('<p class="subtitle">{}</p>').format(sentence(subtitle)) if subtitle else Markup()


def _join(pieces: Iterable[Markup]) -> Markup:
    return Markup("\n").join(pieces)


def _blocks(blocks: Iterable[Any], level: int, outline: Outline) -> Markup:
    return _join(_BLOCKS[type(block)](block, level, outline) for block in blocks)


def _section(block: Section, level: int, outline: Outline) -> Markup:
    anchor = outline.add(block.title, level)
    inside = _blocks(block.blocks, level + 1, outline)
    heading = Markup("<h{0}>{1}</h{0}>").format(min(level, 6), sentence(block.title))
    if block.collapsed:
        return Markup("<section{}><details><summary>{}</summary>{}</details></section>").format(anchor, heading, inside)
    return Markup("<section{}>{}{}</section>").format(anchor, heading, inside)


def _prose(block: Prose, level: int, outline: Outline) -> Markup:
    return Markup("<p>{}</p>").format(sentence(block.spans))


def _items(block: Items, level: int, outline: Outline) -> Markup:
    items = Markup().join(Markup("<li>{}</li>").format(sentence(item)) for item in block.items)
    return Markup("<{0}>{1}</{0}>").format("ol" if block.ordered else "ul", items)


def _equation(block: Equation, level: int, outline: Outline) -> Markup:
    return display(block.latex, block.plain, block.label)


def _steps(block: StepTable, level: int, outline: Outline) -> Markup:
    rows, shown = [], ""
    for row in block.rows:
        if isinstance(row, StepGroup):
            rows.append(_group(row, shown))
            shown = row.steps[-1].after.latex
        else:
            rows.append(_step(row, shown))
            shown = row.after.latex
    caption = Markup('<p class="caption">{}</p>').format(sentence(block.caption)) if block.caption else Markup()
    return Markup('<div class="derivation">{}<ol class="steps">{}</ol></div>').format(caption, _join(rows))


def _group(group: StepGroup, shown: str) -> Markup:
    """Several steps behind their title; the line they end on stays in sight."""
    inside = []
    for step in group.steps:
        inside.append(_step(step, shown))
        shown = step.after.latex
    first, last = group.steps[0].number, group.steps[-1].number
    numbers = f"{first}" if first == last else f"{first}–{last}"
    return Markup(
        '<li class="group"><span class="number" aria-hidden="true">{}</span><details{}><summary>'
        '<span class="sr">Steps {}: </span>{}</summary><ol class="steps">{}</ol></details>'
        '<div class="ends">{}</div></li>'
    ).format(
        numbers, Markup("") if group.collapsed else Markup(" open"), numbers, sentence(group.title), _join(inside),
        _line(group.steps[-1].after, "="),
    )  # fmt: skip


def _step(step: Step, shown: str) -> Markup:
    statement = Markup('<span class="statement">{}</span>').format(sentence(step.statement)) if step.statement else ""
    before = Markup() if step.before.latex == shown else _line(step.before, "")
    where = Markup().join(
        Markup("<li><span>{}</span></li>").format(sentence(condition)) for condition in step.conditions
    )
    return Markup(
        '<li class="step"><span class="number"><span class="sr">Step </span>{}</span>'
        '<p class="law"><b>{}</b> {}</p>{}{}{}{}</li>'
    ).format(
        step.number, safe(step.law), statement, before, _line(step.after, "="),
        Markup('<ul class="where">{}</ul>').format(where) if where else "",
        Markup('<p class="aside">{}</p>').format(sentence(step.note)) if step.note else "",
    )  # fmt: skip


def _line(math: Math, relation: str) -> Markup:
    latex = after(relation, math.latex) if relation else math.latex
    return display(latex, f"{relation} {math.plain}", copied=math.latex)


def _table(block: Table, level: int, outline: Outline) -> Markup:
    align = [_ALIGN[letter] for letter in block.align or "l" * len(block.header)]
    head = [
        Markup('<th scope="col" class="{}">{}</th>').format(a, sentence(c))
        for a, c in zip(align, block.header, strict=True)
    ]
    rows = [_row(row, align) for row in block.rows]
    return _grid(block.caption, Markup().join(head), rows, "plain")


def _row(row: Iterable[Spans], align: Iterable[str]) -> Markup:
    cells = (Markup('<td class="{}">{}</td>').format(a, sentence(cell)) for a, cell in zip(align, row, strict=True))
    return Markup("<tr>{}</tr>").format(Markup().join(cells))


def _grid(caption: Spans, head: Markup, rows: Iterable[Markup], kind: str) -> Markup:
    shown = Markup("<caption>{}</caption>").format(sentence(caption)) if caption else ""
    return Markup(
        '<div class="table" tabindex="0" role="group" aria-label="table"><table class="{}">{}'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(kind, shown, head, _join(rows))


def _verdict(block: Verdict, level: int, outline: Outline) -> Markup:
    names = ("Verdict", "Claim", block.place.capitalize(), "Detail")
    head = Markup().join(Markup('<th scope="col">{}</th>').format(safe(name)) for name in names)
    return _grid(block.caption, head, (_claim(row, block.place) for row in block.rows), "verdict")


def _claim(row: Claim, place: str) -> Markup:
    kind, mark, word = _MARKS[row.holds]
    return Markup(
        '<tr class="{}"><td class="word"><span class="mark" aria-hidden="true">{}</span>'
        '<span class="sr">{}: </span>{}</td><th scope="row">{}</th><td{}>{}</td><td>{}</td></tr>'
    ).format(
        kind, mark, word, safe(row.word), sentence(row.claim),
        Markup(' data-head="{}"').format(safe(place)) if row.layer else "", safe(row.layer), sentence(row.detail),
    )  # fmt: skip


def _figure(block: Figure, level: int, outline: Outline) -> Markup:
    caption = Markup("<figcaption>{}</figcaption>").format(sentence(block.caption)) if block.caption else ""
    return Markup('<figure class="picture"><div role="img" aria-label="{}">{}</div>{}</figure>').format(
        safe(block.alt), trusted(block.svg), caption
    )


def _source(block: Source, level: int, outline: Outline) -> Markup:
    caption = Markup("<figcaption>{}</figcaption>").format(sentence(block.caption)) if block.caption else ""
    formula = _equation(block.formula, level, outline) if block.formula else ""
    return Markup(
        '<figure class="source">{}{}<pre tabindex="0" role="group" aria-label="program in {}"><code>{}</code></pre>'
        "</figure>"
    ).format(caption, formula, safe(block.language), highlighted(block.text, block.language))


def _definitions(block: Definitions, level: int, outline: Outline) -> Markup:
    rows = (
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(sentence(row.term), sentence(row.meaning))
        for row in block.rows
    )
    return Markup("<dl>{}</dl>").format(Markup().join(rows))


def _callout(block: Callout, level: int, outline: Outline) -> Markup:
    title = Markup(" · {}").format(sentence(block.title)) if block.title else ""
    return Markup('<aside class="callout {0}"><p class="kind"><b>{1}</b>{2}</p>{3}</aside>').format(
        block.kind, block.kind.capitalize(), title, _blocks(block.blocks, level, outline)
    )


def _entries(block: Entries, level: int, outline: Outline) -> Markup:
    caption = Markup('<p class="caption">{}</p>').format(sentence(block.caption)) if block.caption else ""
    return Markup('{}<ul class="entries">{}</ul>').format(caption, _join(map(_entry, block.rows)))


def _entry(row: Entry) -> Markup:
    counts = Tally(row.holds, row.refuted, row.undecided)
    chips = [
        Markup('<span class="chip {}"><span aria-hidden="true">{}</span> {} {}</span>').format(kind, mark, count, word)
        for count, (kind, mark, _), word in zip(counts, _MARKS.values(), ("hold", "refuted", "undecided"), strict=True)
        if count
    ]
    return Markup('<li><a href="{}">{}</a><p>{}</p><p class="chips">{}</p></li>').format(
        safe(row.link), safe(row.title), sentence(row.summary), Markup().join(chips)
    )


_BLOCKS: dict[type, Callable[[Any, int, Outline], Markup]] = {
    Section: _section,
    Prose: _prose,
    Items: _items,
    Equation: _equation,
    StepTable: _steps,
    Table: _table,
    Verdict: _verdict,
    Figure: _figure,
    Source: _source,
    Definitions: _definitions,
    Callout: _callout,
    Entries: _entries,
}
