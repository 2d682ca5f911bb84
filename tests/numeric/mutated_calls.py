"""Calls that torch may refuse: a valid configuration of an operation with one thing changed, whatever the operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from derive.catalogue.torch_arguments import torch_arguments
from numeric.checks.samples import Sample

LARGE = 11
"""More than any extent of a sample."""


@dataclass(frozen=True)
class Call:
    """One call: the operation's name, what was changed, tensors and settings as torch takes them."""

    name: str
    change: str
    tensors: Mapping[str, Any]
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        shapes = ", ".join(f"{n}: {'none' if x is None else f'{x.dtype} {x.shape}'}" for n, x in self.tensors.items())
        return f"{self.name} ({self.change}): {shapes}; {dict(self.settings)}"


def call_of(sample: Sample) -> Call:
    """The valid call that a sample is."""
    numbers = {n: v if isinstance(v, int) else float(v) for n, v in sample.names.items()}
    settings = {**torch_arguments(sample.op, numbers), **sample.arranged.settings}
    return Call(sample.op.name, "nothing", dict(sample.arrays), settings)


def mutated(sample: Sample) -> Iterator[Call]:
    """The call with one tensor or one argument changed."""
    valid = call_of(sample)
    for t in sample.op.inputs:
        x = valid.tensors[t.argument]
        for change, other in _tensors(x, t.integer) if x is not None else ():
            yield replace(valid, change=f"{t.argument}: {change}", tensors={**valid.tensors, t.argument: other})
    for name, value in valid.settings.items():
        for other in _values(value):
            change = f"{name}={other!r} for {value!r}"
            yield replace(valid, change=change, settings={**valid.settings, name: other})


def _tensors(x: np.ndarray, integer: bool) -> Iterator[tuple[str, np.ndarray]]:
    yield "an axis more", x[None]
    yield "two axes more", x[None, None]
    yield "three axes more", x[None, None, None]
    if x.ndim:
        yield "an axis less", x[..., 0]
        yield "no axis", x.reshape(-1)[0]
    for axis in range(x.ndim):
        yield f"axis {axis} longer", np.concatenate([x, np.take(x, [0], axis)], axis)
        yield f"axis {axis} of one", np.take(x, [0], axis)
        yield f"axis {axis} empty", np.take(x, [], axis)
    yield ("float64", x.astype(np.float64)) if integer else ("int64", x.astype(np.int64))
    yield "float32", x.astype(np.float32)
    yield "bool", x.astype(bool)
    yield "complex", x.astype(np.complex128)
    if integer and x.size:
        for label in (-1, -100, 99):
            changed = x.copy()
            changed.reshape(-1)[-1] = label
            yield f"the label {label}", changed


def _values(value: Any) -> Iterator[Any]:
    yield from (None, "widest", 1.5, float("nan"), -1, 0, LARGE)
    if isinstance(value, bool):
        return
    if isinstance(value, tuple):
        yield from ((), (*value, 1), value[:-1])
        for k, inner in enumerate(value):
            for other in (-1, 0, LARGE) if isinstance(inner, int) else ():
                yield (*value[:k], other, *value[k + 1 :])
    elif isinstance(value, str):
        yield ""
    elif isinstance(value, int | float):
        yield from ((value, value), -0.5, 2)
