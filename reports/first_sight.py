"""How long every gradient takes to derive, in a process of its own that prints it as JSON, for `backproof bench`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from derive.catalogue import names, op
from derive.networks.network import lenet
from derive.operation import Op
from derive.sweep import gradient

LENET = "lenet, every gradient"


def first_sight() -> list[dict[str, Any]]:
    """Seconds of every gradient of the catalogue and of LeNet: at first sight, then from the process's cache.

    What is imported late is there by the first row; the first gradient of an operation also finds its small worlds.
    """
    gradient("sigmoid", "input")
    rows = [row(op(name), tensor.name) for name in names() for tensor in op(name).differentiable]
    network = lenet()
    seconds = [taken(network.backward) for _ in range(2)]
    return [*rows, {"gradient": LENET, "steps": None, "first": seconds[0], "cached": seconds[1]}]


def row(law: Op, tensor: str) -> dict[str, Any]:
    """One gradient: what it is called, how many steps it has, and how long it took."""
    seconds = [taken(lambda: gradient(law, tensor)) for _ in range(2)]
    derived = gradient(law, tensor)
    return {"gradient": derived.title, "steps": len(derived.steps), "first": seconds[0], "cached": seconds[1]}


def taken(task: Callable[[], object]) -> float:
    """Seconds of one run."""
    started = perf_counter()
    task()
    return perf_counter() - started


if __name__ == "__main__":
    json.dump(first_sight(), sys.stdout)
