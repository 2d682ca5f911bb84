"""The table of formats: the only place that knows which writers exist; each is imported when it is first used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol, cast

from derive.errors import BackproofError


class WriteError(BackproofError):
    """An output that cannot be written as asked: an unknown format, a folder that is not writable."""


class MissingTool(RuntimeError):
    """A package that a format needs is not installed; the text names it and how to get it."""


class Rendering(NamedTuple):
    """A document in one format: its text, and the files that lie beside it as (relative name, text)."""

    text: str
    files: tuple[tuple[str, str], ...] = ()


class Writer(Protocol):
    """What a module of a format offers; `fragment` only where notebooks show that format."""

    def render(self, document: Any, stem: str) -> Rendering:
        """The document as a whole file; `stem` names the files beside it, "" allows none."""

    def fragment(self, document: Any) -> str:
        """The document as a part of somebody else's page."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the name `--format` takes, its suffixes, the module that writes it, the packages that it needs."""

    name: str
    suffixes: tuple[str, ...]
    module: str
    title: str
    packages: tuple[tuple[str, str], ...] = ()  # (module, the package that brings it)

    def writer(self) -> Writer:
        """The writer. Raises: MissingTool where a package it needs is absent."""
        try:
            return cast(Writer, importlib.import_module(self.module))
        except ModuleNotFoundError as error:
            package = dict(self.packages).get((error.name or "").partition(".")[0])
            if package is None:
                raise
            remedy = f"pip install {package}"
            raise MissingTool(f"{self.title} needs the package {package}, which is not installed: {remedy}") from None


FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("text", (".txt",), "reports.writers.text", "plain text"),
        Format("md", (".md", ".markdown"), "reports.writers.markdown", "Markdown"),
        Format(
            "html",
            (".html", ".htm"),
            "reports.writers.html",
            "HTML",
            (("quickjs", "quickjs-ng"), ("markupsafe", "markupsafe"), ("pygments", "pygments")),
        ),
        Format("ipynb", (".ipynb",), "reports.writers.notebook", "a Jupyter notebook", (("nbformat", "nbformat"),)),
        Format("tex", (".tex",), "reports.writers.latex", "LaTeX"),
        Format("json", (".json",), "reports.writers.json_", "the document itself in JSON"),
    )
}


def format_of(path: str | PurePath, name: str | None = None) -> Format:
    """The format called `name`, or the one that the path's suffix stands for.

    Raises: WriteError for a name or suffix that no writer has.
    """
    if name is not None:
        if name not in FORMATS:
            raise WriteError(f"format {name!r} is unknown; choose one of {', '.join(FORMATS)}")
        return FORMATS[name]
    suffix = PurePath(path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.suffixes:
            return form
    known = " ".join(form.suffixes[0] for form in FORMATS.values())
    raise WriteError(f"{str(path)!r}: no format has the suffix {suffix!r}; use one of {known}, or name the format")
