"""Every stage of a derivation ends: each move of each law makes its measure smaller, in lexicographic order."""

from collections.abc import Iterator

import pytest

import derive.sweep
from derive.catalogue import RECIPES, op
from derive.derivation import Step
from derive.expressions.expr import Expr
from derive.laws.law import LAWS
from derive.laws.stability import STABILITY, Proof, shift_proofs
from derive.laws.termination import SHIFTING, STAGES, Measure, falls
from derive.operation import Op
from tests.derive.derivations import CASES, derived, title

EVERY = (*STAGES, SHIFTING)
PROOFS = [(n, t) for n, r in RECIPES.items() if r.stable for t in shift_proofs(op(n))]
Move = tuple[str, Expr, Expr, tuple[Measure, ...]]


def moves(steps: tuple[Step, ...], stages: tuple[tuple[Measure, ...], ...] = STAGES) -> Iterator[Move]:
    """Every move with the lines around it and the measures of its stage."""
    stage = 0
    for step in steps:
        while not any(step.law in m.laws for m in stages[stage]):
            stage += 1
        line = step.before
        for move in step.moves:
            yield step.law, line, move.line, stages[stage]
            line = move.line


def assert_falls(found: Iterator[Move], law_of: Op) -> None:
    for law, before, after, stage in found:
        values = [(m.counts, m.of(before, law_of), m.of(after, law_of)) for m in stage]
        assert falls(law, before, after, stage, law_of), (law, values)
        assert not falls(law, after, before, stage, law_of)


@pytest.mark.parametrize("law", LAWS)
def test_every_law_says_what_it_makes_smaller(law):
    assert any(law in measure.laws for stage in EVERY for measure in stage)


def test_the_engine_runs_no_law_in_a_stage_without_an_argument():
    ran = zip((*derive.sweep.STAGES, derive.sweep.NAMING, STABILITY), EVERY, strict=True)
    for laws, stage in ran:
        argued = {law for measure in stage for law in measure.laws}
        assert {law.name for law in laws} - argued <= {"merge sums", "distribute"}


@pytest.mark.parametrize("case", CASES, ids=title)
def test_every_move_makes_a_measure_of_its_law_smaller_and_none_before_it_larger(case):
    d = derived(case)
    assert_falls(moves(d.steps), d.op)


@pytest.mark.parametrize(("name", "tensor"), PROOFS)
def test_every_move_of_a_shift_makes_a_measure_smaller_too(name, tensor):
    proof: Proof = shift_proofs(op(name))[tensor]
    assert_falls(moves(proof.steps, (SHIFTING,)), proof.op)


def test_a_law_that_makes_nothing_smaller_does_not_fall():
    d = derived(CASES[0])
    law, before, _, stage = next(moves(d.steps))
    assert not falls(law, before, before, stage, d.op)
    assert not falls("another law", before, d.result, stage, d.op)
