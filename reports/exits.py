"""What the exit code of a command says."""

from __future__ import annotations

from derive.errors import BackproofError

GOOD, REFUTED, BAD_INPUT, MISSING_TOOL, INTERNAL, UNDECIDED = range(6)
INTERRUPTED, BROKEN_PIPE = 130, 141  # as a shell reports SIGINT and SIGPIPE


class UsageError(BackproofError):
    """Arguments of a command that do not fit together."""
