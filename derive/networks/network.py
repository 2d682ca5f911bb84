"""Networks as data: layers of operations, their shapes and parameter counts derived from the laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from derive.catalogue import op
from derive.errors import OperationError
from derive.networks.composition import Builder, Graph, graph

Batch = str | int


@dataclass(frozen=True, slots=True)
class Layer:
    """A row of a network: a node's name, its operation, the arguments, and the sizes that it chooses."""

    name: str
    op: str
    arguments: Mapping[str, int] = field(default_factory=dict)
    extents: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the decks: how it is built, what it is, and where it is from; `digits` says that it reads MNIST."""

    build: Callable[..., Graph]
    summary: str
    source: str
    digits: bool = False


def sequential(name: str, data: tuple[int, ...], layers: tuple[Layer, ...], batch: Batch = "N") -> Graph:
    """A chain of layers under softmax cross-entropy; the batch size stays a symbol unless it is given.

    Raises: OperationError where a layer does not fit the one before.
    """
    builder: Builder = graph(name)
    current = builder.input("image" if len(data) > 1 else "x", batch, *data)
    builder.input("label", batch)
    for layer in layers:
        current = builder.add(layer.name, op(layer.op, **layer.arguments), current, **layer.extents)
    builder.add("loss", op("cross_entropy"), {"input": current, "target": "label"})
    return builder.build(scores=current)


def _conv(number: int, filters: int, size: int, **arguments: int) -> Layer:
    return Layer(f"conv{number}", "conv2d", arguments, {"K": filters, "K_h": size, "K_w": size})


def _pool(number: int, name: str, size: int, **arguments: int) -> Layer:
    return Layer(f"pool{number}", name, {"kernel_size": size, **arguments})


def _dense(number: int, units: int) -> Layer:
    return Layer(f"fc{number}", "linear", {}, {"K": units})


def _act(number: int, name: str) -> Layer:
    return Layer(f"act{number}", name)


# -- images ------------------------------------------------------------------------------------------------------------


def lenet_layers(
    activation: str = "relu", pooling: str = "max_pool2d", padding: int = 0, filters: tuple[int, int] = (6, 16)
) -> tuple[Layer, ...]:
    """LeNet-5 as the decks draw it: conv 6@5x5, pool 2, conv 16@5x5, pool 2, 120, 84, 10.

    Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998.
    """
    around = {"padding": padding} if padding else {}  # without it both convolutions are one law, derived once
    return (
        _conv(1, filters[0], 5, **around),
        _act(1, activation),
        _pool(1, pooling, 2),
        _conv(2, filters[1], 5),
        _act(2, activation),
        _pool(2, pooling, 2),
        Layer("flat", "flatten"),
        _dense(1, 120),
        _act(3, activation),
        _dense(2, 84),
        _act(4, activation),
        _dense(3, 10),
    )


def lenet(image: int = 32, activation: str = "relu", pooling: str = "max_pool2d", batch: Batch = "N") -> Graph:
    """LeNet-5 on 1 x image x image: 32 as in the decks, or 28 with padding 2.

    Raises: OperationError for another image size.
    """
    if image not in (28, 32):
        raise OperationError(f"lenet: got image={image}, expected 32, or 28 with padding; choose one")
    return sequential("lenet", (1, image, image), lenet_layers(activation, pooling, (32 - image) // 2), batch)


def lenet_rgb(activation: str = "relu", pooling: str = "max_pool2d", batch: Batch = "N") -> Graph:
    """The LeNet-like network on 3 x 32 x 32 of A. Boulmerka's table: 8 filters first, then 16."""
    return sequential("lenet_rgb", (3, 32, 32), lenet_layers(activation, pooling, filters=(8, 16)), batch)


def alexnet(activation: str = "relu", classes: int = 1000, batch: Batch = "N") -> Graph:
    """AlexNet without padding on 3 x 227 x 227, in one column.

    Source: A. Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012, as the deck of
    Amrita Vishwa Vidyapeetham draws it.
    """
    pool = ("max_pool2d", 3)
    layers = (
        _conv(1, 96, 11, stride=4),
        _act(1, activation),
        _pool(1, *pool, stride=2),
        _conv(2, 256, 5),
        _act(2, activation),
        _pool(2, *pool, stride=2),
        _conv(3, 384, 3),
        _act(3, activation),
        _conv(4, 384, 3),
        _act(4, activation),
        _conv(5, 256, 3),
        _act(5, activation),
        _pool(3, *pool, stride=2),
        Layer("flat", "flatten"),
        _dense(1, 4096),
        _act(6, activation),
        _dense(2, 4096),
        _act(7, activation),
        _dense(3, classes),
    )
    return sequential("alexnet", (3, 227, 227), layers, batch)


def rgb_layer(batch: Batch = "N") -> Graph:
    """One convolutional layer, 6 filters of 5x5x3 on a 32x32 colour image, under the squared distance to a target."""
    b = graph("rgb_layer")
    b.input("image", batch, 3, 32, 32)
    b.input("target", batch, 6, 28, 28)
    b.add("conv1", op("conv2d"), "image", K=6, K_h=5, K_w=5)
    out = b.add("act1", op("relu"), "conv1")
    b.add("loss", op("mse_loss"), {"input": out, "target": "target"})
    return b.build(scores=out)


# -- one number in, one number out -------------------------------------------------------------------------------------

SCALED = replace(op("O[n] = w*X[n]; scalar w"), name="scaled")


def _weights_in_a_row(name: str, batch: Batch, *letters: tuple[str, str, str]) -> Graph:
    """E = sum[n] (p[n] - y[n])^2 with a sigmoid after each weight; `letters` names weight, product and activation."""
    b = graph(name)
    current = b.input("x", batch)
    b.input("y", batch)
    for weight, before, after in letters:
        b.parameter(weight)
        b.add(before, SCALED, {"X": current, "w": weight})
        current = b.add(after, op("sigmoid"), before)
    b.add("E", op("mse_loss", reduction="sum"), {"input": current, "target": "y"})
    return b.build(scores=current)


def two_weights(batch: Batch = "N") -> Graph:
    """E = sum[n] (s(u s(w x[n])) - y[n])^2 with the sigmoid s."""
    return _weights_in_a_row("two_weights", batch, ("w", "a", "h"), ("u", "b", "p"))


def three_weights(batch: Batch = "N") -> Graph:
    """E = sum[n] (s(u s(v s(w x[n]))) - y[n])^2 with the sigmoid s."""
    return _weights_in_a_row("three_weights", batch, ("w", "a", "h"), ("v", "b", "g"), ("u", "c", "p"))


# -- multilayer perceptrons --------------------------------------------------------------------------------------------

WITH_ONE = replace(op("O[n,c] = X[n,c] + [c==C]; X[n<N,c<C]; size c = C+1"), name="with_one")
"""The bias trick: one more input, which is always 1."""

BIASES = ("ones", "vector", "none")


def mlp(inputs: int = 2, hidden: int = 5, outputs: int = 2, bias: str = "ones", batch: Batch = "N") -> Graph:
    """z = U s(W x) with the sigmoid s, under sum[n,k] (softmax(z)[n,k] - y[n,k])^2.

    `bias`: "ones" puts it into the last column of W, which meets an input of 1; "vector" adds it; "none" has none.
    Raises: OperationError for another word.
    """
    if bias not in BIASES:
        raise OperationError(f"mlp: got bias={bias!r}, expected one of {', '.join(BIASES)}; choose one")
    b = graph("mlp")
    current = b.input("x", batch, inputs)
    b.input("y", batch, outputs)
    if bias == "ones":
        current = b.add("o", WITH_ONE, current)
    b.parameter("W", hidden, inputs + (bias == "ones"))
    vector = b.parameter("b", hidden) if bias == "vector" else None
    b.parameter("U", outputs, hidden)
    b.add("a", op("linear"), {"input": current, "weight": "W", "bias": vector})
    b.add("h", op("sigmoid"), "a")
    b.add("z", op("linear"), {"input": "h", "weight": "U", "bias": None})
    b.add("p", op("softmax"), "z")
    b.add("E", op("mse_loss", reduction="sum"), {"input": "p", "target": "y"})
    return b.build(scores="z")


def relu_classifier(inputs: int = 3, hidden: int = 5, classes: int = 2, batch: Batch = "N") -> Graph:
    """z = U relu(W x) under the sum of the cross-entropies of softmax(z)."""
    b = graph("relu_classifier")
    b.input("x", batch, inputs)
    b.input("t", batch)
    b.parameter("W", hidden, inputs)
    b.parameter("U", classes, hidden)
    b.add("a", op("linear"), {"input": "x", "weight": "W", "bias": None})
    b.add("h", op("relu"), "a")
    b.add("z", op("linear"), {"input": "h", "weight": "U", "bias": None})
    b.add("E", op("cross_entropy", reduction="sum"), {"input": "z", "target": "t"})
    return b.build(scores="z")


def feedforward(activation: str = "sigmoid", batch: Batch = "N") -> Graph:
    """The network of 784 inputs, 500 and 150 hidden units and 10 classes that LeNet is compared with."""
    layers = (_dense(1, 500), _act(1, activation), _dense(2, 150), _act(2, activation), _dense(3, 10))
    return sequential("feedforward", (784,), layers, batch)


HOUBEN = "S. Houben, Computer Vision: Shallow and Deep Neural Networks"
SENK = "J. Senk, G6061 Week 9a: Deep Learning and CNNs, 23/24"
AMRITA = "Amrita Vishwa Vidyapeetham, Introduction to Deep Learning: CNN"
BOULMERKA = "A. Boulmerka, Deep learning, chapter 8: CNNs, 2023-2024"
DECKS = {"D1": HOUBEN, "D2": SENK, "D3": AMRITA, "D4": BOULMERKA}

NETWORKS: dict[str, Network] = {
    "lenet": Network(lenet, "LeNet-5 on grey images of 32 x 32", f"{AMRITA}; {HOUBEN}", digits=True),
    "lenet_rgb": Network(lenet_rgb, "a network like LeNet on colour images of 32 x 32", BOULMERKA),
    "alexnet": Network(alexnet, "AlexNet without padding on colour images of 227 x 227", AMRITA),
    "rgb_layer": Network(rgb_layer, "one convolutional layer on colour images of 32 x 32", f"{SENK}; {BOULMERKA}"),
    "two_weights": Network(two_weights, "two weights in a row, a sigmoid after each", HOUBEN),
    "three_weights": Network(three_weights, "three weights in a row, a sigmoid after each", HOUBEN),
    "mlp": Network(mlp, "the multilayer perceptron U s(W x) with its bias in W", HOUBEN),
    "relu_classifier": Network(relu_classifier, "U relu(W x) under softmax and cross-entropy", HOUBEN),
    "feedforward": Network(feedforward, "784 inputs, 500 and 150 hidden units, 10 classes", HOUBEN),
}
