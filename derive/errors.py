"""The errors a user can cause, so that every room reports them in one shape: where, got, expected, remedy."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BackproofError(ValueError):
    """A mistake in what was asked for; its text is one clear line."""


class NotationError(BackproofError):
    """A line of notation that cannot be read."""


class OperationError(BackproofError):
    """An operation, argument, shape or size that does not fit."""


class MeaningError(BackproofError):
    """An expression that has no value where one was asked for: an empty maximum, a division by zero."""


class NotDerived(BackproofError):
    """A derivative that the laws do not reach; says which expression no law applies to."""


class CertificateError(BackproofError):
    """A certificate that is malformed or does not hold."""


def did_you_mean(got: str, known: Iterable[str], otherwise: str) -> str:
    """The remedy for a name that is not known: the one that it is near, upper and lower case alike, or another."""
    by_lower = {name.lower(): name for name in reversed([*known])}
    near = get_close_matches(got.lower(), by_lower, n=1)
    return f"did you mean {by_lower[near[0]]}?" if near else otherwise
