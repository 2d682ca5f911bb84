"""A graph of operations as the model that training steps and reads."""

from __future__ import annotations

from functools import partial

from derive.errors import OperationError
from derive.networks.composition import Graph
from numeric.backend import Array, backend
from numeric.calling.binding import Shape
from numeric.networks import training_step
from numeric.training.run import Model

IMAGE = 28


def parameter_shapes(graph: Graph) -> dict[str, Shape]:
    """The shape of every parameter in numbers. Raises: OperationError where one depends on a symbol."""
    shapes: dict[str, Shape] = {}
    for p in graph.parameters:
        extents = [n.constant for n in graph.shapes[p]]
        if None in extents:
            raise OperationError(f"{graph.name}: {p}: got a shape with symbols, expected numbers; give its extents")
        shapes[p] = tuple(n for n in extents if n is not None)
    return shapes


def model(graph: Graph, backend_name: str = "numpy", device: str = "cpu") -> Model:
    """What `numeric.train` needs of a network for images; they are padded where the graph takes larger ones than 28x28.

    Raises: OperationError for an unknown backend or device.
    """
    arrays = backend(backend_name)
    step = training_step.compile(graph, backend=backend_name)
    side = graph.shapes[graph.inputs[0]][-1].constant or IMAGE
    return Model(
        shapes=parameter_shapes(graph),
        step=step,
        scores=step.scores,
        pad=(side - IMAGE) // 2,
        native=partial(arrays.place, device=device),
        to_numpy=_numpy,
    )


def _numpy(x: Array) -> Array:
    return x.cpu().numpy() if hasattr(x, "cpu") else x
