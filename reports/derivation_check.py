"""`backproof check FILE...`: judge derivations line by line, and put the verdicts where they are asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from derive.errors import BackproofError
from numeric.audit.derivation import DerivationVerdict, check_text
from numeric.audit.verdict import REFUTED, UNDECIDED
from reports.exits import BAD_INPUT, UsageError
from reports.sections.audit_derivation import UNREADABLE, derivation_document, overview_document
from reports.targets import STANDARD_OUTPUT, STDIN, Targets, exit_code
from reports.writers import junit as junit_file
from reports.writers.output import render

MOST_BYTES = 1_000_000
NAMES = {STDIN: "standard input"}


def judge_derivations(
    paths: Sequence[str],
    op: str | None,
    settings: Mapping[str, Any],
    to: Targets = STANDARD_OUTPUT,
) -> int:
    """The exit code: 0 all verified, 2 where one cannot be read, else 1 where one is refuted, else 5 where one is open.

    One file that cannot be read raises; of several, each that can be is judged. Raises: BackproofError, WriteError.
    """
    to.refuse()
    found: list[DerivationVerdict] = []
    unread: list[tuple[str, str]] = []
    for path in paths:
        try:
            found.append(check_text(_text(path), op, settings, where=NAMES.get(path, path)))
        except BackproofError as error:
            if len(paths) == 1:
                raise
            unread.append((path, str(error)))
    alone = len(paths) == 1
    to.put(
        lambda: _plain(found, unread, alone),
        lambda: _junit(found, unread),
        lambda: derivation_document(found[0]) if alone else overview_document(found, unread),
    )
    return BAD_INPUT if unread else exit_code(one.verdict for one in found)


def _text(path: str) -> str:
    """A file's text, or what comes in. Raises: UsageError where it cannot be read, is too large or is no text."""
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except IsADirectoryError:
        raise UsageError(f"{path}: got a folder, expected files; write {Path(path, '*.md')}") from None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{path}: cannot be read: {said}; name a file") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: got more than {MOST_BYTES:,} bytes, expected a derivation; cut it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        got = f"byte {data[error.start]:#04x} at {error.start}, which is no UTF-8"
        raise UsageError(f"{path}: got {got}, expected text; save it as UTF-8") from None


def _plain(found: Sequence[DerivationVerdict], unread: Sequence[tuple[str, str]], alone: bool) -> dict[str, Any]:
    """For programs: one verdict, or all of them with how many there are of each word."""
    if alone:
        return found[0].plain()
    words = [one.verdict for one in found] + [UNREADABLE for _ in unread]
    files = [one.plain() for one in found] + [{"file": f, "verdict": UNREADABLE, "error": said} for f, said in unread]
    return {"files": files, "counts": {word: words.count(word) for word in sorted(set(words))}}


def _junit(found: Sequence[DerivationVerdict], unread: Sequence[tuple[str, str]]) -> str:
    """A test case for each derivation."""
    cases = [_case(one) for one in found]
    cases += [junit_file.Case(where, junit_file.FAILED, said, said) for where, said in unread]
    return junit_file.junit("derivations", cases)


def _case(one: DerivationVerdict) -> junit_file.Case:
    outcomes = {REFUTED: junit_file.FAILED, UNDECIDED: junit_file.UNDECIDED}
    said = f"line {one.first.line}: {one.first.verdict.diagnosis}" if one.first else one.not_read
    return junit_file.Case(
        one.where, outcomes.get(one.verdict, junit_file.PASSED), said, render(derivation_document(one))
    )
