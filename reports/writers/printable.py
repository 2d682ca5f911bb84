"""Text from outside made safe to print: what a terminal or a parser would obey instead of show becomes a mark."""

from __future__ import annotations

import re

# Control characters but tab and newline, halves of surrogate pairs, non-characters, and the controls that reorder text
# or start an annotation.
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
MARK = "\ufffd"


def printable(text: str) -> str:
    """The text with every character that would be obeyed rather than shown replaced by U+FFFD."""
    return _OBEYED.sub(MARK, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The printable text with every run of white space as one blank; its ends keep theirs."""
    return re.sub(r"[ \t\n]+", " ", printable(text))
