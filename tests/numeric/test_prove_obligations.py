"""What a derivation and its kernel rest on is proved for all sizes; mutants of each kind are refuted."""

from dataclasses import replace
from itertools import product

import pytest

import derive
from derive.catalogue import names, op
from derive.expressions.expr import Binder, Compare, InRange, Val, val
from derive.expressions.index import divide, index
from derive.expressions.traversal import free_names
from derive.language.notation import parse_expr
from derive.meaning.denote import World
from numeric.plans.lower import plan
from numeric.plans.plan import Pad, Scatter, View
from numeric.proof.accesses import accesses
from numeric.proof.from_law import is_polynomial, of_the_law
from numeric.proof.implication import implied
from numeric.proof.obligation import INVERSE, KINDS, LOAD, STORE, WINDOW
from numeric.proof.relations import bijective
from numeric.proof.windows import windows
from numeric.prove import Counterexample, Proved, Unknown, prove

pytest.importorskip("z3", reason="proofs for all sizes need the package z3-solver")

s, d, h, i, p, P = map(index, "sdhipP")


def outcomes(found, kind):
    return [o.outcome for o in found if o.kind == kind]


@pytest.mark.parametrize("name", [n for n in names() if "3d" not in n])
def test_every_obligation_of_the_catalogue_is_proved(name):
    law = op(name)
    for t in law.differentiable:
        found = prove(derive.gradient(law, t.name))
        assert {o.kind for o in found} <= set(KINDS)
        assert [o for o in found if not o] == []


def test_a_hypothesis_on_data_is_told():
    law = op("cross_entropy", target="probabilities")
    found = prove(derive.gradient(law, "X"))
    assert all(found)
    assert any("sum[c<C] T[n,c]" in h for o in found for h in o.plain()["hypotheses"])


def test_each_kind_of_obligation_is_asked_of_a_pooling():
    found = prove(derive.gradient(op("max_pool1d"), "X"))
    assert {o.kind for o in found} == set(KINDS)


UNLIKE_THE_LAW = {
    "the filter is flipped": "sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,M-1-p]",
    "it is doubled": "2*(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p])",
    "the last output is dropped": "sum[k<K,p<M] [(h+P-d*p)/s<I-1]*dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p]",
    "a sample is added": "(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p]) + sum[k<K] dE/dO[0,k,h]*F[k,c,0]",
}


@pytest.mark.parametrize("mistake", UNLIKE_THE_LAW)
def test_a_formula_that_is_not_the_derivative_of_the_law_is_refuted(mistake):
    d = derive.gradient(op("conv1d"), "X")
    claim = of_the_law(d, d.formula)
    assert isinstance(claim.outcome(), Proved)
    found = replace(claim, b=parse_expr(UNLIKE_THE_LAW[mistake])).outcome()
    assert isinstance(found, Counterexample)
    assert found == replace(claim, b=parse_expr(UNLIKE_THE_LAW[mistake])).outcome()


def test_only_laws_that_are_polynomials_in_a_tensor_are_read_off_their_products():
    assert is_polynomial(op("conv2d"), "X")
    assert is_polynomial(op("layer_norm"), "w")
    assert not is_polynomial(op("layer_norm"), "X")
    assert not is_polynomial(op("max_pool1d"), "X")


INVERSES = {
    "the quotient is rounded": divide("floor", h + P - d * p, s),
    "the padding is one more": divide("exact", h + P + 1 - d * p, s),
    "the dilation is forgotten": divide("exact", h + P - p, s),
    "the stride is forgotten": h + P - d * p,
    "the tap moves with the axis": divide("exact", h + P + d * p, s),
}


@pytest.mark.parametrize("mistake", INVERSES)
def test_a_wrong_inverse_is_refuted(mistake):
    law = op("conv1d")
    found = derive.gradient(law, "X")
    free = (*found.axes, Binder("i", index("I")), Binder("p", index("M")))
    guard = Compare("==", Val(s * i + d * p - P), Val(h))
    assert bijective(found, free, guard, "i", divide("exact", h + P - d * p, s))
    outcome = bijective(found, free, guard, "i", INVERSES[mistake])
    assert isinstance(outcome, Counterexample)
    world = World({**outcome.sizes, **outcome.index}, {})
    solved = Compare("==", Val(i), Val(INVERSES[mistake]))
    assert world.value(guard, {}) != world.value(solved, {})


def test_windows_without_the_hypothesis_on_the_padding_have_a_smallest_empty_one():
    law = op("max_pool1d")
    assert all(windows(law))
    (found,) = windows(replace(law, require=()))
    assert found.kind == WINDOW
    assert isinstance(found.outcome, Counterexample)
    sizes, at = found.outcome.sizes, found.outcome.index
    cells = [sizes["s"] * at["i"] + sizes["d"] * k - sizes["P"] for k in range(sizes["M"])]
    assert not any(0 <= c < sizes["H"] for c in cells)


def test_windows_of_a_dilated_pooling_need_a_hypothesis_that_is_told():
    (found,) = windows(op("max_pool1d"))
    assert found.outcome == Proved(("[2*P<=M]", "[d<=H]"))
    (plain,) = windows(op("max_pool1d", dilation=1))
    assert plain.outcome == Proved(("[2*P<=M]", "[1<=H]"))


def mutated(law, kind, change):
    """The law's plan with its first instruction of a kind changed."""
    own = plan(law)
    place = next(k for k, each in enumerate(own.instructions) if isinstance(each, kind))
    changed = change(own.instructions[place])
    return replace(own, instructions=(*own.instructions[:place], changed, *own.instructions[place + 1 :]))


def first_move(change):
    return lambda each: replace(each, moves=(replace(each.moves[0], **change(each.moves[0])), *each.moves[1:]))


PLANS = {
    "a window is read one cell on": (LOAD, View, lambda v: replace(v, indices=(*v.indices[:-1], v.indices[-1] + 1))),
    "a window is read one cell back": (LOAD, View, lambda v: replace(v, indices=(*v.indices[:-1], v.indices[-1] - 1))),
    "one window more is read": (
        LOAD, View,
        lambda v: replace(v, axes=tuple(replace(b, extent=b.extent + (b.name == "i")) for b in v.axes)),
    ),
    "no cells are added below": (STORE, Pad, lambda v: replace(v, before=tuple(index(0) for _ in v.before))),
    "a cell fewer is added above": (STORE, Pad, lambda v: replace(v, after=(*v.after[:-1], v.after[-1] - 1))),
    "the buffer of a scatter has no cells below": (STORE, Scatter, first_move(lambda m: {"before": index(0)})),
    "the buffer of a scatter has no cells above": (STORE, Scatter, first_move(lambda m: {"after": index(0)})),
    "a scatter starts one cell on": (STORE, Scatter, first_move(lambda m: {"start": m.start + 1})),
    "a scatter adds one cell on": (STORE, Scatter, first_move(lambda m: {"at": m.at + 1})),
}  # fmt: skip


@pytest.mark.parametrize("mistake", PLANS)
def test_an_access_outside_an_array_is_refuted(mistake):
    law = op("conv1d")
    kind, instruction, change = PLANS[mistake]
    assert all(accesses(law, plan(law), "X"))
    found = list(accesses(law, mutated(law, instruction, change), "X"))
    assert any(isinstance(outcome, Counterexample) for outcome in outcomes(found, kind))


BOUNDS = {
    "s*i+d*p-P<H": InRange(s * i + d * p - P, index("H")),
    "s*i+d*p<H+P": InRange(s * i + d * p, index("H") + P),
    "i//s<I-1": InRange(divide("floor", i, s), index("I") - 1),
}


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_counterexample_has_the_least_sum_of_sizes_there_is(bound):
    law, used = op("conv1d"), free_names(BOUNDS[bound])
    indices = tuple(b for b in (Binder("i", index("I")), Binder("p", index("M"))) if b.name in used)
    found = implied(law, indices, (), (BOUNDS[bound],))
    assert isinstance(found, Counterexample)
    assert fails(found.sizes, indices, BOUNDS[bound])
    total = sum(found.sizes.values())
    free = [n for n in found.sizes if n != "I"]
    least = [1 if n in "sd" else 0 for n in free]
    for values in product(range(total), repeat=len(free)):
        sizes = dict(zip(free, values, strict=True))
        if sum(values) < total and all(v >= low for v, low in zip(values, least, strict=True)):
            sizes["I"] = World(sizes, {}).size(dict(law.sizes)["I"], {})
            if sizes["I"] >= 0 and sum(sizes.values()) < total:
                assert not fails(sizes, indices, BOUNDS[bound]), sizes


def fails(sizes, indices, guard):
    world = World(sizes, {})
    return any(world.value(guard, at) != 1 for at in world.tuples(indices, {}))


def test_what_z3_cannot_decide_within_its_effort_is_unknown(monkeypatch):
    monkeypatch.setattr("numeric.proof.solver.EFFORT", 1)
    law = op("conv1d")
    found = implied(law, (Binder("i", index("I")),), (), (InRange(s * i - P, index("H")),))
    assert isinstance(found, Unknown)
    assert "effort" in found.reason


def test_without_z3_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "z3", None)
    with pytest.raises(ModuleNotFoundError, match=r"backproof\[proof\]"):
        prove(derive.gradient(op("conv1d"), "X"))


def test_obligations_are_plain_data_with_their_hypotheses():
    found = [o.plain() for o in prove(derive.gradient(op("max_pool1d"), "X"))]
    window = next(o for o in found if o["kind"] == WINDOW)
    assert window["verdict"] == "proved for all sizes"
    assert window["hypotheses"] == ["[2*P<=M]", "[d<=H]"]
    assert any(o["kind"] == INVERSE for o in found)
    assert parse_expr(window["hypotheses"][1]) == Compare("<=", val("d"), val("H"))
