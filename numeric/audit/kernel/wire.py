"""Messages between an audit and the process that runs a user's kernel: plain data and plain arrays on private pipes."""

from __future__ import annotations

import io
import json
import math
import os
import select
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"backprof"
LARGEST_MESSAGE = 1 << 30
LOOK = 0.1
"""Seconds between two looks whether the other process is still there."""

_HEAD = struct.Struct(">8sQI")
"""The magic word, the length of all that follows, and of its first part, the plain data."""


class Garbled(ValueError):
    """Bytes that are no message: somebody else has written to the pipe."""


class Closed(EOFError):
    """The other end is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """Plain data and arrays by name."""

    data: Mapping[str, Any]
    arrays: Mapping[str, NDArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Channel:
    """Two ends of two pipes, one read and one written; `gone` tells whether the process at the other end has ended.

    Its end alone does not close the pipes: a child of it may hold them.
    """

    reads: int
    writes: int
    gone: Callable[[], bool] = lambda: False

    def send(self, message: Message, seconds: float | None = None) -> None:
        """Write a message whole. Raises: TimeoutError, Closed."""
        left, end = memoryview(packed(message)), _end(seconds)
        while left:
            self._wait((), (self.writes,), end)
            try:
                left = left[os.write(self.writes, left[: select.PIPE_BUF]) :]
            except (BrokenPipeError, OSError) as error:
                raise Closed(str(error)) from None

    def receive(self, seconds: float | None = None) -> Message:
        """Read a message whole. Raises: TimeoutError, Closed, Garbled."""
        end = _end(seconds)
        magic, length, first = _HEAD.unpack(self._exactly(_HEAD.size, end))
        if magic != MAGIC or length > LARGEST_MESSAGE or first > length:
            raise Garbled(f"got {magic!r}, expected {MAGIC!r}")
        return unpacked(self._exactly(length, end), first)

    def _exactly(self, count: int, end: float | None) -> bytes:
        found = bytearray()
        while len(found) < count:
            self._wait((self.reads,), (), end)
            try:
                piece = os.read(self.reads, min(count - len(found), 1 << 16))
            except OSError as error:
                raise Closed(str(error)) from None
            if not piece:
                raise Closed("end of file")
            found += piece
        return bytes(found)

    def _wait(self, reads: tuple[int, ...], writes: tuple[int, ...], end: float | None) -> None:
        """Raises: TimeoutError; Closed where the other process has ended and left nothing more to be read."""
        while True:
            over = self.gone()  # before looking, so that what it wrote last is not missed
            left = math.inf if end is None else max(0.0, end - time.monotonic())
            if any(select.select(reads, writes, (), 0 if over else min(left, LOOK))):
                return
            if over:
                raise Closed("the process has ended")
            if not left:
                raise TimeoutError


def _end(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def packed(message: Message) -> bytes:
    """The bytes of a message: its head, its data as JSON, its arrays in NumPy's format, without pickles."""
    data = json.dumps({"data": dict(message.data), "arrays": list(message.arrays)}).encode()
    body = io.BytesIO()
    for array in message.arrays.values():
        np.lib.format.write_array(body, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
    arrays = body.getvalue()
    return _HEAD.pack(MAGIC, len(data) + len(arrays), len(data)) + data + arrays


def unpacked(body: bytes, first: int) -> Message:
    """The message that bytes are, `first` of them its plain data. Raises: Garbled."""
    try:
        head = json.loads(body[:first])
        rest = io.BytesIO(body[first:])
        arrays = {str(n): np.lib.format.read_array(rest, allow_pickle=False) for n in head["arrays"]}
        return Message(dict(head["data"]), arrays)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise Garbled(str(error)) from None
