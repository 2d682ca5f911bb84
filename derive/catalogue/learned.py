"""What training changes of a layer, and how many numbers that is."""

from __future__ import annotations

from derive.catalogue import FAMILIES, RECIPES
from derive.expressions.index import Index, index
from derive.operation import Op, Tensor

LEARNED = frozenset({"weight", "bias"})
"""torch's names for the tensors of a layer that training changes."""


def learned(op: Op) -> list[Tensor]:
    """What training changes; the weights of a loss are chosen, and a law of one's own does not say."""
    layer = op.name in RECIPES and op.name not in FAMILIES["loss"]
    return [t for t in op.differentiable if layer and t.argument in LEARNED]


def volume(t: Tensor) -> Index:
    """How many entries a tensor has."""
    found = index(1)
    for b in t.axes:
        found = found * b.extent
    return found


def parameter_count(op: Op) -> Index | None:
    """How many numbers a layer of this operation learns, in its sizes; None where it learns none."""
    found = learned(op)
    return sum((volume(t) for t in found), index(0)) if found else None
