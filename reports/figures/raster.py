"""Pixels inside pictures: a PNG without compression, so that every machine writes the same bytes."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

from reports.figures.svg import element
from reports.safe_svg import HARD_EDGES

Colour = tuple[int, int, int]


def pixels(rows: Sequence[Sequence[Colour]], x: float, y: float, width: float, height: float) -> str:
    """An image of square pixels with hard edges."""
    data = base64.b64encode(png(rows)).decode()
    return element(
        "image",
        x=x,
        y=y,
        width=width,
        height=height,
        preserveAspectRatio="none",
        style=HARD_EDGES,
        href=f"data:image/png;base64,{data}",
    )


def png(rows: Sequence[Sequence[Colour]]) -> bytes:
    """The rows of (red, green, blue) in 0..255 as a PNG file."""
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    lines = b"".join(b"\x00" + bytes(value for colour in row for value in colour) for row in rows)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def mix(a: str, b: str, share: float) -> Colour:
    """The colour between two "#rrggbb", `share` of the way from a to b."""
    one, two = (tuple(int(text[i : i + 2], 16) for i in (1, 3, 5)) for text in (a, b))
    red, green, blue = (round(p + (q - p) * share) for p, q in zip(one, two, strict=True))
    return red, green, blue


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
