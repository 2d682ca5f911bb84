"""Networks as data: layers of catalogue operations, their shapes and parameter counts derived from the laws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.catalogue import op
from derive.composition import Builder, Graph, graph
from derive.errors import OperationError


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of a network: a node's name, its operation, the arguments, and the sizes that it chooses."""

    name: str
    op: str
    arguments: Mapping[str, int] = field(default_factory=dict)
    extents: Mapping[str, int] = field(default_factory=dict)


def lenet_layers(activation: str = "relu", pooling: str = "max_pool2d", padding: int = 0) -> tuple[Layer, ...]:
    """LeNet-5 as the decks draw it: conv 6@5x5, pool 2, conv 16@5x5, pool 2, 120, 84, 10.

    Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """
    around = {"padding": padding} if padding else {}  # without it both convolutions are one law, derived once
    return (
        Layer("conv1", "conv2d", around, {"K": 6, "K_h": 5, "K_w": 5}),
        Layer("act1", activation),
        Layer("pool1", pooling, {"kernel_size": 2}),
        Layer("conv2", "conv2d", {}, {"K": 16, "K_h": 5, "K_w": 5}),
        Layer("act2", activation),
        Layer("pool2", pooling, {"kernel_size": 2}),
        Layer("flat", "flatten"),
        Layer("fc1", "linear", {}, {"K": 120}),
        Layer("act3", activation),
        Layer("fc2", "linear", {}, {"K": 84}),
        Layer("act4", activation),
        Layer("fc3", "linear", {}, {"K": 10}),
    )


def sequential(name: str, image: tuple[int, ...], layers: tuple[Layer, ...], batch: str | int = "N") -> Graph:
    """A chain of layers under softmax cross-entropy; the batch size stays a symbol unless it is given.

    Raises: OperationError where a layer does not fit the one before.
    """
    builder: Builder = graph(name)
    current = builder.input("image", batch, *image)
    builder.input("label", batch)
    for layer in layers:
        current = builder.add(layer.name, op(layer.op, **layer.arguments), current, **layer.extents)
    builder.add("loss", op("cross_entropy"), {"input": current, "target": "label"})
    return builder.build(scores=current)


def lenet(image: int = 32, activation: str = "relu", pooling: str = "max_pool2d", batch: str | int = "N") -> Graph:
    """LeNet-5 on 1 x image x image: 32 as in the decks, or 28 with padding 2.

    Raises: OperationError for another image size.
    """
    if image not in (28, 32):
        raise OperationError(f"lenet: got image={image}, expected 32, or 28 with padding; choose one")
    return sequential("lenet", (1, image, image), lenet_layers(activation, pooling, (32 - image) // 2), batch)


NETWORKS = {"lenet": lenet}
