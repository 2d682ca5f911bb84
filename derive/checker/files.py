"""Certificates as files, and the command that checks them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from derive.checker.claim import verdicts
from derive.checker.refusal import MOST_BYTES, Malformed, Refuted, expect


def load(path: str) -> Any:
    """The JSON of a file, without floats, huge numbers or repeated fields. Raises: Malformed."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        expect(len(content) <= MOST_BYTES, f"at most {MOST_BYTES} bytes", "more")
        return json.loads(content, parse_float=whole, parse_constant=whole, parse_int=whole, object_pairs_hook=unique)
    except (OSError, ValueError, RecursionError) as error:
        raise Malformed(f"cannot be read: {error}") from None


def whole(text: str) -> int:
    expect(re.fullmatch(r"-?[0-9]{1,20}", text), "an integer", text)
    return int(text)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    expect(len({n for n, _ in pairs}) == len(pairs), "each field once", [n for n, _ in pairs])
    return dict(pairs)


def main(paths: list[str]) -> int:
    """One line a file; 0 where all hold, 1 where one is refuted, 2 where one is no certificate."""
    if not paths or any(p.startswith("-") for p in paths):
        sys.stderr.write("usage: python -S -m derive.checker FILE...\n")
        return 2
    worst = 0
    for path in paths:
        try:
            code, words = 0, f"accepted: {verdicts(load(path))}"
        except Refuted as error:
            code, words = 1, f"refuted: {error}"
        except (Malformed, RecursionError) as error:
            code, words = 2, f"no certificate: {error}"
        sys.stdout.write(f"{path}: {' '.join(words.split())}\n")
        worst = max(worst, code)
    return worst
