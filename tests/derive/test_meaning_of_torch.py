"""What torch computes is what the laws say: values of every law of the field, and sizes of every windowed one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from derive.language.elaborate import from_text
from derive.meaning.integers import Array
from derive.meaning.small_sizes import sizes_of
from tests.derive.evaluate import output_of
from tests.derive.laws import LAWS

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

Draw = Callable[[random.Random], "Case"]


@dataclass
class Case:
    """Tensors by letter, parameters, and what torch says; `exact` where both compute in integers."""

    tensors: dict[str, torch.Tensor]
    parameters: dict[str, Any]
    want: torch.Tensor
    exact: bool = True


def whole(r: random.Random, *shape: int) -> torch.Tensor:
    """Small integers in float64, zeros and ties among them."""
    return torch.tensor(
        [float(r.randint(-4, 4)) for _ in range(torch.Size(shape).numel())], dtype=torch.float64
    ).reshape(shape)


def conv(r: random.Random) -> Case:
    s, d, p, q, g = r.randint(1, 3), r.randint(1, 2), r.randint(0, 2), r.randint(0, 3), r.randint(1, 2)
    cg, kg, t = r.randint(1, 2), r.randint(1, 2), r.randint(1, 3)
    h = max(d * (t - 1) + 1 - p - q, 1) + r.randint(0, 5)
    x, w, b = whole(r, 2, g * cg, h), whole(r, g * kg, cg, t), whole(r, g * kg)
    want = F.conv1d(F.pad(x, (p, q)), w, b, s, 0, d, g)
    return Case({"X": x, "F": w, "b": b}, {"s": s, "d": d, "P": p, "Q": q, "Kg": kg}, want)


def conv_same(r: random.Random) -> Case:
    d, t, h = r.randint(1, 3), r.randint(1, 4), r.randint(3, 8)
    x, w, b = whole(r, 2, 2, h), whole(r, 3, 2, t), whole(r, 3)
    return Case({"X": x, "F": w, "b": b}, {"d": d}, F.conv1d(x, w, b, padding="same", dilation=d))


def conv_transpose(r: random.Random) -> Case:
    s, d, p, g, t = r.randint(1, 3), r.randint(1, 3), r.randint(0, 2), r.randint(1, 2), r.randint(1, 3)
    a = r.randint(0, max(s, d) - 1)
    cg, kg, h = r.randint(1, 2), r.randint(1, 2), r.randint(1, 4)
    h += max(0, -(-(1 + 2 * p - a - d * (t - 1) - 1) // s))
    x, w, b = whole(r, 2, g * cg, h), whole(r, g * cg, kg, t), whole(r, g * kg)
    want = F.conv_transpose1d(x, w, b, s, p, a, g, d)
    return Case({"X": x, "F": w, "b": b}, {"s": s, "d": d, "P": p, "A": a, "Cg": cg}, want)


def window(r: random.Random, pooled: Callable[..., torch.Tensor], dilated: bool = False, **fixed: Any) -> Case:
    t = r.randint(1, 4)
    s, p, d = r.randint(1, 4), r.randint(0, t // 2), r.randint(1, 2) if dilated else 1
    h = max(d * (t - 1) + 1, 2 * p) + r.randint(0, 6)
    x = whole(r, 2, 2, h)
    more = {"dilation": d} if dilated else {}
    parameters = {"s": s, "P": p, "T": t, **({"d": d} if dilated else {})}
    want = pooled(x, t, s, p, **more, **fixed)
    return Case({"X": x}, parameters, want, pooled is F.max_pool1d)


def divided(r: random.Random) -> Case:
    t, u, s, e, n = r.randint(1, 3), r.randint(1, 3), r.randint(1, 2), r.randint(1, 3), r.randint(1, 5)
    p, q = r.randint(0, t // 2), r.randint(0, u // 2)
    x = whole(r, 1, 2, t + r.randint(0, 2), u + r.randint(0, 3))
    want = F.avg_pool2d(x, (t, u), (s, e), (p, q), divisor_override=n)
    return Case({"X": x}, {"T": t, "U": u, "s": s, "t": e, "P": p, "Q": q, "D": n}, want, False)


def powers(r: random.Random, ceil: bool) -> Case:
    t, s = r.randint(1, 3), r.randint(1, 4)
    x = whole(r, 2, 2, t + r.randint(0, 5))
    return Case({"X": x}, {"s": s, "T": t}, F.lp_pool1d(x, 2.0, t, s, ceil_mode=ceil), False)


def pointwise(function: Callable[[torch.Tensor], torch.Tensor], exact: bool = False, **parameters: Any) -> Draw:
    def draw(r: random.Random) -> Case:
        x = whole(r, 9)
        return Case({"X": x}, parameters, function(x), exact)

    return draw


def prelu(r: random.Random, slopes: int) -> Case:
    x, a = whole(r, 2, 3, 4), whole(r, slopes)
    return Case({"X": x, "a": a}, {}, F.prelu(x, a))


def linear(r: random.Random) -> Case:
    x, w, b = whole(r, 3, 4), whole(r, 2, 4), whole(r, 2)
    return Case({"X": x, "W": w, "b": b}, {}, F.linear(x, w, b))


def flatten(r: random.Random) -> Case:
    x = whole(r, 2, 3, 4)
    return Case({"X": x}, {}, x.flatten(1))


def rows(function: Callable[..., torch.Tensor]) -> Draw:
    def draw(r: random.Random) -> Case:
        x = whole(r, 3, 4)
        return Case({"X": x}, {}, function(x, dim=1), False)

    return draw


def squares(r: random.Random) -> Case:
    x, y = whole(r, 3, 4), whole(r, 3, 4)
    return Case({"X": x, "Y": y}, {}, F.mse_loss(x, y), False)


def labelled(r: random.Random) -> Case:
    n, c, h = 2, 3, 4
    x, w = whole(r, n, c, h), whole(r, c).abs() + 1
    t = torch.tensor([[r.choice([0, 1, 2, -100]) for _ in range(h)] for _ in range(n)])
    t[0, 0] = 1  # a mean over nothing is NaN
    m = r.choice([0.0, 0.1, 0.3])
    want = F.cross_entropy(x, t, weight=w, ignore_index=-100, label_smoothing=m)
    return Case({"X": x, "T": t, "w": w}, {"m": m, "g": -100}, want, False)


def distributed(r: random.Random) -> Case:
    x, w = whole(r, 2, 3, 4), whole(r, 3).abs() + 1
    y, m = whole(r, 2, 3, 4).softmax(1), r.choice([0.0, 0.2])
    want = F.cross_entropy(x, y, weight=w, label_smoothing=m)
    return Case({"X": x, "Y": y, "w": w}, {"m": m}, want, False)


def normalised(r: random.Random) -> Case:
    x, g, b = whole(r, 2, 3, 4), whole(r, 3), whole(r, 3)
    want = F.batch_norm(x, None, None, g, b, training=True, eps=0.5)
    return Case({"X": x, "g": g, "b": b}, {"e": 0.5}, want, False)


CASES: dict[str, Draw] = {
    "conv1d grouped": conv,
    "conv1d same": conv_same,
    "conv_transpose1d": conv_transpose,
    "max_pool1d": lambda r: window(r, F.max_pool1d, dilated=True),
    "max_pool1d ceil": lambda r: window(r, F.max_pool1d, dilated=True, ceil_mode=True),
    "avg_pool1d": lambda r: window(r, F.avg_pool1d),
    "avg_pool1d ceil": lambda r: window(r, F.avg_pool1d, ceil_mode=True),
    "avg_pool1d excluded": lambda r: window(r, F.avg_pool1d, count_include_pad=False),
    "avg_pool1d excluded ceil": lambda r: window(r, F.avg_pool1d, count_include_pad=False, ceil_mode=True),
    "avg_pool2d divisor": divided,
    "lp_pool1d": lambda r: powers(r, False),
    "lp_pool1d ceil": lambda r: powers(r, True),
    "linear": linear,
    "flatten": flatten,
    "relu": pointwise(F.relu, exact=True),
    "leaky_relu": pointwise(lambda x: F.leaky_relu(x, 0.125), exact=True, a=0.125),
    "prelu": lambda r: prelu(r, 3),
    "prelu of one slope": lambda r: prelu(r, 1),
    "elu": pointwise(lambda x: F.elu(x, 0.75), a=0.75),
    "sigmoid": pointwise(torch.sigmoid),
    "tanh": pointwise(torch.tanh),
    "softmax": rows(F.softmax),
    "log_softmax": rows(F.log_softmax),
    "mse_loss": squares,
    "cross_entropy of labels": labelled,
    "cross_entropy of probabilities": distributed,
    "batch_norm": normalised,
}
BY_HAND = {"convolution full", "convolution valid", "convolution same"}
SIZED = ["conv1d grouped", "conv1d same", "conv_transpose1d", *(n for n in CASES if "pool" in n)]


def test_every_law_of_the_field_is_compared() -> None:
    assert CASES.keys() | BY_HAND == LAWS.keys()


def arrays(case: Case) -> dict[str, Array]:
    return {n: Array(tuple(t.shape), tuple(_numbers(t, case.exact))) for n, t in case.tensors.items()}


def _numbers(t: torch.Tensor, exact: bool) -> Iterator[Any]:
    for v in t.flatten().tolist():
        yield int(v) if (exact and v == int(v)) or not t.is_floating_point() else v


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CASES)
def test_torch_computes_what_the_law_says(name: str, seed: int) -> None:
    case = CASES[name](random.Random(f"{name} {seed}"))
    found = output_of(from_text(LAWS[name]), arrays(case), case.parameters)
    assert found.shape == tuple(case.want.shape)
    got = torch.tensor([float(v) for v in found.values], dtype=torch.float64)
    want = case.want.flatten()
    if case.exact:
        assert got.tolist() == want.tolist()
    else:
        # either side rounds at most 2^8 times, and nothing it rounds is larger than 2^11: 2 * 2^8 * 2^11 * 2^-53
        assert (got - want).abs().max() <= 2.0**-33


def test_a_wrong_law_is_found_by_the_comparison() -> None:
    case = CASES["conv1d grouped"](random.Random(5))
    wrong = LAWS["conv1d grouped"].replace("+ b[k]", "- b[k]")
    found = output_of(from_text(wrong), arrays(case), case.parameters)
    assert [float(v) for v in found.values] != case.want.flatten().tolist()


@pytest.mark.parametrize("name", SIZED)
def test_extents_are_torchs_on_many_configurations(name: str) -> None:
    op = from_text(LAWS[name])
    r = random.Random(name)
    seen = set()
    for _ in range(60):
        case = CASES[name](r)
        names = dict(case.parameters)
        for t in op.inputs:
            if t.name in case.tensors:
                names |= {
                    b.extent.name: n for b, n in zip(t.axes, case.tensors[t.name].shape, strict=True) if b.extent.name
                }
        sizes = sizes_of(op, names)
        shape = tuple(sizes[b.extent.name or ""] for b in op.output.axes)
        assert shape == tuple(case.want.shape), (names, shape, case.want.shape)
        seen.add(shape[2:])
    assert len(seen) > 4
