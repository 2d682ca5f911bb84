"""Extents that follow from a law's reads are torch's output shapes, for random strides, padding and windows."""

from functools import cache
from random import Random

import pytest
import torch
from torch.nn import functional

from derive.errors import OperationError
from derive.language.elaborate import from_text
from derive.meaning.integers import Integers

CONV = "O[i] = sum[p<K] X[s*i+d*p-P]*F[p]; X[h<H]; pad X.h by P, P"
POOL = "O[i] = max[p<K] X[s*i+d*p-P]; X[h<H]; pad X.h by P, P; size i {}"
TRANSPOSED = "O[i] = sum[p<K] X[(i+P-d*p)/s]*F[p]; X[h<H]; size i touch - P + A"
TRIALS = 60


operation = cache(from_text)


def extent(text: str, **numbers: int) -> int | None:
    """The number of values of `i` in a law of one axis, with these sizes and parameters."""
    law = operation(text)
    symbol = law.output.axes[0].extent
    return Integers(numbers, {}).integer(symbol.substitute(dict(law.sizes)), {})


def configuration(random: Random) -> dict[str, int]:
    """Sizes with a window that fits: K taps d apart, read every s cells of H with P zeros on both sides."""
    k, d, s, p = random.randint(1, 4), random.randint(1, 3), random.randint(1, 4), random.randint(0, 3)
    least = max(1, d * (k - 1) + 1 - 2 * p)
    return {"K": k, "d": d, "s": s, "P": p, "H": least + random.randint(0, 9)}


CONFIGURATIONS = [[configuration(Random(f"{axis} {k}")) for axis in "hw"] for k in range(TRIALS)]


def pairs(axes: list[dict[str, int]], name: str) -> tuple[int, ...]:
    return tuple(a[name] for a in axes)


def image(axes: list[dict[str, int]]) -> torch.Tensor:
    return torch.zeros(1, 1, *pairs(axes, "H"))


def as_conv2d(axes: list[dict[str, int]]) -> tuple[int, ...]:
    weight = torch.zeros(1, 1, *pairs(axes, "K"))
    found = functional.conv2d(
        image(axes), weight, stride=pairs(axes, "s"), padding=pairs(axes, "P"), dilation=pairs(axes, "d")
    )
    return tuple(found.shape[2:])


def as_max_pool2d(axes: list[dict[str, int]], ceil_mode: bool) -> tuple[int, ...]:
    found = functional.max_pool2d(
        image(axes),
        pairs(axes, "K"),
        stride=pairs(axes, "s"),
        padding=pairs(axes, "P"),
        dilation=pairs(axes, "d"),
        ceil_mode=ceil_mode,
    )
    return tuple(found.shape[2:])


def as_conv_transpose2d(axes: list[dict[str, int]]) -> tuple[int, ...]:
    weight = torch.zeros(1, 1, *pairs(axes, "K"))
    found = functional.conv_transpose2d(
        image(axes),
        weight,
        stride=pairs(axes, "s"),
        padding=pairs(axes, "P"),
        output_padding=pairs(axes, "A"),
        dilation=pairs(axes, "d"),
    )
    return tuple(found.shape[2:])


def half_padded(axes: list[dict[str, int]]) -> list[dict[str, int]]:
    """The same with padding of at most half a window, which is all that torch's poolings take."""
    return [{**a, "P": min(a["P"], a["K"] // 2), "H": a["H"] + 2 * a["P"]} for a in axes]


def transposed(axes: list[dict[str, int]], random: Random) -> list[dict[str, int]]:
    """The same with an output padding below the stride or the dilation, and an output that is not empty."""
    with_more = [{**a, "A": random.randrange(max(a["s"], a["d"]))} for a in axes]
    return [{**a, "H": a["H"] + a["P"] * 2, "P": min(a["P"], a["d"] * (a["K"] - 1) // 2)} for a in with_more]


@pytest.mark.parametrize("text", [CONV, CONV + "; size i fit"], ids=["without a size", "fit"])
def test_the_rule_fit_gives_the_output_of_conv2d(text):
    for axes in CONFIGURATIONS:
        assert tuple(extent(text, **a) for a in axes) == as_conv2d(axes), axes


@pytest.mark.parametrize(("rule", "ceil_mode"), [("fit", False), ("ceil", True)])
def test_the_rules_fit_and_ceil_give_the_output_of_max_pool2d(rule, ceil_mode):
    for axes in map(half_padded, CONFIGURATIONS):
        assert tuple(extent(POOL.format(rule), **a) for a in axes) == as_max_pool2d(axes, ceil_mode), axes


def test_the_rules_fit_and_ceil_differ_on_these_configurations():
    sizes = [tuple(extent(POOL.format(r), **a) for r in ("fit", "ceil")) for axes in CONFIGURATIONS for a in axes]
    assert 10 < sum(fit != ceil for fit, ceil in sizes) < len(sizes) - 10


def test_the_rule_touch_gives_the_output_of_conv_transpose2d():
    for k, axes in enumerate(CONFIGURATIONS):
        axes = transposed(axes, Random(k))
        assert tuple(extent(TRANSPOSED, **a) for a in axes) == as_conv_transpose2d(axes), axes


def test_a_law_with_another_padding_does_not_give_the_output_of_conv2d():
    wrong = CONV.replace("by P, P", "by P, P+1")
    assert any(tuple(extent(wrong, **a) for a in axes) != as_conv2d(axes) for axes in CONFIGURATIONS)


def test_a_size_that_is_given_is_taken_as_it_is():
    same = "O[i] = sum[p<K] X[i+d*p-d*(K-1)//2]*F[p]; X[h<H]; size i = H"
    odd = [axes for axes in CONFIGURATIONS if all(a["K"] % 2 for a in axes)]
    assert odd
    for axes in odd:
        kernel = torch.zeros(1, 1, *pairs(axes, "K"))
        with_same = functional.conv2d(image(axes), kernel, padding="same", dilation=pairs(axes, "d"))
        assert tuple(extent(same, **a) for a in axes) == tuple(with_same.shape[2:])


def test_the_extents_of_a_halo_of_two_sides_are_those_of_a_padded_image():
    text = "O[i] = sum[p<K] X[s*i+p-A]*F[p]; X[h<H]; pad X.h by A, B"
    random = Random("sides")
    for _ in range(TRIALS):
        k, s, a, b = random.randint(1, 4), random.randint(1, 3), random.randint(0, 3), random.randint(0, 3)
        h = k + random.randint(0, 6)
        padded = functional.pad(torch.zeros(1, 1, h), (a, b))
        found = functional.conv1d(padded, torch.zeros(1, 1, k), stride=s)
        assert extent(text, K=k, s=s, A=a, B=b, H=h) == found.shape[2]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("O[i] = sum[p<K] X[i-p]*F[p]; X[h<H]; size i touch", lambda h, k: h + k - 1),
        ("O[i] = sum[p<K] X[i+K-1-p]*F[p]; X[h<H]; size i fit", lambda h, k: h - k + 1),
        ("O[i] = sum[p<K] X[i+(K-1)//2-p]*F[p]; X[h<H]; size i = H", lambda h, k: h),
    ],
    ids=["full", "valid", "same"],
)
def test_true_convolutions_have_the_lengths_that_numpy_gives_them(text, length):
    for h in range(4, 9):
        for k in range(1, 5):
            assert extent(text, H=h, K=k) == length(h, k)


REFUSED = {
    "O[i] = sum[p<K] X[i*i+p]; X[h<H]": "index i: got the access i*i+p, expected stride*i + rest",
    "O[i] = sum[p<K] X[i+p*p]; X[h<H]": "index i: got the access i+p*p, expected it to be linear in p",
    "O[i] = sum[p<K] X[i+p-P]; X[h<H]; pad X.h by Q, P": "index i: got a halo of Q below h, expected P",
    "O[i] = sum[p<K] X[i+p]*Y[i+2*p]; X[h<H]; Y[w<W]": "index i: got sizes",
    "O[i] = sum[p<K] X[i-p]; X[h<H]; pad X.h by 1, 1; size i touch": "got a halo for h under the rule touch",
    "O[i] = 1": "index i of O: got no read that limits it",
    "O[i] = X[i]; size j fit": "size j: got index j, expected one of i",
    "O[i] = X[i]; X[h<H]; pad X.h by 1, 1": "pad X.h: got a halo that no size needs",
}


@pytest.mark.parametrize(("text", "message"), REFUSED.items(), ids=REFUSED.keys())
def test_a_size_that_does_not_follow_is_refused_with_its_reason(text, message):
    with pytest.raises(OperationError) as error:
        from_text(text)
    assert message in str(error.value)
    assert "; " in str(error.value)


def test_a_sizing_says_its_rule_its_bounds_and_the_size():
    (sizing,) = from_text(CONV).sizings
    assert (sizing.rule, sizing.output, sizing.symbol) == ("fit", "i", "I")
    lines = str(sizing).split("\n")
    assert lines[0] == "size of i by the rule fit: h is read at s*i+d*p-P"
    assert lines[-1].strip().startswith("I = ")
    assert dict(from_text(CONV).sizes)["I"] == sizing.size
