"""The layers bite: every mistake is seen, without torch's autograd; what is right, and what is equivalent, is not."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from derive.catalogue import op
from derive.language.show import show
from numeric.checks.examination import Results
from numeric.checks.samples import Sample
from numeric.mistakes import MISTAKES, layers, power, wrong_formulas
from numeric.mistakes.layers import Judgement, derived, judge, with_kernel, wrong_formula
from numeric.mistakes.matrix import ORACLE, refuted, summary, survives
from numeric.mistakes.mutants import DERIVATION, KERNEL, LAW, PLAN, Mutant, mutants, one_each
from numeric.mistakes.refusals import refusal, refusal_of_result
from numeric.mistakes.ties import difference_at_ties, weak_orders
from numeric.mistakes.wrong_laws import wrong_law
from numeric.verification import examine, subject
from tests.numeric.float_orders import shuffled
from tests.numeric.mistakes import MISTAKES as IN_FORMULAS
from tests.numeric.mistakes import Mistake

CONFIGURATIONS = 8
EACH = {m.number: m for m in one_each()}
AT_TIES = {36, 37, 38, 45, 47}
EQUIVALENT = (("padding", "valid"),)
"""Settings of conv1d under which a read beyond the edge gives the edge, for there is none."""


def seen(m: Mutant) -> set[int]:
    return set(judge(m, CONFIGURATIONS).killed)


# -- every mistake -----------------------------------------------------------------------------------------------------


def test_the_66_mistakes_of_the_catalogue_are_there_and_each_has_a_mutant() -> None:
    assert [m.number for m in MISTAKES] == list(range(1, len(MISTAKES) + 1))
    assert len({m.name for m in MISTAKES}) == len({m.sentence for m in MISTAKES}) == len(MISTAKES)
    assert EACH.keys() == {m.number for m in MISTAKES}
    assert len(MISTAKES) > 66


@pytest.mark.parametrize("number", [m.number for m in MISTAKES], ids=lambda n: f"{n}-{EACH[n].mistake.name}")
def test_every_mistake_is_seen_without_autograd(number: int) -> None:
    assert seen(EACH[number]) - {ORACLE}


@pytest.mark.parametrize("mistake", IN_FORMULAS, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_in_the_plan_alone_is_seen_by_its_kernel(mistake: Mistake) -> None:
    assert seen(replace(mistake.mutant, where=PLAN)) & {5, 6, 7}


@pytest.mark.parametrize("mistake", IN_FORMULAS, ids=lambda m: f"{m.number}-{m.law}-{m.wrt}-{m.name}")
def test_a_mistake_in_the_derivation_is_refused_by_the_checker(mistake: Mistake) -> None:
    m = mistake.mutant
    assert refusal_of_result(derived(m.op, m.wrt), wrong_formula(m))


@pytest.mark.parametrize("number", sorted(AT_TIES))
def test_a_mistake_at_ties_is_seen_in_a_pattern_of_ties(number: int) -> None:
    m = EACH[number]
    assert difference_at_ties(derived(m.op, m.wrt), wrong_formula(m))


@pytest.mark.parametrize("law", ["conv2d", "cross_entropy"])
def test_a_law_that_is_not_the_operation_is_seen_by_its_forward_pass_alone(law: str) -> None:
    m = next(m for m in mutants([law]) if m.where == LAW)
    assert seen(m) == {0, ORACLE}


def test_every_pattern_of_ties_and_order_is_there_once() -> None:
    assert [len(list(weak_orders(n))) for n in range(5)] == [1, 1, 3, 13, 75]


# -- what is right -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", ["conv2d", "max_pool2d", "sigmoid", "linear"])
def test_what_is_right_passes_every_layer(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    m = Mutant(1, law, "X", DERIVATION)
    monkeypatch.setattr(layers, "wrong_formula", lambda m: derived(m.op, m.wrt).formula)
    found = judge(m, 2)
    assert found.killed == {}
    assert found.passed >= {0, 1, 2, 7, 8}
    assert judge(replace(m, where=PLAN), 2).killed == {}


def test_a_right_kernel_that_adds_in_another_order_is_right() -> None:
    own = subject(op("conv2d"), ())
    found = Judgement()
    layers._on_kernels(with_kernel(own, shuffled(own.formulas)), found, range(2))
    assert found.killed == {}
    assert found.passed >= {0, 6, 7, 8}


def test_an_untouched_certificate_is_accepted() -> None:
    assert refusal(derived(op("conv2d"), "X").certificate()) == ""


def test_an_equivalent_mutant_survives_with_its_proof() -> None:
    derivation = Mutant(25, "conv1d", "F", DERIVATION, 0, EQUIVALENT)
    found = power([derivation, replace(derivation, where=PLAN)], CONFIGURATIONS)
    assert (found["mutants"], found["killed"]) == (2, 0)
    assert all(s["equivalent"] and "z3 proves" in s["proof"] for s in found["survivors"])
    assert not refuted(found)


def test_a_mutant_that_nothing_sees_and_nothing_proves_is_a_failure() -> None:
    nothing = summary([(EACH[1], Judgement())])
    assert nothing["survivors"] == [{"name": EACH[1].name, "proof": "", "equivalent": False}]
    assert refuted(nothing)


def test_a_mutant_that_autograd_alone_sees_is_a_failure() -> None:
    found = summary([(EACH[1], Judgement({ORACLE: "differs"}))])
    assert found["only_by_autograd"] == [EACH[1].name]
    assert refuted(found)


def test_a_proof_does_not_save_a_mutant_whose_kernel_goes_wrong() -> None:
    assert not survives(Judgement({6: "differs"}, proof="equal where both have values"))
    assert not survives(Judgement({1: "no law gives it"}))
    assert survives(Judgement({1: "no law gives it"}, proof="equal"))


# -- the matrix --------------------------------------------------------------------------------------------------------


def test_the_matrix_counts_who_sees_what_alone() -> None:
    judged = [
        (EACH[1], Judgement({1: "", 6: "", 8: ""}, {0})),
        (EACH[34], Judgement({7: "", 8: ""}, {0, 6})),
        (EACH[64], Judgement({6: "", 7: ""})),
    ]
    found = summary(judged)
    assert found["by_layer"]["7"] == {"killed": 2, "passed": 0, "sole_killer": [EACH[34].name]}
    assert found["by_layer"]["6"] == {"killed": 2, "passed": 1, "sole_killer": []}
    assert found["redundant"] == [0, 1, 6, 8]
    assert (found["mutants"], found["killed"], found["survivors"]) == (3, 3, [])


def test_the_verdicts_do_not_depend_on_who_judges() -> None:
    chosen = mutants(["tanh"])
    alone, together = power(chosen, 3, jobs=1), power(chosen, 3, jobs=2)
    assert {**alone, "seconds": 0} == {**together, "seconds": 0}
    assert alone["killed"] == len(chosen) == len({m.name for m in chosen})


# -- wrong formulas ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", ["conv2d", "max_pool1d", "linear", "softmax", "batch_norm", "cross_entropy"])
def test_each_wrong_formula_is_written_otherwise_and_comes_once(law: str) -> None:
    own = op(law)
    for t in own.differentiable:
        found = [e for _, e in wrong_formulas(own, t.name)]
        assert len(found) == len(set(found))
        assert derived(own, t.name).formula not in found


def test_numbers_are_put_into_wrong_formulas() -> None:
    own = op("conv1d", stride=2, padding=2, dilation=1)
    texts = {m.number: show(e) for m, e in reversed(list(wrong_formulas(own, "X")))}
    assert texts[1] == "sum[k<K,p<M] dE/dO[n,k,(h+2-p)/2]*F[k,c,M-1-p]"
    assert texts[3] == "sum[k<K,p<M] dE/dO[n,k,h+2-p]*F[k,c,p]"
    assert texts[7] == "sum[k<K,p<M] dE/dO[n,k,(h-p)/2]*F[k,c,p]"
    assert texts[15] == "sum[k<K,p<M] dE/dO[n,k,(h+2-p)//2]*F[k,c,p]"


def test_a_law_of_ones_own_has_wrong_formulas_too() -> None:
    own = op("O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]")
    sentences = {m.sentence for m, _ in wrong_formulas(own, "X")}
    assert sentences >= {"the filter was not flipped", "the filter's two axes were exchanged", "the sign is wrong"}


def test_the_lecturers_correlation_is_a_filter_that_was_not_flipped() -> None:
    own = op("conv2d", stride=1, padding=0, dilation=1)
    first = {show(e): m for m, e in reversed(list(wrong_formulas(own, "X")))}
    assert first["sum[k<K,p<K_h,q<K_w] dE/dO[n,k,h+p,w+q]*F[k,c,p,q]"].number == 1


def test_a_mistake_that_does_not_change_a_law_is_refused() -> None:
    with pytest.raises(ValueError, match="got mistake 1, expected one that changes its law"):
        wrong_law(op("linear"), 1)


# -- kernels that go wrong otherwise -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "layer", "said"),
    [
        (13, 6, "dE/dX equals the reference"),
        (34, 7, "float64: dE/dX is within its rounding bound"),
        (82, 6, "dE/dX equals the reference"),
        (83, 7, "dE/dX is within its rounding bound"),
        (84, 6, "forward equals the reference"),
        (85, 6, "dE/dX equals the reference"),
        (86, 6, "dE/dX equals the reference"),
        (87, 6, "float32: runs"),
        (88, 6, "float32: runs"),
    ],
)
def test_a_kernel_that_goes_wrong_is_seen_where_it_does(number: int, layer: int, said: str) -> None:
    found = judge(Mutant(number, "conv2d", "X", KERNEL), CONFIGURATIONS)
    assert said in found.killed[layer]


def test_a_failure_says_its_formula_and_how_to_draw_it_again() -> None:
    own = subject(op("conv2d"), ("numpy",))

    def run(sample: Sample, arrays: Mapping[str, np.ndarray], dy: np.ndarray) -> Results:
        right = own.runs["numpy"](sample, arrays, dy)
        return {**right, "weight": right["weight"] + 1}

    examined = examine(with_kernel(own, run), 0, frozenset({6}))
    failure = next(c for c in examined if not c and "equals the reference" in c.claim)
    assert "dE/dF[" in failure.detail
    assert f"seed {failure.seed}" in failure.detail
