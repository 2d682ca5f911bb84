"""What the decks print about their networks, as data: what each says, never whether it is right.

`printed` is the deck's line in our notation: formulas and, last, the value, joined by `=`; a size is written in the
deck's order of axes. `of` names a tensor of the graph, or nothing for the whole network.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One printed line: its place (deck and number), its slide, the tensor and the quantity it speaks of."""

    place: str
    slide: str
    of: str
    what: str
    printed: str


def _rows(slide: str, *rows: tuple[str, str, str, str]) -> tuple[Claim, ...]:
    return tuple(Claim(place, slide, of, what, printed) for place, of, what, printed in rows)


LENET = (
    *_rows(
        "LeNet-5 conv 1",
        ("D3-062", "conv1", "side", "(32+0-5)/1+1 = 28"),
        ("D3-063", "conv1", "shape", "28x28x6"),
        ("D3-064", "conv1", "parameters", "5*5*6 = 150"),
        ("D3-065", "conv1", "fully connected", "32*32*28*28*6"),
    ),
    *_rows(
        "LeNet-5 conv 2",
        ("D3-066", "conv2", "side", "(14+0-5)/1+1 = 10"),
        ("D3-067", "conv2", "shape", "10x10x16"),
        ("D3-068", "conv2", "parameters", "5*5*6*16 = 2400"),
        ("D3-069", "conv2", "fully connected", "14*14*6*10*10*16"),
    ),
    *_rows("LeNet-5 FC1", ("D3-070", "flat", "entries", "5*5*16 = 400")),
    *_rows("LeNet-5 FC1", ("D3-070", "fc1", "parameters", "400*120+120 = 48120")),
    *_rows("LeNet-5 FC2", ("D3-071", "fc2", "parameters", "120*84+84 = 10164")),
    *_rows("LeNet-5 FC3", ("D3-072", "fc3", "parameters", "84*10 = 850")),
    *_rows("LeNet", ("D1-190", "", "layers", "7"), ("D1-192", "", "fully connected layers", "3")),
)

LENET_RGB = _rows(
    "Neural network example",
    ("D4-058", "", "order", "CONV-POOL-CONV-POOL-FC-FC-SOFTMAX"),
    ("D4-059", "image", "shape", "32x32x3"),
    ("D4-059", "image", "entries", "3072"),
    ("D4-060", "conv1", "shape", "28x28x8"),
    ("D4-060", "conv1", "entries", "6272"),
    ("D4-060", "conv1", "parameters", "608"),
    ("D4-061", "pool1", "shape", "14x14x8"),
    ("D4-061", "pool1", "entries", "1568"),
    ("D4-061", "pool1", "parameters", "0"),
    ("D4-062", "conv2", "shape", "10x10x16"),
    ("D4-062", "conv2", "entries", "1600"),
    ("D4-062", "conv2", "parameters", "3216"),
    ("D4-063", "pool2", "shape", "5x5x16"),
    ("D4-063", "pool2", "entries", "400"),
    ("D4-063", "pool2", "parameters", "0"),
    ("D4-064", "fc1", "entries", "120"),
    ("D4-064", "fc1", "parameters", "48120"),
    ("D4-065", "fc2", "entries", "84"),
    ("D4-065", "fc2", "parameters", "10164"),
    ("D4-066", "fc3", "entries", "10"),
    ("D4-066", "fc3", "parameters", "850"),
)

ALEXNET = _rows(
    "AlexNet (8 layers)",
    ("D3-077", "", "layers", "8"),
    ("D3-078", "conv1", "shape", "55x55x96"),
    ("D3-079", "conv1", "parameters", "(11*11*3)*96 = 34K"),
    ("D3-080", "pool1", "shape", "27x27x96"),
    ("D3-081", "pool1", "parameters", "0"),
    ("D3-082", "conv2", "shape", "23x23x256"),
    ("D3-083", "conv2", "parameters", "(5*5*96)*256 = 0.6M"),
    ("D3-084", "pool2", "shape", "11x11x256"),
    ("D3-081", "pool2", "parameters", "0"),
    ("D3-085", "conv3", "shape", "9x9x384"),
    ("D3-086", "conv3", "parameters", "(3*3*256)*384 = 0.8M"),
    ("D3-087", "conv4", "shape", "7x7x384"),
    ("D3-088", "conv4", "parameters", "(3*3*384)*384 = 1.327M"),
    ("D3-089", "conv5", "shape", "5x5x256"),
    ("D3-090", "conv5", "parameters", "(3*3*384)*256 = 0.8M"),
    ("D3-091", "pool3", "shape", "2x2x256"),
    ("D3-081", "pool3", "parameters", "0"),
    ("D3-092", "fc1", "parameters", "(2*2*256)*4096 = 4M"),
    ("D3-093", "fc2", "parameters", "4096*4096 = 16M"),
    ("D3-094", "fc3", "parameters", "4096*1000 = 4M"),
    ("D3-095", "", "names", "Conv1 Conv1 Conv1 Conv1 Conv1 FC1 FC1 FC1"),
    ("D3-096", "", "parameters", "27.55M"),
)

RGB_LAYER = (
    *_rows(
        "Convolutional layer",
        ("D2-022", "conv1", "shape", "28x28x6"),
        ("D2-031", "conv1", "side", "(32-5+2*0)/1+1 = 28"),
    ),
    *_rows(
        "Why convolutions",
        ("D4-068", "conv1", "parameters", "6*(5*5+1) = 6*26 = 156"),
        ("D4-069", "conv1", "fully connected", "3072*4704 = 14M"),
    ),
)

MLP = _rows(
    "Multilayer perceptron",
    ("D1-006", "W", "shape", "5x3"),
    ("D1-006", "U", "shape", "2x5"),
)

TWO_WEIGHTS = _rows(
    "Simple case: d = 1, m = 1",
    ("D1-082", "", "value", "sum[n<N] (sigmoid(u*sigmoid(w*x[n])) - y[n])^2"),
    (
        "D1-083",
        "w",
        "gradient",
        "sum[n<N] 2*(sigmoid(u*sigmoid(w*x[n])) - y[n])"
        "*sigmoid(u*sigmoid(w*x[n]))*(1 - sigmoid(u*sigmoid(w*x[n])))*u*sigmoid(w*x[n])*(1 - sigmoid(w*x[n]))*x[n]",
    ),
    (
        "D1-084",
        "u",
        "gradient",
        "sum[n<N] 2*(sigmoid(u*sigmoid(w*x[n])) - y[n])"
        "*sigmoid(u*sigmoid(w*x[n]))*(1 - sigmoid(u*sigmoid(w*x[n])))*sigmoid(w*x[n])",
    ),
)

THREE_WEIGHTS = _rows(
    "Simple case: d = 1, m = 1",
    ("D1-085", "", "value", "sum[n<N] (sigmoid(u*sigmoid(v*sigmoid(w*x[n]))) - y[n])^2"),
    (
        "D1-086",
        "w",
        "gradient",
        "sum[n<N] 2*(sigmoid(u*sigmoid(v*sigmoid(w*x[n]))) - y[n])"
        "*sigmoid(u*sigmoid(v*sigmoid(w*x[n])))*(1 - sigmoid(u*sigmoid(v*sigmoid(w*x[n]))))"
        "*u*sigmoid(v*sigmoid(w*x[n]))*(1 - sigmoid(v*sigmoid(w*x[n])))"
        "*v*sigmoid(w*x[n])*(1 - sigmoid(w*x[n]))*x[n]",
    ),
)

CLAIMS: dict[str, tuple[Claim, ...]] = {
    "lenet": LENET,
    "lenet_rgb": LENET_RGB,
    "alexnet": ALEXNET,
    "rgb_layer": RGB_LAYER,
    "two_weights": TWO_WEIGHTS,
    "three_weights": THREE_WEIGHTS,
    "mlp": MLP,
}
"""Network -> what the decks print about it, in their order. Where a slide writes s', it stands here as s*(1 - s)."""
