"""The laws mean what a plain loop over their indices computes, and what lecture slides print."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from math import exp, sqrt

import pytest

import derive
from derive.language.elaborate import from_text
from derive.meaning.denote import World
from tests.derive.evaluate import array, output_of
from tests.derive.laws import DECKS, LAWS


def draw(r: random.Random, *shape: int) -> dict[tuple[int, ...], int]:
    return {at: r.randint(-4, 4) for at in product(*map(range, shape))}


def nested(cells: dict[tuple[int, ...], int], *shape: int) -> object:
    if not shape:
        return cells[()]
    return [nested({k[1:]: v for k, v in cells.items() if k[0] == n}, *shape[1:]) for n in range(shape[0])]


@pytest.mark.parametrize(("stride", "padding", "dilation"), [((1, 1), (0, 0), (1, 1)), ((2, 3), (1, 2), (2, 1))])
def test_conv2d_is_seven_loops(stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]) -> None:
    r = random.Random(0)
    (s, t), (pad, qad), (d, e) = stride, padding, dilation
    n_, c_, k_, h_, w_, a_, b_ = 2, 2, 3, 6, 7, 2, 3
    x, f, b = draw(r, n_, c_, h_, w_), draw(r, k_, c_, a_, b_), draw(r, k_)
    i_, j_ = (h_ + 2 * pad - d * (a_ - 1) - 1) // s + 1, (w_ + 2 * qad - e * (b_ - 1) - 1) // t + 1
    want = []
    for n, k, i, j in product(range(n_), range(k_), range(i_), range(j_)):
        total = b[k,]
        for c in range(c_):
            for p in range(a_):
                for q in range(b_):
                    total += x.get((n, c, s * i + d * p - pad, t * j + e * q - qad), 0) * f[k, c, p, q]
        want.append(total)
    op = derive.op("conv2d", stride=stride, padding=padding, dilation=dilation)
    found = output_of(
        op, {"X": array(nested(x, n_, c_, h_, w_)), "F": array(nested(f, k_, c_, a_, b_)), "b": array(nested(b, k_))}
    )
    assert found.shape == (n_, k_, i_, j_)
    assert list(found.values) == want


@pytest.mark.parametrize(("stride", "padding"), [(2, 0), (1, 1)])
def test_pooling_windows_are_loops_over_their_real_cells(stride: int, padding: int) -> None:
    r = random.Random(1)
    h_, w_, k = 5, 6, 2
    x = draw(r, 1, 1, h_, w_)
    i_, j_ = (h_ + 2 * padding - k) // stride + 1, (w_ + 2 * padding - k) // stride + 1
    cells = [
        [
            x[0, 0, stride * i + p - padding, stride * j + q - padding]
            for p in range(k)
            for q in range(k)
            if 0 <= stride * i + p - padding < h_ and 0 <= stride * j + q - padding < w_
        ]
        for i in range(i_)
        for j in range(j_)
    ]
    inputs = {"X": array(nested(x, 1, 1, h_, w_))}
    settings = {"kernel_size": k, "stride": stride, "padding": padding}
    assert list(output_of(derive.op("max_pool2d", **settings, dilation=1), inputs).values) == [max(c) for c in cells]
    counted, real = ([Fraction(sum(c), n or len(c)) for c in cells] for n in (k * k, 0))
    assert list(output_of(derive.op("avg_pool2d", **settings), inputs).values) == counted
    assert list(output_of(derive.op("avg_pool2d", **settings, count_include_pad="False"), inputs).values) == real


def test_true_convolutions_are_sums_over_a_plus_b() -> None:
    r = random.Random(2)
    h_, t_ = 6, 3
    x, f = [r.randint(-4, 4) for _ in range(h_)], [r.randint(-4, 4) for _ in range(t_)]
    full = [sum(x[a] * f[b] for a in range(h_) for b in range(t_) if a + b == i) for i in range(h_ + t_ - 1)]
    inputs = {"X": array(x), "F": array(f)}
    for kind, want in (
        ("full", full),
        ("valid", full[t_ - 1 : h_]),
        ("same", full[(t_ - 1) // 2 : (t_ - 1) // 2 + h_]),
    ):
        assert list(output_of(from_text(LAWS[f"convolution {kind}"]), inputs).values) == want


def test_flatten_counts_in_rows() -> None:
    cells = [[[[100 * c + 10 * h + w for w in range(4)] for h in range(3)] for c in range(2)]]
    want = [100 * c + 10 * h + w for c in range(2) for h in range(3) for w in range(4)]
    assert list(output_of(derive.op("flatten"), {"X": array(cells)}).values) == want


def test_cross_entropy_is_the_mean_negative_logarithm_of_the_labels_share() -> None:
    x, labels = [[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]], [2, 0]
    shares = [exp(row[t]) / sum(map(exp, row)) for row, t in zip(x, labels, strict=True)]
    found = output_of(derive.op("cross_entropy"), {"X": array(x), "T": array(labels)})
    product_of_shares = exp(-2 * float(found.values[0]))
    assert abs(product_of_shares - shares[0] * shares[1]) < 2.0**-48  # a dozen roundings of numbers below 8


IMAGE = [[10, 10, 10, 0, 0, 0]] * 6
EDGE = [[1, 0, -1]] * 3
POOLED = [[12, 20, 30, 0], [8, 12, 2, 0], [34, 70, 37, 4], [112, 100, 25, 12]]
STRIDED = [
    [2, 3, 7, 4, 6, 2, 9],
    [6, 6, 9, 8, 7, 4, 3],
    [3, 4, 8, 3, 8, 9, 7],
    [7, 8, 3, 6, 6, 3, 4],
    [4, 2, 1, 8, 3, 4, 6],
    [3, 2, 4, 1, 9, 8, 3],
    [0, 1, 3, 9, 2, 1, 4],
]
PASTED = [[4, 3], [2, 0]]
MASK = [[1, 1, 1], [1, 2, 1], [1, 1, 1]]
X33 = [[1, 2, 3], [4, 5, 6], [7, 8, 10]]
MATRIX_IMAGE = [[4, 3, 2, 4], [6, 2, 4, 4], [3, 5, 3, 7], [6, 1, 9, 8]]

SLIDES = [
    ("cross-correlation of 3x3 and 2x2", {"X": X33, "F": [[1, 2], [3, 4]]}, {}, [37, 47, 67, 81]),
    ("strided convolution", {"X": IMAGE, "F": EDGE}, {"s": 1}, [0, 30, 30, 0] * 4),
    (
        "strided convolution",
        {"X": STRIDED, "F": [[3, 4, 4], [1, 0, 2], [-1, 0, 3]]},
        {"s": 2},
        [91, 100, 88, 69, 91, 117, 44, 72, 74],  # the slide prints 83 and 127, which no reading of it gives
    ),
    (
        "strided convolution",
        {"X": [[100, 100, 200, 200]] * 3, "F": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]},
        {"s": 1},
        [400, 400],
    ),
    ("max-pooling 2x2", {"X": POOLED}, {}, [20, 30, 112, 37]),
    ("max-pooling 2x2", {"X": [[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]}, {}, [6, 8, 3, 4]),
    (
        "average-pooling 2x2",
        {"X": [[1, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]},
        {},
        [Fraction(15, 4), Fraction(5, 4), 4, 2],
    ),
    (
        "transposed convolution of stride 3",
        {"X": PASTED, "F": MASK},
        {},
        [4, 4, 4, 3, 3, 3, 4, 8, 4, 3, 6, 3, 4, 4, 4, 3, 3, 3, 2, 2, 2, 0, 0, 0, 2, 4, 2, 0, 0, 0, 2, 2, 2, 0, 0, 0],
    ),
    (
        "a convolution as a matrix product",
        {"F": MASK, "x": [v for row in MATRIX_IMAGE for v in row]},
        {},
        [34, 38, 44, 46],  # the slide prints 39 first
    ),
    ("one-hot encoding", {"T": [2, 0]}, {"m": 3}, [0, 0, 1, 1, 0, 0]),
    (
        "accuracy",
        {"Y": [[1, 5, 2], [4, 4, 0], [0, 1, 2]], "y": [[0, 1, 0], [0, 1, 0], [0, 0, 1]]},
        {},
        [Fraction(2, 3)],
    ),
    ("ReLU", {"z": [-2, 0, 3]}, {}, [0, 0, 3]),
    ("derivative of ReLU, 1 at 0", {"z": [-2, 0, 3]}, {}, [0, 1, 1]),
    ("leaky ReLU as a maximum", {"x": [-200, 0, 3]}, {}, [-2, 0, 3]),
    ("squared loss", {"y": [1, 0, 0], "Y": [3, -1, 2]}, {}, [9]),
    ("bias as a constant input", {"W": [[1, 2]] * 5, "x": [3, 4], "b": [1, 2, 3, 4, 5]}, {}, [12, 13, 14, 15, 16]),
    ("gradient magnitude", {"I": [[9, 0, 9], [1, 9, 4], [9, 4, 9]]}, {}, [5]),
    ("routing to the winning unit", {"X": [[1, 7], [7, 2]], "g": [[5]]}, {}, [0, 5, 0, 0]),
    ("input normalisation", {"x": [[1, 0], [5, 2]]}, {"n": 2}, [-1, -1, 1, 1]),
    (
        "dE/dX with the flipped filter",
        {"F": [[1, 2], [3, 4]], "g": [[1, 0], [0, 10]]},
        {},
        [1, 2, 0, 3, 14, 20, 0, 30, 40],
    ),
]


@pytest.mark.parametrize(("name", "tensors", "parameters", "want"), SLIDES, ids=[s[0] for s in SLIDES])
def test_a_slide_prints_what_its_formula_says(name: str, tensors: dict, parameters: dict, want: list) -> None:
    found = output_of(from_text(DECKS[name]), {n: array(v) for n, v in tensors.items()}, parameters)
    assert list(found.values) == want


@pytest.mark.parametrize("z", [-3.0, -0.5, 0.0, 2.0])
def test_the_three_forms_of_the_sigmoid_agree(z: float) -> None:
    forms = ("sigmoid by its exponential", "sigmoid by the other quotient", "sigmoid by tanh")
    values = [float(output_of(from_text(DECKS[f]), {"z": array([z])}).values[0]) for f in forms]
    assert max(values) - min(values) <= 2.0**-50  # at most four roundings of numbers below 1 in each form


def test_softmax_of_a_shifted_vector_is_softmax_exactly() -> None:
    y = array([1, -2, 4])
    plain = output_of(from_text(DECKS["softmax"]), {"y": y})
    shifted = output_of(from_text(DECKS["softmax of a shifted vector"]), {"y": y, "c": array(7)})
    assert plain.values == shifted.values  # in the prime field exp(a+b) = exp(a)*exp(b) holds
    assert sum(plain.values) == 1


def test_norm_2_divides_by_the_length() -> None:
    values = output_of(from_text(DECKS["norm 2"]), {"x": array([3.0, 4.0])}).values
    assert list(values) == [3 / sqrt(25), 4 / sqrt(25)]


def test_the_gradient_of_the_flipped_filter_is_the_derived_one() -> None:
    law = derive.op("O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]")
    line = derive.gradient(law, "X").formula
    world = World(
        {"H": 3, "W": 3, "P": 2, "Q": 2, "I": 2, "J": 2},
        {"F": array([[1, 2], [3, 4]]), "dE/dO": array([[1, 0], [0, 10]])},
    )
    found = [world.value(line, {"h": h, "w": w}) for h in range(3) for w in range(3)]
    assert found == [1, 2, 0, 3, 14, 20, 0, 30, 40]
