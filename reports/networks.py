"""A network by its name and the arguments that a user gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.composition import Graph
from derive.network import NETWORKS
from reports.exits import UsageError

NETWORK_SETTINGS = {"image": int, "activation": str, "pooling": str}


def network(name: str, given: Mapping[str, object]) -> Graph:
    """A network with its arguments. Raises: UsageError, OperationError where they do not fit."""
    if name not in NETWORKS:
        raise UsageError(f"network: got {name!r}, expected one of {', '.join(NETWORKS)}; choose one")
    chosen: dict[str, Any] = {}
    for key, value in given.items():
        kind = NETWORK_SETTINGS.get(key)
        if kind is None:
            known = ", ".join(NETWORK_SETTINGS)
            raise UsageError(f"{name}: got argument {key!r}, expected one of {known}; change it")
        if not isinstance(value, str) or (kind is int and not value.isdecimal()):
            raise UsageError(
                f"{name}: got {key}={value!r}, expected one {'number' if kind is int else 'word'}; change it"
            )
        chosen[key] = kind(value)
    return NETWORKS[name](**chosen)
