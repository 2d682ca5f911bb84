"""LaTeX: an article for pdflatex or lualatex, and the fragment that notebooks put into their own."""

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
)
from reports.writers.printable import one_line, printable
from reports.writers.registry import Rendering
from reports.writers.tex import after, coloured_focus, tame

_PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage{amsmath,amssymb,graphicx,tabularx,xcolor}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}\setlength{\parskip}{6pt plus 2pt}
\newsavebox{\wholeline}
% a line wider than the page shrinks to its width
\newcommand{\fitted}[1]{\sbox{\wholeline}{$\displaystyle #1$}%
  \ifdim\wd\wholeline>0.95\linewidth\resizebox{0.95\linewidth}{!}{\usebox{\wholeline}}\else\usebox{\wholeline}\fi}
"""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two of them would be a dash
    "[": "{[}",  # after a line's end it would be a distance
    "]": "{]}",
    "*": "{*}",
    "✓": r"\ensuremath{\checkmark}",
    "✗": r"\ensuremath{\times}",
    "×": r"\ensuremath{\times}",
    "·": r"\ensuremath{\cdot}",
    "∂": r"\ensuremath{\partial}",
    "∑": r"\ensuremath{\sum}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "≠": r"\ensuremath{\ne}",
    "→": r"\ensuremath{\to}",
    "−": r"\ensuremath{-}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
    "\N{NO-BREAK SPACE}": "~",
}
_SECTIONS = ("section", "subsection", "subsubsection", "paragraph")
_MARKS = {True: "✓", False: "✗", None: "–"}
_FOCUS_COLOUR = "teal"


def render(document: Document, stem: str) -> Rendering:
    """The document as an article; pictures are told in words."""
    head = f"\\title{{{escape(document.title)}}}\n\\author{{}}\\date{{}}\n"
    return Rendering(f"{_PREAMBLE}{head}\\begin{{document}}\n\\maketitle\n{_body(document)}\n\\end{{document}}\n")


def fragment(document: Document) -> str:
    """The document without a preamble."""
    return f"\\section*{{{escape(document.title)}}}\n{_body(document)}\n"


def _body(document: Document) -> str:
    parts = [rf"\emph{{{_sentence(document.subtitle)}}}"] if document.subtitle else []
    parts.append(_blocks(document.blocks, 0))
    rows = [rf"{escape(name)}: {escape(value)}\\" for name, value in document.provenance]
    return "\n\n".join([*parts, "\\bigskip{\\small\n" + "\n".join(rows) + "\n}"] if rows else parts)


def _blocks(blocks: Iterable[Any], level: int) -> str:
    return "\n\n".join(_BLOCKS[type(block)](block, level) for block in blocks)


def _section(block: Section, level: int) -> str:
    return f"\\{_SECTIONS[min(level, 3)]}*{{{_sentence(block.title)}}}\n{_blocks(block.blocks, level + 1)}"


def _prose(block: Prose, level: int) -> str:
    return _sentence(block.spans)


def _items(block: Items, level: int) -> str:
    return _list("enumerate" if block.ordered else "itemize", map(_sentence, block.items))


def _list(kind: str, items: Iterable[str]) -> str:
    return "\n".join([rf"\begin{{{kind}}}", *(rf"\item {{}}{item}" for item in items), rf"\end{{{kind}}}"])


def _equation(block: Equation, level: int) -> str:
    return _displayed(block.latex, block.plain, "", rf"\tag{{{escape(block.label)}}}" if block.label else "")


def _displayed(latex: str, words: str, relation: str = "", tag: str = "") -> str:
    if not tame(latex):
        return _typed(f"{relation} {words}".strip())
    whole = after(relation, latex) if relation else latex.strip()
    return f"\\[\\fitted{{{coloured_focus(whole, _FOCUS_COLOUR)}}}{tag}\\]"


def _steps(block: StepTable, level: int) -> str:
    parts = [_sentence(block.caption)] if block.caption else []
    shown = ""
    for row in block.rows:
        if isinstance(row, StepGroup):
            parts.append(rf"\textit{{{_sentence(row.title)}}}")
        for step in row.steps if isinstance(row, StepGroup) else (row,):
            parts.append(_step(step, continues=step.before.latex == shown))
            shown = step.after.latex
    return "\n\n".join(parts)


def _step(step: Step, continues: bool) -> str:
    statement = f": {_sentence(step.statement)}" if step.statement else ""
    parts = [rf"\textbf{{Step {step.number}. {escape(step.law)}}}{statement}"]
    if not continues:
        parts.append(_displayed(step.before.latex, step.before.plain))
    parts.append(_displayed(step.after.latex, step.after.plain, "="))
    if step.conditions:
        parts.append(_list("itemize", (f"where {_sentence(condition)}" for condition in step.conditions)))
    return "\n".join(parts + ([_sentence(step.note)] if step.note else []))


def _table(block: Table, level: int) -> str:
    rows = [[_sentence(cell) for cell in row] for row in block.rows]
    columns = block.align or "l" * len(block.header)
    return _captioned(_grid("tabular", "", columns, map(_sentence, block.header), rows), block.caption)


def _verdict(block: Verdict, level: int) -> str:
    rows = [_claim(row) for row in block.rows]
    names = ("", "claim", escape(block.place), "verdict", "detail")
    return _captioned(_grid("tabularx", r"{\linewidth}", "lXllX", names, rows), block.caption)


def _claim(row: Claim) -> list[str]:
    words = (
        escape(_MARKS[row.holds]),
        _sentence(row.claim),
        escape(row.layer),
        escape(row.word),
        _sentence(row.detail),
    )
    return list(words)


def _grid(kind: str, width: str, columns: str, header: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [" & ".join(row) + r" \\" for row in (list(header), *rows)]
    inside = "\n".join([lines[0], r"\hline", *lines[1:]])
    return f"\\begin{{{kind}}}{width}{{{columns}}}\n{inside}\n\\end{{{kind}}}"


def _figure(block: Figure, level: int) -> str:
    told = rf"\fbox{{\parbox{{0.9\linewidth}}{{\small Figure: {escape(block.alt)}}}}}"
    return _captioned(told, block.caption)


def _source(block: Source, level: int) -> str:
    parts = [_sentence(block.caption)] if block.caption else []
    if block.formula:
        parts.append(_equation(block.formula, level))
    return "\n\n".join([*parts, _typed(block.text)])


def _typed(text: str) -> str:
    """Program text, line by line; no verbatim environment, for its text could end it."""
    lines = (rf"\mbox{{}}{_typed_line(line)}" for line in printable(text).rstrip().split("\n"))
    return "{\\small\\ttfamily\\raggedright\n" + "\\\\\n".join(lines) + "\\par}"


def _typed_line(line: str) -> str:
    return "".join("~" if sign == " " else escape(sign) for sign in line.expandtabs(4))


def _definitions(block: Definitions, level: int) -> str:
    rows = (rf"\item[{{{_sentence(row.term)}}}] {_sentence(row.meaning)}" for row in block.rows)
    return "\n".join([r"\begin{description}", *rows, r"\end{description}"])


def _callout(block: Callout, level: int) -> str:
    title = f": {_sentence(block.title)}" if block.title else ""
    inside = f"\\textbf{{{block.kind.capitalize()}{title}}}\n\n{_blocks(block.blocks, level)}"
    return f"\\begin{{quote}}\n{inside}\n\\end{{quote}}"


def _entries(block: Entries, level: int) -> str:
    rows = (f"{escape(row.title)}{f': {_sentence(row.summary)}' if row.summary else ''}" for row in block.rows)
    return _captioned(_list("itemize", rows), block.caption)


def _captioned(shown: str, caption: Spans) -> str:
    return f"{shown}\n\n{{\\small {_sentence(caption)}}}" if caption else shown


def _sentence(text: Spans) -> str:
    return "".join(map(_span, text)).strip()


def _span(span: Inline) -> str:
    match span:
        case Math() if tame(span.latex):
            return f"${coloured_focus(span.latex.strip(), _FOCUS_COLOUR)}$"
        case Math():
            return rf"\texttt{{{escape(span.plain)}}}"
        case Code():
            return rf"\texttt{{{escape(span.text)}}}"
        case Emphasis():
            return rf"\emph{{{escape(span.text)}}}"
        case Strong():
            return rf"\textbf{{{escape(span.text)}}}"
        case Link() if re.match(r"https?://|mailto:", span.target):
            return rf"\href{{{_address(span.target)}}}{{{escape(span.text)}}}"
        case _:
            return escape(span.text)


def _address(target: str) -> str:
    """A link's address: what is not plain in an address is written in its percent form, escaped for TeX."""
    return re.sub(
        r"[^A-Za-z0-9:/?=.,;@+-]",
        lambda m: "".join(rf"\%{byte:02X}" for byte in m[0].encode("utf-8", "replace")),
        target,
    )


def escape(text: str) -> str:
    """Words that mean themselves; a sign that pdflatex has no letter for is named by its code point."""
    return "".join(_ESCAPES.get(sign) or _letter(sign) for sign in one_line(text))


def _letter(sign: str) -> str:
    return sign if sign <= "\N{LATIN SMALL LETTER Y WITH DIAERESIS}" else f"[U+{ord(sign):04X}]"


_BLOCKS: dict[type, Callable[[Any, int], str]] = {
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
