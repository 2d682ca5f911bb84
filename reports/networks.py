"""A network by its name and the arguments that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from derive.networks.composition import Graph
from derive.networks.network import NETWORKS
from reports.exits import UsageError

MOST_DIGITS = 6


def network(name: str, given: Mapping[str, object], digits: bool = False) -> Graph:
    """A network with its arguments; with `digits`, one that reads images of digits.

    Raises: UsageError, OperationError where they do not fit.
    """
    known = [n for n, found in NETWORKS.items() if found.digits or not digits]
    if name not in known:
        raise UsageError(f"network: got {name!r}, expected one of {', '.join(known)}; choose one")
    build = NETWORKS[name].build
    kinds = {p.name: int if isinstance(p.default, int) else str for p in signature(build).parameters.values()}
    chosen: dict[str, Any] = {}
    for key, value in given.items():
        if key not in kinds:
            raise UsageError(f"{name}: got argument {key!r}, expected one of {', '.join(kinds)}; change it")
        chosen[key] = _read(f"{name}: {key}", value, kinds[key])
    return build(**chosen)


def _read(where: str, value: object, kind: type) -> int | str:
    """A number or a word; a batch may be either. Raises: UsageError."""
    if isinstance(value, str) and value.isdecimal() and 0 < len(value) <= MOST_DIGITS and int(value) > 0:
        return int(value)
    if kind is int or not isinstance(value, str) or not value.isidentifier():
        expected = f"one number from 1 to {10**MOST_DIGITS - 1}" if kind is int else "one word"
        raise UsageError(f"{where}: got {value!r}, expected {expected}; change it")
    return value
