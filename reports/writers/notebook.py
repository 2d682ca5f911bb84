"""A Jupyter notebook (nbformat 4.5): Markdown cells, code cells for runnable sources, the same ids every time."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import nbformat
from nbformat import v4

from reports.document import Document, Section, Source
from reports.writers import markdown
from reports.writers.printable import printable
from reports.writers.registry import Rendering, WriteError

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_ID = re.compile(r"[a-zA-Z0-9-_]{1,64}")
_ATTACHMENT = "attachment:"


def render(document: Document, stem: str) -> Rendering:
    """The document as a valid notebook; pictures travel inside it as attachments."""
    pages = [_markdown(markdown.title(document), ())]
    pages += _cells(document.blocks, 2)
    if document.provenance:
        pages.append(_markdown(markdown.provenance(document), ()))
    for number, cell in enumerate(pages, 1):
        cell.id = f"s{number:02}-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
    notebook = v4.new_notebook(cells=pages, metadata={"kernelspec": dict(_KERNEL), "title": printable(document.title)})
    check(notebook)
    return Rendering(nbformat.writes(notebook) + "\n")


def check(notebook: Any) -> None:
    """Raise WriteError for a notebook that is invalid, or whose ids a reader would silently rename."""
    ids = [cell.get("id", "") for cell in notebook.cells]
    if len(set(ids)) != len(ids) or not all(_ID.fullmatch(i) for i in ids):
        raise WriteError("the notebook's cells need distinct ids of letters, digits, - and _")
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise WriteError(f"the notebook is not valid nbformat 4.5: {error.message}") from None


def _cells(content: Iterable[Any], level: int) -> Iterator[Any]:
    """A cell for each block; sections are opened up, so that their code becomes cells of its own."""
    for block in content:
        if isinstance(block, Section):
            yield _markdown(markdown.heading(block, level), ())
            yield from _cells(block.blocks, level + 1)
        elif isinstance(block, Source) and block.runnable:
            yield from _about(block, level)
            yield v4.new_code_cell(printable(block.text).rstrip("\n"), id="new")
        else:
            yield _block(block, level)


def _about(source: Source, level: int) -> Iterator[Any]:
    """What stands above a code cell: its caption and the formula it comes from."""
    if source.caption:
        yield _markdown(markdown.sentence(source.caption), ())
    if source.formula:
        yield _block(source.formula, level)


def _block(block: Any, level: int) -> Any:
    pictures = markdown.Pictures(_ATTACHMENT)
    return _markdown(markdown.blocks((block,), level, pictures), pictures.files)


def _markdown(text: str, pictures: Iterable[tuple[str, str]]) -> Any:
    cell = v4.new_markdown_cell(text, id="new")
    attached = {name.removeprefix(_ATTACHMENT): {"image/svg+xml": svg} for name, svg in pictures}
    if attached:
        cell.attachments = attached
    return cell
