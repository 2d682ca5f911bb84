"""A progress bar on a terminal's stderr; elsewhere nothing, or one line a stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from reports.emit import log


class Advance(Protocol):
    """Called with what is done, of how much, and what to say beside the bar."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def _silent(done: int, total: int, note: str = "") -> None:
    """Where nobody looks."""


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """A bar under `title` that goes when the block ends; without a terminal there is none."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn(), TextColumn("{task.fields[note]}", markup=False))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield advance


@contextmanager
def stage(title: str) -> Iterator[Advance]:
    """A progress bar on a terminal; elsewhere a line that says what has begun."""
    if not sys.stderr.isatty():
        log(title)
    with progress(title) as advance:
        yield advance
