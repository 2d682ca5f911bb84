"""Plain text for a terminal: formulas by their plain-text field, tables by blanks, nothing a terminal would obey."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest
from typing import Any

from reports.document import (
    Callout,
    Claim,
    Code,
    Definitions,
    Document,
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
    Table,
    Verdict,
)
from reports.writers.printable import one_line, printable
from reports.writers.registry import Rendering

WIDTH = 96
_width: ContextVar[int] = ContextVar("width", default=WIDTH)
_NARROWEST = 12  # of a wrapped column
_NO_BREAK = "\N{NO-BREAK SPACE}"
_UNDERLINES = "=-~"
_MARKS = {True: "✓", False: "✗", None: "·"}


@contextmanager
def narrowed(columns: int) -> Iterator[None]:
    """Lines of at most this many columns inside, where that is less than WIDTH: what a narrow terminal shows."""
    before = _width.set(min(WIDTH, max(columns, 3 * _NARROWEST)))
    try:
        yield
    finally:
        _width.reset(before)


def render(document: Document, stem: str) -> Rendering:
    """The document as plain text."""
    return Rendering(fragment(document))


def fragment(document: Document) -> str:
    """The document as plain text."""
    lines = _heading(one_line(document.title), 0)
    if document.subtitle:
        lines += ["", *_wrap(document.subtitle)]
    lines += _blocks(document.blocks, 1)
    if document.provenance:
        lines += ["", *(f"{one_line(name)}: {one_line(value)}" for name, value in document.provenance)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _blocks(blocks: Iterable[Any], level: int) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        lines += ["", *_BLOCKS[type(block)](block, level)]
    return lines


def _section(section: Section, level: int) -> list[str]:
    return [*_heading(_words(section.title), level), *_blocks(section.blocks, level + 1)]


def _heading(title: str, level: int) -> list[str]:
    return [title, _UNDERLINES[min(level, 2)] * _columns(title)]


def _prose(block: Prose, level: int) -> list[str]:
    return _wrap(block.spans)


def _items(block: Items, level: int) -> list[str]:
    lines = []
    for number, item in enumerate(block.items, 1):
        mark = f"{number}. " if block.ordered else "- "
        lines += _wrap(item, mark, " " * len(mark))
    return lines


def _equation(block: Equation, level: int) -> list[str]:
    lines = _indent(printable(block.plain).splitlines())
    if block.label:
        lines[-1] += f"    ({one_line(block.label)})"
    return lines


def _steps(block: StepTable, level: int) -> list[str]:
    lines = _caption(block.caption)
    shown = ""
    for row in block.rows:
        steps = row.steps if isinstance(row, StepGroup) else (row,)
        if isinstance(row, StepGroup):
            lines += ["", f"-- {_words(row.title)} --"]
        for step in steps:
            lines += ["", *_step(step, continues=step.before.plain == shown)]
            shown = step.after.plain
    return lines[1:] if lines[:1] == [""] else lines


def _step(step: Step, continues: bool) -> list[str]:
    head = f"{step.number:>3}. {one_line(step.law)}"
    lines = _wrap(step.statement, f"{head}: ", " " * 5) if step.statement else [head]
    if not continues:
        lines += _formula(step.before, "       ")
    lines += _formula(step.after, "     = ")
    for condition in step.conditions:
        lines += _wrap(condition, "       where ", " " * 13)
    return lines + (_wrap(step.note, "       ", "       ") if step.note else [])


def _formula(math: Math, prefix: str) -> list[str]:
    first, *rest = printable(math.plain).splitlines() or [""]
    return [prefix + first, *(" " * len(prefix) + line for line in rest)]


def _table(block: Table, level: int) -> list[str]:
    rows = [[_words(cell) for cell in row] for row in block.rows]
    return _caption(block.caption) + _grid([_words(cell) for cell in block.header], rows, block.align)


def _verdict(block: Verdict, level: int) -> list[str]:
    rows = [_claim(row) for row in block.rows]
    return _caption(block.caption) + _grid(["", "claim", one_line(block.place), "verdict", "detail"], rows, "lllll")


def _claim(row: Claim) -> list[str]:
    return [_MARKS[row.holds], _words(row.claim), one_line(row.layer), one_line(row.word), _words(row.detail)]


def _figure(block: Figure, level: int) -> list[str]:
    return [*_wrap_text(f"[figure: {one_line(block.alt)}]"), *_caption(block.caption)]


def _source(block: Source, level: int) -> list[str]:
    lines = _caption(block.caption)
    if block.formula:
        lines += [*_equation(block.formula, level), ""]
    return lines + _indent(printable(block.text).splitlines())


def _definitions(block: Definitions, level: int) -> list[str]:
    lines = []
    for row in block.rows:
        lines += _wrap(row.meaning, f"{_words(row.term)}: ", "    ")
    return lines


def _callout(block: Callout, level: int) -> list[str]:
    lines = [*_wrap(block.title, f"{block.kind.upper()}: "), *_blocks(block.blocks, level)]
    return [f"| {line}" for line in lines]


def _entries(block: Entries, level: int) -> list[str]:
    lines = _caption(block.caption)
    for row in block.rows:
        counts = {"hold": row.holds, "refuted": row.refuted, "undecided": row.undecided}
        said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        lines.append(f"- {one_line(row.title)} ({one_line(row.link)}){f': {said}' if said else ''}")
        lines += _wrap(row.summary, "  ", "  ") if row.summary else []
    return lines


def _caption(caption: Spans) -> list[str]:
    return _wrap(caption) if caption else []


def _grid(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> list[str]:
    """Columns as wide as their widest cell, a rule under the header; cells of a table that is too wide are wrapped."""
    widths = [max(_columns(row[i]) for row in (header, *rows)) for i in range(len(header))]
    while sum(widths) + 2 * len(widths) > _width.get() and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [textwrap.wrap(cell, max(width, 1)) or [""] for cell, width in zip(row, widths, strict=True)]
        for texts in zip_longest(*cells, fillvalue=""):
            lines.append("  ".join(map(_pad, texts, widths, align or "l" * len(widths))))
    return lines


def _pad(cell: str, width: int, align: str) -> str:
    space = width - _columns(cell)
    left = {"l": 0, "c": space // 2, "r": space}[align]
    return " " * left + cell + " " * (space - left)


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _words(text: Spans) -> str:
    return "".join(map(_span, text)).strip()


def _span(span: Inline) -> str:
    match span:
        case Math():
            return one_line(span.plain)
        case Code():
            return f"`{one_line(span.text)}`"
        case Link():
            return f"{one_line(span.text)} ({one_line(span.target)})"
        case _:
            return one_line(span.text)


def _wrap(text: Spans, first: str = "", rest: str = "") -> list[str]:
    """The sentence in lines of at most WIDTH; no line breaks inside a formula or a piece of code."""
    kept = "".join(_span(s).replace(" ", _NO_BREAK) if isinstance(s, Math | Code) else _span(s) for s in text)
    return _wrap_text(kept, first, rest)


def _wrap_text(text: str, first: str = "", rest: str = "") -> list[str]:
    wrapper = textwrap.TextWrapper(
        _width.get(), initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    lines = wrapper.wrap(text.strip())
    return [line.replace(_NO_BREAK, " ") for line in lines] or [first.rstrip()]


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines] or [""]


_BLOCKS: dict[type, Callable[[Any, int], list[str]]] = {
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
