"""Configurations are redrawn from their seed, fit their law, and contain what exposes mistakes."""

from collections.abc import Callable

import numpy as np
import pytest

from derive.catalogue import names, op
from derive.errors import OperationError
from derive.operation import Op
from numeric.calling.binding import bind
from numeric.checks.samples import Sample, configurations, draw, exposes, fitting, passed_shape

OWN = [
    "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]",
    "O[i] = sum[p] X[s*i+d*p-P]*F[p]; pad X.h by P, P",
    "O[n,d] = W[T[n],d]; W[v<V,d<D]; T[n<N]; integer T",
    "O[i] = log(X[i]) + sqrt(Y[i])",
    "O = sum[i] X[i]*Y[i]",
    "O[...,a,b] = sum[c] X[...,a,c]*Y[...,c,b]",
]


def laws() -> list[Op]:
    return [op(name) for name in names()] + [op(text) for text in OWN]


@pytest.mark.parametrize("law", laws(), ids=lambda law: law.text[:40])
@pytest.mark.parametrize("kind", ["integer", "real"])
def test_samples_fit_their_law(law: Op, kind: str) -> None:
    for sample in configurations(law, 12, seed=3, kind=kind):
        values = {p.name: sample.names[p.name] for p in law.parameters}
        given = {t.name: sample.given[t.argument] for t in law.inputs if t.argument in sample.given}
        shapes = {n: sample.flat(law.tensor(n), a).shape for n, a in given.items()}
        missing = {
            t.name: sample.flat(t, np.zeros(passed_shape(t, sample))).shape for t in law.inputs if t.name not in given
        }
        binding = bind(law, {**shapes, **missing}, values)
        assert all(binding.names[n] == v for n, v in sample.names.items())
        assert sample.cotangent.shape == passed_shape(law.output, sample)
        assert all(a.size for a in sample.given.values())


@pytest.mark.parametrize("law", laws(), ids=lambda law: law.text[:40])
def test_a_sample_is_redrawn_from_its_seed(law: Op) -> None:
    for kind in ("integer", "real"):
        a, b = draw(law, 5, kind), draw(law, 5, kind)
        assert str(a) == str(b)
        assert all(np.array_equal(a.given[k], b.given[k]) for k in a.given)
        assert np.array_equal(a.cotangent, b.cotangent)
    drawn = [str(s).partition(":")[2] + str([a.tobytes() for a in s.given.values()]) for s in configurations(law, 8)]
    assert len(set(drawn)) > 1


FEATURES: dict[str, Callable[[Sample], bool]] = {
    "leftover rows": lambda s: (
        (s.names["H"] + 2 * s.names["P_h"] - s.names["d_h"] * (s.names["K_h"] - 1) - 1) % s.names["s_h"] > 0
    ),
    "overlap": lambda s: s.names["s_h"] < s.names["K_h"] and s.names["I"] > 1,
    "gaps": lambda s: s.names["s_h"] > s.names["d_h"] * (s.names["K_h"] - 1) + 1 and s.names["I"] > 1,
    "padding": lambda s: s.names["P_h"] > 0,
    "dilation": lambda s: s.names["d_h"] > 1 and s.names["K_h"] > 1,
    "batch": lambda s: s.names["N"] > 1,
    "channels": lambda s: s.names["C"] > 1,
    "an axis of one cell": lambda s: any(1 in a.shape for a in s.given.values()),
    "different strides": lambda s: s.names["s_h"] != s.names["s_w"],
    "different paddings": lambda s: s.names["P_h"] != s.names["P_w"],
    "different dilations": lambda s: s.names["d_h"] != s.names["d_w"],
    "different windows": lambda s: s.names["K_h"] != s.names["K_w"],
    "negative numbers": lambda s: bool((s.given["input"] < 0).any()),
    "zeros": lambda s: bool((s.given["input"] == 0).any()),
    "ties": lambda s: len(np.unique(s.given["input"])) < s.given["input"].size,
    "another layout": lambda s: not s.given["input"].flags.c_contiguous,
}


@pytest.mark.parametrize("name", ["conv2d", "max_pool2d"])
@pytest.mark.parametrize("feature", FEATURES)
def test_two_dozen_configurations_have_what_exposes_mistakes(name: str, feature: str) -> None:
    found = [s for s in configurations(op(name), 24) if FEATURES[feature](s)]
    assert len(found) >= 2


def test_no_feature_is_always_there_so_that_plain_sizes_are_drawn_too() -> None:
    samples = list(configurations(op("conv2d"), 60))
    for feature in ("padding", "dilation", "leftover rows", "overlap"):
        assert not all(FEATURES[feature](s) for s in samples)


def test_real_data_are_plain_wide_and_saturated_in_turn() -> None:
    samples = [draw(op("softmax"), seed, "real") for seed in range(12)]
    assert [s.kind for s in samples[:3]] == ["plain", "wide", "saturated"]
    assert any((np.abs(s.given["input"]) == 800).any() for s in samples)
    for s in samples:
        assert (s.given["input"] == s.given["input"].astype(np.float32)).all()


def test_data_leave_the_places_where_a_law_has_no_value() -> None:
    for sample in configurations(op("O[i] = log(X[i])"), 6, kind="real"):
        assert (sample.given["X"] > 0).all()
        assert sample.kind == "positive"


def test_integers_are_multiples_of_what_is_asked_for() -> None:
    sample = draw(op("mse_loss"), 4, "integer", largest=5, multiple=6)
    assert (sample.given["input"] % 6 == 0).all()
    assert np.abs(sample.given["input"]).max() <= 30


def test_labels_are_in_range_and_reach_both_ends() -> None:
    samples = list(configurations(op("cross_entropy"), 30))
    assert all((s.given["target"] >= 0).all() and (s.given["target"] < s.names["C"]).all() for s in samples)
    assert any((s.given["target"] == 0).any() for s in samples)
    assert any((s.given["target"] == s.names["C"] - 1).any() and s.names["C"] > 1 for s in samples)


def test_an_optional_tensor_is_there_or_not() -> None:
    there = ["bias" in s.given for s in configurations(op("linear"), 24)]
    assert True in there
    assert False in there


def test_leading_axes_are_none_one_or_several() -> None:
    assert {len(s.shared.leading) for s in configurations(op("relu"), 40)} >= {1, 2}
    assert any(s.given["input"].shape == () for s in configurations(op("relu"), 200))


def test_sizes_that_are_empty_or_do_not_fit_are_refused() -> None:
    law = op("O[i] = sum[p] X[i+p]*F[p]")
    symbols = sorted(law.symbols - {n for n, _ in law.sizes})
    assert fitting(law, dict.fromkeys(symbols, 3)) is not None
    assert fitting(law, dict.fromkeys(symbols, 0)) is None
    pool = op("max_pool2d")
    good = {n: 4 if n in "HW" else 1 for n in sorted(pool.symbols - {"I", "J"})}
    assert fitting(pool, {**good, "K_h": 2, "K_w": 2}) is not None
    assert fitting(pool, {**good, "K_h": 1, "K_w": 1, "P_h": 1}) is None


def test_sizes_that_differ_expose_more_than_sizes_that_agree() -> None:
    law = op("conv2d")
    free = sorted(law.symbols - {n for n, _ in law.sizes})
    same = fitting(law, {n: 1 if n[0] in "sd" else 0 if n[0] == "P" else 2 for n in free})
    other = {
        "N": 2,
        "C": 3,
        "K": 4,
        "H": 8,
        "W": 9,
        "K_h": 2,
        "K_w": 3,
        "s_h": 3,
        "s_w": 2,
        "d_h": 1,
        "d_w": 2,
        "P_h": 1,
        "P_w": 2,
    }
    different = fitting(law, other)
    assert same is not None
    assert different is not None
    assert exposes(law, different) > exposes(law, same)


def test_a_law_without_fitting_sizes_is_refused() -> None:
    with pytest.raises(OperationError, match="no sizes"):
        draw(op("O[i] = max[p<0] X[i+p]; size i = H; X[h<H]"), 0)


def test_a_window_without_a_real_cell_is_never_drawn() -> None:
    law = op("max_pool2d", kernel_size=2, stride=1, padding=1, dilation=3)
    for sample in configurations(law, 12):
        assert sample.names["H"] > 2
        assert sample.names["W"] > 2
