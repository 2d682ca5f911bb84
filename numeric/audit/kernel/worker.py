"""The process in which a user's kernel runs: it imports it, calls it as it is told, and answers with plain arrays."""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

from numeric.audit.kernel.subjects import Refused, Subject, Unfit, subject_of, where
from numeric.audit.kernel.wire import Channel, Closed, Message

MIB = 1 << 20
CPU_SECONDS = 900
"""What outlives its audit all the same, as a process of another session, ends after so much computing: an audit's own
600 seconds, its imports, and room."""


def main(arguments: Sequence[str]) -> None:
    """Answer messages until the pipe closes."""
    target, reads, writes, lifeline, memory = arguments[0], *map(int, arguments[1:])
    for end in (reads, writes, lifeline):
        os.set_inheritable(end, False)
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    _limit(memory * MIB)
    channel, subject = Channel(reads, writes), None
    sys.path.insert(0, os.getcwd())  # only now: a user's folder must not hide our own modules
    while True:
        try:
            asked = channel.receive()
        except Closed:
            return
        signal.alarm(
            asked.data["seconds"]
        )  # ends code that never comes back to Python, even where no audit is left to do it
        if asked.data["ask"] == "load" or subject is None:
            answer, subject = _loaded(target)
        if asked.data["ask"] == "call" and subject is not None:
            answer = answered(subject, asked)
        signal.alarm(0)
        channel.send(answer)


def _end_with(lifeline: int) -> None:
    """End this process's group when its audit is no more, however that ended: the pipe that it holds is then closed."""
    try:
        os.read(lifeline, 1)
    except OSError:  # a user's code closed it
        return
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _limit(memory: int) -> None:
    """Limits that the system keeps by itself; private memory counts, as on Linux, not the libraries' files."""
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_DATA, memory),
    ):
        hard = resource.getrlimit(what)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (least, least))


def _loaded(target: str) -> tuple[Message, Subject | None]:
    try:
        found = subject_of(imported(target), target)
    except Refused as error:
        return Message({"outcome": "refused", "text": str(error)}), None
    except BaseException as error:  # whatever a user's module does when it is imported
        return Message({"outcome": "refused", "text": f"{target}: its import raised {raised(error)}"}), None
    return Message({"outcome": "loaded", **found.described}), found


def imported(target: str) -> Any:
    """What `pkg.mod:name` or `folder/file.py:name` names. Raises: Refused; whatever the import raises."""
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name.replace(".", "").isidentifier():
        raise Refused(f"--kernel: got {target!r}, expected pkg.mod:function or file.py:function")
    found: Any = _file(Path(place)) if place.endswith(".py") else _module(place)
    for part in name.split("."):
        if not hasattr(found, part):
            raise Refused(f"{target}: got no {part} in {place}, expected it there; name what it defines")
        found = getattr(found, part)
    return found


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise Refused(f"{name}: got no module of this name, expected one that can be imported from here;"
                          " run in its folder or install it") from None  # fmt: skip
        raise


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise Refused(f"{path}: got no such file, expected Python code; check the path")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def answered(subject: Subject, asked: Message) -> Message:
    """What a call of the kernel gives, or how it failed; never an exception."""
    try:
        found = subject.call(asked.data, asked.arrays)
    except Unfit as error:
        return Message({"outcome": "unfit", "text": str(error)})
    except Refused as error:
        return Message({"outcome": "wrong type", "text": str(error)})
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() and the like are answers about the kernel, too
        return Message({"outcome": "raised", "text": raised(error), "where": where(error)})
    told = {"changed": list(found.changed), "found_at": dict(found.found_at), "library": found.library}
    return Message({"outcome": "returned", "made": found.made, **told}, found.arrays)


def raised(error: BaseException) -> str:
    """An exception in one line."""
    if isinstance(error, SystemExit):
        return f"SystemExit: it called exit({'' if error.code is None else error.code!r})"
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
