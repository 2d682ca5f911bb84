"""Every entry written out means what the formula means there, and reads as lectures write it."""

from dataclasses import replace

import pytest

import derive
from derive.catalogue import names
from derive.derivation import Derivation
from derive.errors import BackproofError
from derive.expressions.expr import Contract, Entry, InRange, Select, Winner
from derive.expressions.traversal import walk
from derive.meaning.denote import World
from derive.meaning.integers import Array
from derive.meaning.worlds import worlds
from derive.networks.expansion import expand
from reports.by_hand.concrete import concrete_sections
from reports.by_hand.scale import Scale, parse_shapes, scale
from reports.document import Document, Equation, parts
from reports.sections.narrate import derivation_report
from reports.writers import render

DERIVATIONS: list[Derivation] = [
    derive.gradient(op, t.name) for op in map(derive.op, names()) for t in op.differentiable
]


def lines(op: derive.Op, shapes: str, *wrt: str) -> list[str]:
    sections = concrete_sections([derive.gradient(op, w) for w in wrt], shapes)
    return [p.plain for p in parts(sections) if isinstance(p, Equation)]


def without_ties(world: World) -> World:
    """The world with all entries of X different: who wins a tie is said in words, not in the formula."""
    x = world.arrays["X"]
    arrays = {**world.arrays, "X": Array(x.shape, tuple((7 * k) % 1009 - 300 for k in range(len(x.values))))}
    return replace(world, arrays=arrays)


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.title)
def test_every_entry_written_out_has_the_value_of_the_formula(d: Derivation) -> None:
    for tied in worlds(d.op):
        world = without_ties(tied)
        at = Scale(d.op, {n: int(v) for n, v in world.names.items()})
        for place in at.places(d.target.tensor):
            point = dict(zip([b.name for b in d.axes], place, strict=True))
            written = expand(d.formula, at, point)
            assert world.value(written, {}) == world.value(d.formula, point)
            assert not any(isinstance(n, Contract | Select | Winner | InRange) for n in walk(written))
            assert all(i.constant is not None for n in walk(written) if isinstance(n, Entry) for i in n.indices)


@pytest.mark.parametrize("d", DERIVATIONS, ids=lambda d: d.title)
def test_every_entry_of_the_law_written_out_has_its_value(d: Derivation) -> None:
    world = worlds(d.op)[0]
    at = Scale(d.op, {n: int(v) for n, v in world.names.items()})
    for e in d.op.equations:
        for place in at.places(e.target):
            point = dict(zip(e.names, place, strict=True))
            assert world.value(expand(e.body, at, point), {}) == world.value(e.body, point)


def test_a_convolution_of_three_by_three_is_written_as_in_lectures() -> None:
    found = lines(derive.op("conv2d"), "3x3,2x2", "weight", "input")
    assert found[0] == "O[1,1] = X[1,1]·F[1,1] + X[1,2]·F[1,2] + X[2,1]·F[2,1] + X[2,2]·F[2,2]"
    assert found[4] == "∂E/∂F[1,1] = ∂E/∂O[1,1]·X[1,1] + ∂E/∂O[1,2]·X[1,2] + ∂E/∂O[2,1]·X[2,1] + ∂E/∂O[2,2]·X[2,2]"
    assert found[12] == "∂E/∂X[2,2] = ∂E/∂O[1,1]·F[2,2] + ∂E/∂O[1,2]·F[2,1] + ∂E/∂O[2,1]·F[1,2] + ∂E/∂O[2,2]·F[1,1]"
    assert len(found) == 4 + 4 + 9


def test_strides_and_padding_are_put_in() -> None:
    found = lines(derive.op("conv2d", stride=2, padding=1), "4x4,2x2", "input")
    assert found[0] == "O[1,1] = X[1,1]·F[2,2]"
    assert found[-1] == "∂E/∂X[4,4] = ∂E/∂O[3,3]·F[1,1]"


def test_pooling_asks_for_the_winner() -> None:
    found = lines(derive.op("max_pool2d", stride=1), "3x3,2x2", "input")
    assert found[0] == "O[1,1] = max(X[1,1], X[1,2], X[2,1], X[2,2])"
    assert found[5] == "∂E/∂X[1,2] = ∂E/∂O[1,1]·[X[1,2]=O[1,1]] + ∂E/∂O[1,2]·[X[1,2]=O[1,2]]"


def test_labels_count_from_one_as_classes_do() -> None:
    found = lines(derive.op("cross_entropy"), "2x3", "input")
    assert found[-1] == "∂E/∂X[2,3] = 1/2·∂E/∂O·(P[2,3] - [T[2]=3])"


def test_a_tensor_without_a_shape_gets_one_that_fits() -> None:
    assert lines(derive.op("linear"), "3", "weight")[0] == "O[1] = X[1]·W[1,1] + X[2]·W[1,2] + X[3]·W[1,3]"


def test_the_bias_is_there_when_it_is_asked_for() -> None:
    found = lines(derive.op("conv2d"), "3x3,2x2", "bias")
    assert found[0].endswith(" + b")
    assert found[-1] == "∂E/∂b = ∂E/∂O[1,1] + ∂E/∂O[1,2] + ∂E/∂O[2,1] + ∂E/∂O[2,2]"


def test_axes_that_are_given_are_shown_even_with_one_entry() -> None:
    found = lines(derive.op("conv2d"), "1x2,1x2", "weight")
    assert found == [
        "O[1,1] = X[1,1]·F[1,1] + X[1,2]·F[1,2]",
        "∂E/∂F[1,1] = ∂E/∂O[1,1]·X[1,1]",
        "∂E/∂F[1,2] = ∂E/∂O[1,1]·X[1,2]",
    ]


@pytest.mark.parametrize(
    ("shapes", "named"),
    [
        ("3x3,2y2", "'2y2'"),
        ("", "''"),
        ("3xx3", "'3xx3'"),
        ("-3x3", "'-3x3'"),
        ("3x3,5x5", "expected at least 1"),
        ("1x1x1x3x3,2x2", "at most 4 axes"),
        ("3x3,2x2,2x2", "1 shapes more than inputs"),
        ("99999x3,2x2", "'99999x3'"),
        ("200x200,3x3", "expected at most 2000"),
        ("0x3,2x2", "empty"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_one_line(shapes: str, named: str) -> None:
    with pytest.raises(BackproofError, match=named.replace("'", ".")) as error:
        concrete_sections([derive.gradient("conv2d", "input")], shapes)
    assert "\n" not in str(error.value)


def test_a_pooling_without_a_window_asks_for_it() -> None:
    with pytest.raises(BackproofError, match="kernel_size"):
        scale(derive.op("max_pool2d"), parse_shapes("4x4"))


def test_the_report_has_the_entries_where_they_are_asked_for() -> None:
    document = derivation_report(derive.gradient("conv2d", "weight"), concrete="3x3,2x2")
    assert isinstance(document, Document)
    for form in ("text", "md", "html", "tex"):
        assert "Written out for" in render(document, form)
