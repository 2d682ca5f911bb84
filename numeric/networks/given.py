"""The tensors that a training step is called with, by name, or a refusal that says which is missing."""

from __future__ import annotations

from collections.abc import Mapping

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.backend import Array


def given(
    graph: Graph, batch: int | None, parameters: Mapping[str, Array], inputs: tuple[Array, ...]
) -> dict[str, Array]:
    """Parameters and inputs by name; inputs that are left out are missing in the answer.

    Raises: OperationError for a missing parameter, or a batch for which the step was not compiled.
    """
    if batch is not None and inputs and len(inputs[0]) != batch:
        raise OperationError(f"{graph.name}: got a batch of {len(inputs[0])}, expected {batch}, for which"
                             " the step was compiled; compile another")  # fmt: skip
    missing = [p for p in graph.parameters if p not in parameters]
    if missing:
        raise OperationError(f"{graph.name}: got no {missing[0]}, expected all of"
                             f" {', '.join(graph.parameters)}; pass it")  # fmt: skip
    return {**parameters, **dict(zip(graph.inputs, inputs, strict=False))}
