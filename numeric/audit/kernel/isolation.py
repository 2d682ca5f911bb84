"""A process of its own for a user's kernel: limits on time and memory, and an end for whatever it leaves behind.

This isolates from accidents (a crash, an endless loop, exit(), all of the memory); it is no sandbox: the code runs with
the rights of whoever asked for it.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from numeric.audit.kernel.wire import LOOK, Channel, Closed, Garbled, Message

ROOT = Path(__file__).resolve().parents[3]
_START = "import sys; sys.path.insert(0, sys.argv[1]); from numeric.audit.kernel.worker import main; main(sys.argv[2:])"
LOAD = Message({"ask": "load"})
GRACE = 2.0
"""Seconds for a process that has closed its pipe to end by itself, so that its exit code is told."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for the import, seconds for one call, and memory in MiB (where the system keeps such a limit: Linux)."""

    load: float = 60.0
    call: float = 10.0
    memory: int = 4096


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended instead of answering; `seconds` is the limit that it overran."""

    how: str
    code: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        """What became of it, for people."""
        return SAID[self.how](self)


def _signal(ended: Ended) -> str:
    name = signal.Signals(-ended.code).name if -ended.code in {*signal.Signals} else f"signal {-ended.code}"
    likely = "; most often because memory ran out" if name == "SIGKILL" else ""
    return f"it crashed: the process was ended by {name}{likely}"


SAID: dict[str, Callable[[Ended], str]] = {
    "timeout": lambda e: f"it did not return within {e.seconds:g} seconds: an endless loop, or far too slow",
    "crashed": _signal,
    "exited": lambda e: f"it ended its process with exit code {e.code} instead of returning",
    "garbled": lambda e: "it wrote into a file descriptor that is not its own; what came back cannot be read",
}


@dataclass(slots=True)
class Isolated:
    """A user's kernel in a process of its own session; it is started when first asked, and again after its end."""

    target: str
    limits: Limits = LIMITS
    _process: subprocess.Popen[bytes] | None = None
    _channel: Channel = field(default_factory=lambda: Channel(-1, -1))
    _lifeline: int = -1

    def ask(self, message: Message) -> Message | Ended:
        """The answer to a message, or how the process ended instead; then nothing of it is left."""
        loads = message.data.get("ask") == "load"
        if self._process is None and not loads and isinstance(found := self.ask(LOAD), Ended):
            return found
        seconds = self.limits.load if loads else self.limits.call
        try:
            self._start()
            most = math.ceil(seconds + GRACE)
            self._channel.send(Message({**message.data, "seconds": most}, message.arrays), seconds)
            return self._channel.receive(seconds)
        except TimeoutError:
            ended = Ended("timeout", seconds=seconds)
        except Garbled:
            ended = Ended("garbled")
        except Closed:
            ended = self._ended()
        except BaseException:  # an interruption leaves nothing behind either
            self.close()
            raise
        self.close()
        return ended

    def close(self) -> None:
        """End the process with all that it started."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for end in (self._channel.reads, self._channel.writes, self._lifeline):
                os.close(end)
            self._process = None

    def _start(self) -> None:
        if self._process is not None:
            return
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        their_lifeline, our_lifeline = os.pipe()
        theirs = (theirs_in, theirs_out, their_lifeline)
        arguments = [str(ROOT), self.target, *map(str, theirs), str(self.limits.memory)]
        try:
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter, with our own words
                [sys.executable, "-P", "-c", _START, *arguments],
                pass_fds=theirs,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **os.environ},
                stdout=2,  # what a user prints is for people: it goes to stderr
            )
        finally:
            for end in theirs:
                os.close(end)
        self._channel, self._lifeline = Channel(ours_in, ours_out, self._gone), our_lifeline

    def _gone(self) -> bool:
        """Whether the process has ended."""
        return self._code() is not None

    def _code(self) -> int | None:
        """The exit code of a process that has ended, a signal's with a minus.

        It is not waited for, where the system can look only: its group must not lose its number before it is ended.
        """
        assert self._process is not None
        if not hasattr(os, "waitid"):
            return self._process.poll()
        found = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return None if found is None else found.si_status * (1 if found.si_code == os.CLD_EXITED else -1)

    def _ended(self) -> Ended:
        end = time.monotonic() + GRACE
        while (code := self._code()) is None and time.monotonic() < end:
            time.sleep(LOOK)
        return Ended("garbled") if code is None else Ended("crashed" if code < 0 else "exited", code)

    def __enter__(self) -> Isolated:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
