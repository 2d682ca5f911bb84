"""A progress bar on a terminal's stderr; elsewhere nothing, or one line a stage."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reports.emit import log

Advance = Callable[[int, int, str], None]
"""Called with what is done, of how much, and what to say beside the bar."""


@contextmanager
def progress(title: str) -> Iterator[Advance]:
    """A bar under `title` that goes when the block ends; without a terminal there is none."""
    if not sys.stderr.isatty():
        yield lambda done, total, note="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(),
               TimeRemainingColumn(), TextColumn("{task.fields[note]}", markup=False))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(Text(title).plain, total=None, note="")

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
