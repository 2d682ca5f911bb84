"""Where a command's result goes: to stdout, or whole into a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from reports.document import Document
from reports.exits import UsageError
from reports.writers.output import render, write, write_files
from reports.writers.registry import WriteError, format_of
from reports.writers.text import narrowed

STDOUT = "-"


def say(text: str) -> None:
    """Put text on stdout. Raises: WriteError where stdout cannot be written; BrokenPipeError."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise WriteError(f"standard output cannot be written: {error.strerror}") from None


def log(text: str) -> None:
    """Put a line for people on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def refuse_unwritable(*targets: str | Path | None) -> None:
    """Before long work: whether its results can be written where they are to go. Raises: WriteError where not."""
    for target in targets:
        if target is not None and str(target) != STDOUT:
            place = Path(target).absolute()
            above = next(p for p in place.parents if p.exists())
            if not above.is_dir():
                raise WriteError(f"'{target}' cannot be written: {above} is a file; give another place")
            if not os.access(above, os.W_OK | os.X_OK):
                raise WriteError(f"'{target}' cannot be written: {above} is not writable; give another place")


def refuse_mixed(**targets: str | Path | None) -> None:
    """Before long work: whether stdout is asked for by one result alone. Raises: UsageError where by several."""
    asked = [f"--{name}" for name, target in targets.items() if target is not None and str(target) == STDOUT]
    if len(asked) > 1:
        raise UsageError(f"got - for {' and '.join(asked)}, expected - for one of them; give the others files")


def emit(document: Document, form: str | None, output: Path | None) -> None:
    """A document in a format: on stdout, or in the file `output`, whose suffix says the format unless it is given.

    Raises: WriteError for an unknown format or a place that cannot be written; MissingTool.
    """
    if output is None:
        with narrowed(get_terminal_size().columns) if sys.stdout.isatty() else nullcontext():
            say(render(document, form or "text"))
    else:
        format_of(output, form)
        log(f"wrote {write(document, output, form)}")


def emit_text(text: str, output: Path | None) -> None:
    """A text on stdout or in a file. Raises: WriteError."""
    if output is None or str(output) == STDOUT:
        say(text)
    else:
        write_files(output.parent, ((output.name, text),))
        log(f"wrote {output}")


def emit_json(data: Any, target: str | Path) -> None:
    """Plain data as JSON on stdout (`-`) or in a file. Raises: WriteError."""
    emit_text(json.dumps(data, indent=1, allow_nan=False) + "\n", Path(target))


def write_all(folder: Path, files: Mapping[str, str]) -> None:
    """Texts by file name into a folder, in order, each whole. Raises: WriteError."""
    write_files(folder, files.items())
    log(f"wrote {', '.join(str(folder / name) for name in files)}")
