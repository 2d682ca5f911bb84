"""`backproof doctor`: what of this machine backproof can use, and which extra would add the rest."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as installed_version
from typing import Annotated, Any

from numeric.training.devices import gpus
from reports.document import Code, Document, Spans, Table, spans
from reports.emit import emit, emit_json
from reports.exits import GOOD, MISSING_TOOL
from reports.options import JSON

SEEN_VERSION = re.compile(r"\d+(?:\.\d+)+")

# What a tool is for, and the names under which it is looked for; the first that is found is told.
TOOLS = (
    ("C++ compiler", "the cpp backend", ("g++", "clang++", "c++"), "install g++, or pip install 'backproof[cpp]'"),
    ("CUDA compiler", "only to build CUDA code of one's own", ("nvcc",), "install the CUDA toolkit"),
    ("Chromium", "PDF from a page", ("chromium", "chromium-browser", "google-chrome"), "install chromium"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for: its version where it is there, and what would bring it where it is not."""

    kind: str
    name: str
    purpose: str
    found: str | None
    remedy: str = ""
    required: bool = False


def run(json: Annotated[str | None, JSON] = None) -> int:
    """Say what backproof finds on this machine, and which extra adds what is missing.

    Exit code 3 where a package that backproof cannot do without is missing.
    """
    findings = [*_packages(), *_devices(), *_tools()]
    if json is None:
        emit(_document(findings), None, None)
    else:
        emit_json({"python": platform.python_version(), "found": [_plain(f) for f in findings]}, json)
    return MISSING_TOOL if any(f.required and f.found is None for f in findings) else GOOD


def _packages() -> Iterator[Finding]:
    """backproof's own requirements, from its metadata: `name>=1.2; extra == "proof"`."""
    yield Finding("package", "backproof", "this command", _version("backproof"), "pip install backproof", True)
    for line in requires("backproof") or ():
        requirement, _, marker = line.partition(";")
        name = re.split(r"[^A-Za-z0-9._-]", requirement.strip())[0]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if extra is None:
            yield Finding("package", name, "required", _version(name), f"pip install '{requirement.strip()}'", True)
        else:
            remedy = f"pip install 'backproof[{extra[1]}]'"
            yield Finding("package", name, f"extra {extra[1]}", _version(name), remedy)


def _version(package: str) -> str | None:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return None


def _devices() -> Iterator[Finding]:
    """Where kernels can run."""
    yield Finding("device", "cpu", "every backend", f"{platform.machine()}, Python {platform.python_version()}")
    names = gpus()
    remedy = "a CUDA GPU and a torch with CUDA"
    yield Finding("device", "cuda", "the torch backend", ", ".join(names) or None, remedy)


def _tools() -> Iterator[Finding]:
    for name, purpose, commands, remedy in TOOLS:
        command = next(filter(None, map(shutil.which, commands)), None)
        yield Finding("tool", name, purpose, command and _told(command), remedy)


def _told(command: str) -> str:
    """The version that a tool tells, or only that it is there."""
    try:
        done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return "found"
    numbers = SEEN_VERSION.findall(done.stdout)
    return str(numbers[-1] if "nvcc" in command else numbers[0]) if numbers else "found"


def _plain(f: Finding) -> dict[str, Any]:
    return {**asdict(f), "remedy": f.remedy if f.found is None else ""}


def _document(findings: list[Finding]) -> Document:
    header = ("", "what", "for", "here", "to add it")
    table = Table(tuple(map(spans, header)), tuple(map(_row, findings)))
    return Document("What backproof finds here", (table,))


def _row(f: Finding) -> tuple[Spans, ...]:
    mark = "✓" if f.found else "✗" if f.required else "·"
    remedy = spans("") if f.found else spans(Code(f.remedy))
    return spans(mark), spans(f.name), spans(f.purpose), spans(f.found or "no"), remedy
