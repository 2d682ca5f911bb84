"""The size of every windowed output is derived in its report, in the textbook's form, and is the shape torch gives."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import pytest
import torch

import derive
from derive.catalogue import FAMILIES, RECIPES, variants
from derive.catalogue.learned import LEARNED, parameter_count
from derive.catalogue.torch_arguments import torch_arguments
from derive.expressions.expr import Cases, Maximum, Minimum, Select
from derive.expressions.index import index
from derive.expressions.traversal import walk
from derive.language.notation import parse_index
from derive.networks.instance import Instance
from derive.operation import Op
from derive.sizes import Sizing
from numeric.checks.samples import draw
from reports.document import Document, Math
from reports.mathematics.names import Names
from reports.mathematics.size_text import size_text
from reports.sections.law_section import kinks, law_section
from reports.sections.size_section import learned_sentence, size_section, with_numbers
from reports.writers.output import render
from reports.writers.registry import FORMATS

VARIANTS = [(f"{o.name} {dict(o.settings)}", o) for name in RECIPES for o in variants(name)]
WINDOWED = [(title, o) for title, o in VARIANTS if o.sizings]
TRANSPOSED = derive.op("O[i] = sum[p<K] X[(i+P-d*p)/s]*F[p]; X[h<H]; size i touch - P + A")
CEILED = derive.op("O[i] = max[p<K] X[s*i+p-P]; X[h<H]; pad X.h by P, P; size i ceil")


def shown(op: Op) -> str:
    return render(Document("", tuple(size_section(op, Names.of(op)))), "text")


def plain(s: Sizing) -> str:
    return size_text(s.size, lambda n: Math(n, n)).plain


def as_notation(text: str) -> str:
    """A textbook's formula in the notation: `floor(a/b)` is `(a//b)`."""
    return text.replace("floor", "").replace("/", "//")


@pytest.mark.parametrize(("title", "op"), WINDOWED, ids=[t for t, _ in WINDOWED])
def test_the_report_of_a_windowed_operation_derives_its_sizes(title: str, op: Op) -> None:
    page = " ".join(shown(op).split())
    for s in op.sizings:
        formula = plain(s).replace("*", "·")
        assert f"{s.symbol} = {formula}" in page
    assert "ends inside" in page or "real read" in page
    assert "values." in page


@pytest.mark.parametrize(("title", "op"), WINDOWED, ids=[t for t, _ in WINDOWED])
def test_a_textbook_formula_is_the_size_of_the_law(title: str, op: Op) -> None:
    for s in op.sizings:
        if "min(" not in plain(s):
            assert parse_index(as_notation(plain(s))) == s.size
            assert parse_index(as_notation(plain(s)) + " + 1") != s.size


def torch_shape(op: Op, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The output's shape as the law's sizes have it, and as torch gives it."""
    sample = draw(op, seed, "real")
    function = reduce(getattr, op.source.removeprefix("torch.").split("."), torch)
    tensors = {n: torch.from_numpy(a.copy()).double() for n, a in sample.given.items()}
    arguments = torch_arguments(op, sample.names)
    found = function(**tensors, **{n: float(v) if isinstance(v, Fraction) else v for n, v in arguments.items()})
    return sample.cotangent.shape, tuple(found.shape)


# torch has no padding of two sides, and no convolution that flips its filter
TORCH_TAKES = [(t, o) for t, o in WINDOWED if not {"U", "U_h"} & o.symbols and o.source.startswith("torch.")]


@pytest.mark.parametrize(("title", "op"), TORCH_TAKES, ids=[t for t, _ in TORCH_TAKES])
def test_the_size_is_the_shape_that_torch_gives(title: str, op: Op) -> None:
    for seed in range(6):
        ours, theirs = torch_shape(op, seed)
        assert ours == theirs


def test_the_textbook_s_forms() -> None:
    conv, pool = shown(derive.op("conv1d")), shown(derive.op("avg_pool1d"))
    assert "I = floor((H + 2·P - d·(M - 1) - 1)/s) + 1" in conv
    assert "With dilation 1: I = floor((H + 2·P - M)/s) + 1." in conv
    assert "I = H - M + 1" in conv
    assert "I = floor((H + 2·P - M)/s) + 1" in pool
    assert "With torch's defaults, stride M, padding 0: I = floor((H - M)/M) + 1." in pool


def test_a_transposed_convolution_adds_what_the_law_adds() -> None:
    told = " ".join(shown(TRANSPOSED).split())
    assert "I = s·(H - 1) + d·(K - 1) + A - 2·P + 1" in told
    assert "To this the law adds A - P" in told
    assert "i + P - d·(K - 1) ≤ s·(H - 1)" in told


def test_torch_s_ceil_mode_has_two_bounds_and_says_what_a_ceiling_is() -> None:
    told = " ".join(shown(CEILED).split())
    assert "A window begins before the end where s·i - P ≤ H - 1" in told
    assert "floor((a + s - 1)/s) = ceil(a/s)" in told
    assert "I = min(floor((H + 2·P + s - K - 1)/s) + 1, floor((H + P - 1)/s) + 1)" in told


def test_axes_with_the_same_reasoning_are_told_once() -> None:
    assert shown(derive.op("conv3d")).count("ends inside where") == 1
    assert shown(derive.op("conv3d")).count("In the same way") == 2


def test_an_operation_without_a_derived_size_has_no_section_of_it() -> None:
    assert size_section(derive.op("linear"), Names.of(derive.op("linear"))) == []


@pytest.mark.parametrize(
    ("name", "settings", "formula", "sizes", "count"),
    [
        ("conv2d", {}, "K*C*K_h*K_w + K", {"K": 6, "C": 1, "K_h": 5, "K_w": 5}, 156),
        ("conv2d", {"groups": 2}, "2*K*C*K_h*K_w + 2*K", {"K": 3, "C": 2, "K_h": 3, "K_w": 3}, 114),
        ("linear", {}, "K*C + K", {"K": 120, "C": 400}, 48120),
    ],
)
def test_the_numbers_that_a_layer_learns_are_counted(
    name: str, settings: dict, formula: str, sizes: dict[str, int], count: int
) -> None:
    op = derive.op(name, **settings)
    found = parameter_count(op)
    assert found == parse_index(formula)
    assert found.substitute({n: index(v) for n, v in sizes.items()}).constant == count
    told = " ".join(p.plain if isinstance(p, Math) else p.text for p in learned_sentence(op, Names.of(op)))
    assert ("·" in told and "F" in told) or name == "linear"


def test_sizes_and_counts_are_told_with_the_numbers_of_a_worked_shape() -> None:
    names = {"N": 1, "C": 1, "K": 6, "H": 32, "W": 32, "K_h": 5, "K_w": 5, "I": 28, "J": 28}
    names |= dict.fromkeys(("s_h", "s_w", "d_h", "d_w"), 1) | {"P_h": 0, "P_w": 0}
    op = derive.op("conv2d")

    def told(absent: frozenset[str]) -> str:
        shown = with_numbers(Instance(op, names, absent), Names.of(op))
        return "".join(p.plain if isinstance(p, Math) else p.text for p in shown)

    assert told(frozenset()).endswith("; learned: 6·1·5·5 + 6 = 156 numbers.")
    assert told(frozenset({"b"})).endswith("; learned: 6·1·5·5 = 150 numbers.")
    assert "I = floor((32 + 2·0 - 1·(5 - 1) - 1)/1) + 1 = 28" in told(frozenset())
    relu = derive.op("relu")
    assert with_numbers(Instance(relu, {"L": 3}), Names.of(relu)) == ()


def test_pooling_and_losses_learn_nothing() -> None:
    for name in RECIPES:
        if not LEARNED & set(RECIPES[name].tensors.values()):
            assert parameter_count(derive.op(name)) is None
    for name in (*FAMILIES["loss"], "max_pool2d", "relu"):
        assert all(parameter_count(v) is None for v in variants(name))
    assert parameter_count(derive.op("O[k] = sum[c] input[c]*weight[k,c]")) is None


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "json"])
def test_every_format_shows_the_derivation_of_a_size(form: str) -> None:
    op = derive.op("max_pool1d")
    text = render(Document("", (law_section(op),)), form)
    assert "window ends inside where" in text
    assert "torch's defaults" in text or "torch’s defaults" in text or "torch&#39;s defaults" in text


# -- kinks and ties ----------------------------------------------------------------------------------------------------

KINKED = [(t, o) for t, o in VARIANTS if list(kinks(o))]


@pytest.mark.parametrize(("title", "op"), KINKED, ids=[t for t, _ in KINKED])
def test_every_law_with_a_kink_names_its_convention_in_its_report(title: str, op: Op) -> None:
    told = render(Document("", (law_section(op),)), "text")
    assert "Convention: " in told
    words = ("tie", "meet", "(0)", "at 0", "is 0", "cases")
    assert any(word in told.partition("Convention: ")[2] for word in words)


def test_the_kinks_of_a_law_of_ones_own_are_named_too() -> None:
    op = derive.op("O[i] = max(X[i], Y[i]) + min(X[i], 0) + (max[p<2] Z[2*i+p]) + cases(X[i] < 0, X[i], 2*X[i])")
    told = " ".join(render(Document("", (law_section(op),)), "text").split())
    for word in ("max(a, b) meet", "min(a, b) meet", "the first winner", "the branch whose condition holds"):
        assert word in told
    assert {Maximum, Minimum, Select, Cases} <= {type(n) for n in walk(op.equations[0].body)}
    assert "Convention: " not in render(Document("", (law_section(derive.op("O[i] = X[i]^2")),)), "text")
