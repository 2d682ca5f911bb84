"""Markdown: formulas between dollar signs, written so that GitHub, Jupyter and pandoc read the same formula."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from reports.document import (
    Callout,
    Claim,
    Code,
    Definitions,
    Document,
    Emphasis,
    Entries,
    Equation,
    Figure,
    Inline,
    Items,
    Link,
    Math,
    Prose,
    Section,
    Source,
    Spans,
    Step,
    StepGroup,
    StepTable,
    Strong,
    Table,
    Verdict,
    plain,
)
from reports.writers.printable import one_line, printable
from reports.writers.registry import Rendering
from reports.writers.tex import after, coloured_focus, in_markdown, tame

_ESCAPED = re.compile(r"([\\`*_{}\[\]|$~#])")
_LINE_START = re.compile(r"^(\d*)([-+=.)])(?![\w.])")  # a list, a rule or an underlining
_TARGET = re.compile(r"[<>\\|\s]")  # what would end a link's address, or the cell that it stands in
_RULES = {"l": ":--", "c": ":-:", "r": "--:"}
_MARKS = {True: "✓", False: "✗", None: "–"}
_FOCUS_COLOUR = "teal"


def render(document: Document, stem: str) -> Rendering:
    """The document as Markdown; its pictures lie in `<stem>_figures/`, or are told in words where stem is ""."""
    pictures = Pictures(f"{stem}_figures/" if stem else "")
    return Rendering(_page(document, pictures), tuple(pictures.files))


def fragment(document: Document) -> str:
    """The document as Markdown, pictures told in words."""
    return render(document, "").text


class Pictures:
    """Numbers the pictures of a document and keeps their texts; without a prefix they are told in words."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.files: list[tuple[str, str]] = []

    def add(self, svg: str) -> str | None:
        """The address of a picture, or None where pictures are told in words."""
        if not self.prefix:
            return None
        self.files.append((f"{self.prefix}figure-{len(self.files) + 1}.svg", svg))
        return self.files[-1][0]


def _page(document: Document, pictures: Pictures) -> str:
    parts = [title(document), blocks(document.blocks, 2, pictures), provenance(document)]
    return "\n\n".join(part for part in parts if part) + "\n"


def title(document: Document) -> str:
    """The document's heading and subtitle."""
    head = f"# {escape(document.title)}"
    return f"{head}\n\n{sentence(document.subtitle)}" if document.subtitle else head


def provenance(document: Document) -> str:
    """Where the document comes from, as a list under a rule; empty where nothing is known."""
    rows = [f"- {escape(name)}: {escape(value)}" for name, value in document.provenance]
    return "\n".join(["---", "", *rows]) if rows else ""


def blocks(content: Iterable[Any], level: int, pictures: Pictures) -> str:
    """The blocks, a blank line between them; headings start at `level`."""
    return "\n\n".join(_BLOCKS[type(block)](block, level, pictures) for block in content)


def heading(section: Section, level: int) -> str:
    """The heading of a section."""
    return f"{'#' * min(level, 6)} {sentence(section.title)}"


def _section(section: Section, level: int, pictures: Pictures) -> str:
    inside = blocks(section.blocks, level + 1, pictures)
    if section.collapsed:
        return _details(plain(section.title), inside)
    return f"{heading(section, level)}\n\n{inside}".rstrip()


def _details(summary: str, inside: str) -> str:
    return f"<details><summary>{_html(summary)}</summary>\n\n{inside}\n\n</details>"


def _prose(block: Prose, level: int, pictures: Pictures) -> str:
    return sentence(block.spans)


def _items(block: Items, level: int, pictures: Pictures) -> str:
    return "\n".join(f"{f'{i}.' if block.ordered else '-'} {sentence(item)}" for i, item in enumerate(block.items, 1))


def _equation(block: Equation, level: int, pictures: Pictures) -> str:
    shown = displayed(block.latex, block.plain)
    return f"{shown}\n\n({escape(block.label)})" if block.label else shown


def displayed(latex: str, words: str, relation: str = "") -> str:
    """A formula on lines of its own, after a relation sign; one that is not tame is shown as plain text."""
    if not tame(latex):
        return _fence(f"{relation} {words}".strip(), "text")
    formula = _math(after(relation, latex) if relation else latex)
    # "{}" keeps a leading sign or digit from being read as a list or a heading
    return f"$$\n{formula if formula[0] in chr(92) + '{' or formula[0].isalpha() else '{}' + formula}\n$$"


def _steps(block: StepTable, level: int, pictures: Pictures) -> str:
    parts = [sentence(block.caption)] if block.caption else []
    shown = ""
    for row in block.rows:
        steps = row.steps if isinstance(row, StepGroup) else (row,)
        lines = []
        for step in steps:
            lines.append(_step(step, continues=step.before.latex == shown))
            shown = step.after.latex
        if isinstance(row, StepGroup) and row.collapsed:
            last = steps[-1].after
            parts += [_details(plain(row.title), "\n\n".join(lines)), displayed(last.latex, last.plain, "=")]
        else:
            parts += [f"*{escape(plain(row.title))}*", *lines] if isinstance(row, StepGroup) else lines
    return "\n\n".join(parts)


def _step(step: Step, continues: bool) -> str:
    statement = f": {sentence(step.statement)}" if step.statement else ""
    parts = [f"**Step {step.number}. {escape(step.law)}**{statement}"]
    if not continues:
        parts.append(displayed(step.before.latex, step.before.plain))
    parts.append(displayed(step.after.latex, step.after.plain, "="))
    if step.conditions:
        parts.append("\n".join(f"- where {sentence(condition)}" for condition in step.conditions))
    return "\n\n".join(parts + ([sentence(step.note)] if step.note else []))


def _table(block: Table, level: int, pictures: Pictures) -> str:
    rows = [[sentence(cell) for cell in row] for row in block.rows]
    return _captioned(_grid([sentence(cell) for cell in block.header], rows, block.align), block.caption)


def _verdict(block: Verdict, level: int, pictures: Pictures) -> str:
    rows = [_claim(row) for row in block.rows]
    return _captioned(_grid(["", "claim", escape(block.place), "verdict", "detail"], rows, "cllll"), block.caption)


def _claim(row: Claim) -> list[str]:
    return [_MARKS[row.holds], sentence(row.claim), escape(row.layer), escape(row.word), sentence(row.detail)]


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    rule = [_RULES[letter] for letter in align or "l" * len(header)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def _figure(block: Figure, level: int, pictures: Pictures) -> str:
    address = pictures.add(block.svg)
    shown = f"![{escape(block.alt)}]({address})" if address else f"*Figure: {escape(block.alt)}*"
    return _captioned(shown, block.caption)


def _source(block: Source, level: int, pictures: Pictures) -> str:
    parts = [sentence(block.caption)] if block.caption else []
    if block.formula:
        parts.append(_equation(block.formula, level, pictures))
    return "\n\n".join([*parts, _fence(block.text, block.language)])


def _fence(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^A-Za-z0-9+-]', '', language)}\n{printable(text).rstrip()}\n{fence}"


def _definitions(block: Definitions, level: int, pictures: Pictures) -> str:
    return "\n".join(f"- {sentence(row.term)}: {sentence(row.meaning)}" for row in block.rows)


def _callout(block: Callout, level: int, pictures: Pictures) -> str:
    kind = block.kind.capitalize()
    head = f"**{kind}:** {sentence(block.title)}" if block.title else f"**{kind}**"
    inside = f"{head}\n\n{blocks(block.blocks, level, pictures)}"
    return "\n".join(f"> {line}".rstrip() for line in inside.splitlines())


def _entries(block: Entries, level: int, pictures: Pictures) -> str:
    lines = [sentence(block.caption), ""] if block.caption else []
    for row in block.rows:
        counts = {"hold": row.holds, "refuted": row.refuted, "undecided": row.undecided}
        said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        summary = f": {sentence(row.summary)}" if row.summary else ""
        lines.append(f"- {_span(Link(row.title, row.link))}{summary}{f' ({said})' if said else ''}")
    return "\n".join(lines)


def _captioned(shown: str, caption: Spans) -> str:
    return f"{shown}\n\n{sentence(caption)}" if caption else shown


def sentence(text: Spans) -> str:
    """A sentence on one line."""
    return _LINE_START.sub(r"\1\\\2", "".join(map(_span, text)).strip())


def _span(span: Inline) -> str:
    match span:
        case Math():
            return f"${_math(span.latex)}$" if tame(span.latex) else _code(span.plain)
        case Code():
            return _code(span.text)
        case Emphasis():
            return f"*{escape(span.text).strip()}*"
        case Strong():
            return f"**{escape(span.text).strip()}**"
        case Link():
            return f"[{escape(span.text)}](<{_TARGET.sub('', printable(span.target))}>)"
        case _:
            return escape(span.text)


def _math(latex: str) -> str:
    return in_markdown(coloured_focus(latex, _FOCUS_COLOUR))


def _code(text: str) -> str:
    """Code in backticks, more of them than it holds; a bar would end a table's cell, so it is written as an entity."""
    words = one_line(text).strip()
    if "|" in words:
        return f"<code>{escape(words)}</code>"
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", words)), default=0))
    return f"{ticks} {words} {ticks}" if "`" in words else f"{ticks}{words}{ticks}"


def escape(text: str) -> str:
    """Words that mean themselves: every sign that Markdown or HTML would read is escaped."""
    return _ESCAPED.sub(r"\\\1", _html(text))


def _html(text: str) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_BLOCKS: dict[type, Callable[[Any, int, Pictures], str]] = {
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
