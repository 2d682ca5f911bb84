"""Graphs of a few nodes that several tests train: a convolutional network, and paths that part and meet again."""

from derive.catalogue import op
from derive.networks.composition import Graph, graph


def tiny_cnn(activation: str = "relu", pooling: str = "max_pool2d") -> Graph:
    """conv - activation - pooling - flatten - linear, and the cross-entropy of three classes."""
    b = graph("tiny")
    x = b.input("image", "N", 1, 6, 6)
    b.input("label", "N")
    x = b.add("conv", op("conv2d"), x, K=2, K_h=3, K_w=3)
    x = b.add("pool", op(pooling, kernel_size=2), b.add("act", op(activation), x))
    x = b.add("fc", op("linear"), b.add("flat", op("flatten"), x), K=3)
    b.add("loss", op("cross_entropy"), {"input": x, "target": "label"})
    return b.build(scores=x)


def forked() -> Graph:
    """One input on two paths that meet again, and one weight used twice."""
    b = graph("forked")
    x = b.input("x", "N", 4)
    b.input("label", "N")
    first = b.add("first", op("linear"), x, K=4)
    again = b.add("again", op("linear"), {"input": first, "weight": "first.weight", "bias": "first.bias"})
    joined = b.add("joined", op("add"), {"input": b.add("act", op("tanh"), again), "other": first})
    b.add("loss", op("cross_entropy"), {"input": joined, "target": "label"})
    return b.build(scores=joined)
