"""Conventions at ties and kinks: every tie pattern of windows up to four cells, every side of every kink."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from derive.catalogue import op
from derive.conventions import (
    CONVENTIONS,
    D1,
    JAX,
    MEETING,
    TORCH,
    WINNING,
    Choice,
    Convention,
    by_rule,
    chooses_by_values,
    rules,
    speaking,
    under,
    untied,
)
from derive.expressions.expr import Compare, Entry, Expr, Num
from derive.language.show import show
from derive.meaning.exact import Number
from derive.meaning.integers import Array
from derive.operation import Op
from derive.sweep import gradient
from tests.derive.evaluate import world_of

Window = tuple[int, ...]
Shares = list[Fraction]


def weak_orders(cells: int) -> Iterator[Window]:
    """Every pattern of ties and order of so many cells, each once, as ranks from 0 without a gap."""
    yield from (w for w in product(range(cells), repeat=cells) if set(w) == set(range(max(w) + 1)))


def first(window: Window) -> Shares:
    return [Fraction(k == window.index(max(window))) for k in range(len(window))]


def last(window: Window) -> Shares:
    return first(window[::-1])[::-1]


def split(window: Window) -> Shares:
    return [Fraction(x == max(window), window.count(max(window))) for x in window]


BY_RULE: dict[str, Callable[[Window], Shares]] = {"first": first, "last": last, "split": split}


def gradient_at(law: Op, formula: Expr, arrays: dict[str, Array], wrt: str, **parameters: Number) -> list[Number]:
    """A formula's values where the cotangent is 1 everywhere."""
    world = world_of(law, arrays, parameters)
    shape = tuple(world.size(b.extent, {}) for b in law.output.axes)
    count = 1
    for n in shape:
        count *= n
    ones = {f"dE/d{law.output.name}": Array(shape, (1,) * count)}
    world = replace(world, arrays={**world.arrays, **ones})
    axes = law.tensor(wrt).axes
    meaning = world.meaning(formula, {b.name for b in axes})
    return [meaning(point) for point in world.tuples(axes, {})]


def derived(law: Op, wrt: str = "X") -> Expr:
    return gradient(law, wrt).formula


def named(text: str, name: str) -> Op:
    return replace(op(text), name=name)


# -- equal cells -------------------------------------------------------------------------------------------------------

MAXIMUM = op("O[n] = max[c] X[n,c]; X[n<N,c<C]")


@pytest.mark.parametrize("rule", WINNING)
@pytest.mark.parametrize("cells", [1, 2, 3, 4])
def test_every_tie_pattern_of_up_to_four_cells_is_shared_by_the_rule(rule: str, cells: int) -> None:
    windows = list(weak_orders(cells))
    assert len(windows) == {1: 1, 2: 3, 3: 13, 4: 75}[cells]  # the numbers of weak orders
    arrays = {"X": Array((len(windows), cells), tuple(x for w in windows for x in w))}
    got = gradient_at(MAXIMUM, by_rule(MAXIMUM, derived(MAXIMUM), rule), arrays, "X")
    assert got == [share for w in windows for share in BY_RULE[rule](w)]


@pytest.mark.parametrize("rule", WINNING)
def test_a_padded_window_of_two_by_two_shares_among_its_real_cells(rule: str) -> None:
    law = op("max_pool2d", kernel_size=2, stride=2, padding=1, dilation=1)
    formula = by_rule(law, derived(law), rule)
    for window in weak_orders(4):
        # of a 2x2 image with padding 1 every window holds one real cell; of the unpadded law all four are in one
        arrays = {"X": Array((1, 1, 2, 2), window)}
        assert gradient_at(law, formula, arrays, "X") == [1, 1, 1, 1]
        whole = op("max_pool2d", kernel_size=2, stride=2, padding=0, dilation=1)
        assert gradient_at(whole, by_rule(whole, derived(whole), rule), arrays, "X") == BY_RULE[rule](window)


def test_without_ties_the_mask_of_what_equals_the_maximum_is_every_rule() -> None:
    law = op("max_pool2d", kernel_size=2, stride=2, padding=0, dilation=1)
    masked = untied(law, "X")
    assert masked is not None
    for window in weak_orders(4):
        got = gradient_at(law, masked, {"X": Array((1, 1, 2, 2), window)}, "X")
        assert got == [x == max(window) for x in window]
        assert (got == first(window)) == (window.count(max(window)) == 1)
    assert untied(op("relu"), "X") is None
    assert untied(op("O[n] = max[c] X[n,c]^2; X[n<N,c<C]"), "X") is None


def test_the_rules_differ_exactly_where_the_largest_cells_are_equal() -> None:
    for window in weak_orders(4):
        tied = window.count(max(window)) > 1
        assert (first(window) != last(window)) == tied == (first(window) != split(window))


def test_a_named_result_is_rewritten_as_its_formula_is() -> None:
    law = op("max_pool1d")
    d = gradient(law, "X")
    assert d.result != d.formula
    for rule in ("last", "split"):
        assert show(by_rule(law, d.result, rule)) == show(by_rule(law, d.formula, rule))


# -- kinks -------------------------------------------------------------------------------------------------------------

SLOPE = Fraction(1, 4)
KINKS: dict[str, tuple[Op, Fraction, Fraction]] = {
    # the law, and its slopes below and above 0
    "relu": (op("relu"), Fraction(0), Fraction(1)),
    "leaky_relu": (op("leaky_relu", negative_slope=SLOPE), SLOPE, Fraction(1)),
    "max(0, X)": (op("O[...] = max(0, X[...])"), Fraction(0), Fraction(1)),
    "abs": (named("O[...] = max(X[...], -X[...])", "abs"), Fraction(-1), Fraction(1)),
    "abs by cases": (op("O[...] = cases(X[...] < 0, -X[...], X[...])"), Fraction(-1), Fraction(1)),
    "minus relu": (op("O[...] = min(0, -X[...])"), Fraction(0), Fraction(-1)),
    "relu of a multiple": (op("O[...] = max(3*X[...], 0)"), Fraction(0), Fraction(3)),
}


@pytest.mark.parametrize("rule", MEETING)
@pytest.mark.parametrize("name", KINKS)
def test_a_rule_decides_at_the_kink_and_nowhere_else(name: str, rule: str) -> None:
    law, below, above = KINKS[name]
    flipped = "min(0, -X" in law.text  # there what moves is -X, which is below 0 where X is above it
    at = {"below": above if flipped else below, "above": below if flipped else above, "mean": (below + above) / 2}[rule]
    got = gradient_at(law, by_rule(law, derived(law), rule), {"X": Array((3,), (-2, 0, 2))}, "X")
    assert got == [below, at, above]


@pytest.mark.parametrize("rule", MEETING)
def test_elu_and_prelu_follow_the_rule(rule: str) -> None:
    prelu = op("prelu")
    arrays = {"X": Array((3, 1), (-2, 0, 2)), "a": Array((1,), (SLOPE,))}
    at = {"below": SLOPE, "above": 1, "mean": (1 + SLOPE) / 2}[rule]
    assert gradient_at(prelu, by_rule(prelu, derived(prelu), rule), arrays, "X") == [SLOPE, at, 1]
    elu = op("elu", alpha=2)
    at = {"below": 2, "above": 1, "mean": Fraction(3, 2)}[rule]
    found = gradient_at(elu, by_rule(elu, derived(elu), rule), {"X": Array((2,), (0, 2))}, "X")
    assert found == [at, 1]


@pytest.mark.parametrize("rule", MEETING)
@pytest.mark.parametrize("word", ["max", "min"])
def test_the_two_sides_of_a_maximum_share_what_there_is(word: str, rule: str) -> None:
    law = op(f"O[i] = {word}(X[i], Y[i])")
    arrays = {"X": Array((3,), (1, 2, 3)), "Y": Array((3,), (2, 2, 2))}
    by_x, by_y = (gradient_at(law, by_rule(law, derived(law, t), rule), arrays, t) for t in "XY")
    assert [a + b for a, b in zip(by_x, by_y, strict=True)] == [1, 1, 1]
    larger = Fraction({"above": 1, "below": 0, "mean": Fraction(1, 2)}[rule])
    assert by_x == ([0, larger, 1] if word == "max" else [1, 1 - larger, 0])


def test_each_of_two_kinks_is_weighed_by_itself() -> None:
    law = op("O[i] = max(X[i], 0) + max(0, max(X[i], 0))")
    half = gradient_at(law, by_rule(law, derived(law), "mean"), {"X": Array((3,), (-1, 0, 1))}, "X")
    assert half == [0, Fraction(1, 2) + Fraction(1, 4), 2]


# -- authors -----------------------------------------------------------------------------------------------------------


def at_zero(law: Op, convention: Convention) -> Number:
    arrays = {"X": Array((1,) * len(law.output.axes), (0,))}
    return gradient_at(law, under(law, derived(law), convention), arrays, "X")[0]


@pytest.mark.parametrize(
    ("law", "convention", "want"),
    [
        (op("relu"), TORCH, 0),
        (op("relu"), JAX, 0),
        (op("relu"), D1, 1),
        (op("leaky_relu", negative_slope=SLOPE), TORCH, SLOPE),
        (op("leaky_relu", negative_slope=SLOPE), JAX, 1),
        (op("elu", alpha=3), TORCH, 3),
        (KINKS["abs"][0], TORCH, 0),
        (KINKS["abs"][0], JAX, 1),
        (named("O[...] = max(X[...], 0)", "clamp"), TORCH, 1),
        (named("O[...] = max(X[...], 0)", "maximum"), TORCH, Fraction(1, 2)),
        (named("O[...] = max(X[...], 0)", "maximum"), JAX, Fraction(1, 2)),
    ],
)
def test_the_authors_choose_what_is_said_of_them(law: Op, convention: Convention, want: Number) -> None:
    assert at_zero(law, convention) == want


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "prelu", "elu", "max_pool1d", "max_pool2d", "max_pool3d"])
def test_what_is_derived_is_right_under_torchs_convention(name: str) -> None:
    law = op(name)
    for t in law.differentiable:
        formula = derived(law, t.name)
        assert under(law, formula, TORCH) == formula


def test_another_convention_is_another_formula_and_leads_back() -> None:
    law = op("relu")
    other = under(law, derived(law), D1)
    assert show(other) == "dE/dO[...]*[0<=X[...]]"
    assert under(law, other, TORCH) == derived(law)


def test_a_convention_that_says_nothing_changes_nothing() -> None:
    law = op("conv2d")
    assert [under(law, derived(law), c) for c in CONVENTIONS.values()] == [derived(law)] * len(CONVENTIONS)
    assert speaking(law) == ()
    assert [c.name for c in speaking(op("relu"))] == ["torch", "JAX", "deck D1"]


def test_the_rules_of_an_operation_are_those_of_its_maxima() -> None:
    assert rules(op("relu")) == MEETING
    assert rules(op("max_pool2d")) == WINNING
    assert rules(op("linear")) == ()


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="'middle', expected one of above"):
        by_rule(op("relu"), derived(op("relu")), "middle")


@pytest.mark.parametrize("name", CONVENTIONS)
def test_every_choice_names_a_rule_that_its_operation_has(name: str) -> None:
    for choice in CONVENTIONS[name].choices.values():
        assert choice.rule in MEETING + WINNING
        assert choice.says


def test_a_wrong_choice_is_noticed() -> None:
    wrong = Convention("wrong", "nobody", {"relu": Choice("mean", "relu'(0) = 1/2")})
    assert at_zero(op("relu"), wrong) == Fraction(1, 2) not in (at_zero(op("relu"), TORCH), at_zero(op("relu"), D1))


@pytest.mark.parametrize(("law", "chooses"), [("relu", True), ("max_pool2d", True), ("lp_pool1d", True),
                                              ("cross_entropy", False), ("conv2d", False)])  # fmt: skip
def test_a_law_chooses_by_its_data_and_not_by_its_labels(law: str, chooses: bool) -> None:
    own = op(law)
    assert chooses_by_values(own) == chooses
    assert chooses_by_values(own, Compare("<", Num(Fraction(0)), Entry(own.inputs[0].name, ())))
