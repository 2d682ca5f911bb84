"""From a document to bytes on a disk: whole or not at all, and the same bytes every time."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from reports.document import Document
from reports.writers.registry import FORMATS, WriteError, format_of


def render(document: Document, format: str = "text") -> str:
    """The document in one format, as text; pictures that would need files of their own are told in words.

    Raises: WriteError for an unknown format; MissingTool where the format needs a package that is absent.
    """
    return format_of("", format).writer().render(document, "").text


def write(document: Document, path: str | os.PathLike[str], format: str | None = None) -> Path:
    """Write the document to `path`, in the format of its suffix or the one named; missing folders are made.

    Pictures of formats that cannot hold them go to `<stem>_figures/` beside the file.

    Raises: WriteError for an unknown format or a place that cannot be written; MissingTool.
    """
    target = Path(path)
    rendering = format_of(target, format).writer().render(document, target.stem)
    write_files(target.parent, (*rendering.files, (target.name, rendering.text)))
    return target


def write_files(folder: str | os.PathLike[str], files: Iterable[tuple[str, str]]) -> None:
    """Write each (relative name, text) into the folder, in order, each one atomically.

    Raises: WriteError where a file or folder cannot be written.
    """
    for name, text in files:
        path = Path(folder, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, text.encode())
        except OSError as error:
            raise WriteError(
                f"{str(path)!r} cannot be written: {error.strerror or error}; give another place"
            ) from None


def _replace(path: Path, data: bytes) -> None:
    """Put `data` at `path` by way of a new file in the same folder, so that no reader ever sees half of it."""
    target = Path(os.path.realpath(path))  # a link keeps pointing where it points
    mode = target.stat().st_mode if target.exists() else stat.S_IFREG
    if stat.S_ISCHR(mode) or stat.S_ISFIFO(mode):  # such as /dev/null: nothing can be put in its place
        target.write_bytes(data)
        return
    if not stat.S_ISREG(mode):
        raise OSError(f"it is not a file ({'a folder' if target.is_dir() else 'a device'})")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


__all__ = ["FORMATS", "render", "write", "write_files"]
