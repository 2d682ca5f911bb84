"""A derivation is as short as a lecturer's: trivial steps share a line, and none is left out."""

import pytest

import derive.sweep
from derive.derivation import Step
from derive.expressions.expr import ZERO
from derive.laws.law import LAWS
from derive.lecture import TOGETHER, laws_of, lecture
from tests.derive.derivations import CASES, derived, title


@pytest.mark.parametrize("case", CASES, ids=title)
def test_every_step_is_in_one_line_in_its_place(case):
    d = derived(case)
    lines = lecture(d.steps)
    assert [step for line in lines for step in line] == list(d.steps)
    assert all(line for line in lines)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_a_line_of_several_laws_is_one_that_says_so(case):
    for line in lecture(derived(case).steps):
        laws = set(laws_of(line))
        assert len(laws) == 1 or any(laws <= set(together) for together in TOGETHER)


@pytest.mark.parametrize(("wrt", "least", "most"), [("weight", 6, 12), ("input", 6, 12), ("bias", 3, 8)])
def test_the_gradients_of_a_convolution_are_as_long_as_on_a_blackboard(wrt, least, most):
    lines = lecture(derive.sweep.gradient("conv2d", wrt).steps)
    assert least <= 1 + len(lines) <= most  # the chain rule is a line too


def test_steps_of_one_kind_share_a_line_only_side_by_side():
    laws = ["linearity", "independent", "chain rule", "constant factor", "range", "range", "name"]
    lines = lecture([Step(law, "", ZERO, ZERO, ()) for law in laws])
    assert [tuple(s.law for s in line) for line in lines] == [
        ("linearity", "independent"), ("chain rule",), ("constant factor",), ("range", "range"), ("name",),
    ]  # fmt: skip
    assert laws_of(lines[3]) == ("range",)


def test_laws_that_share_a_line_are_laws_of_the_engine_and_share_one_only():
    every = [law for together in TOGETHER for law in together]
    assert set(every) <= set(LAWS)
    assert len(every) == len(set(every))
