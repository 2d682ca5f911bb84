"""The decks' lines are judged by what the graphs give: right ones pass, and every changed number or formula is seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from derive.expressions.index import index
from derive.language.show import show_index
from derive.networks.network import NETWORKS, alexnet, lenet, rgb_layer, two_weights
from derive.networks.network_claims import CLAIMS, Claim
from derive.networks.network_errata import Verdict, errata, judge
from derive.size_formula import size_formulas

WRONG, CUT, CONVENTION, RIGHT = Verdict

NOT_RIGHT = {
    ("lenet", "D3-072"): (WRONG, "84*10 is 840, not 850; 850 is the number with biases; the law gives 10*84 + 10"),
    ("alexnet", "D3-095"): (WRONG, "5 layers are called Conv1, 3 layers are called FC1"),
    ("alexnet", "D3-096"): (WRONG, "it rounds to 28.82M; the printed rows add up to 27.56M"),
    ("alexnet", "D3-079"): (CUT, "34,848 without biases rounds to 35K"),
    ("alexnet", "D3-086"): (CUT, "884,736 without biases rounds to 0.9M"),
    ("alexnet", "D3-090"): (CUT, "884,736 without biases rounds to 0.9M"),
    ("alexnet", "D3-093"): (CUT, "16,777,216 without biases rounds to 17M"),
    ("rgb_layer", "D4-068"): (WRONG, "6*(5*5+1) is 156; the law gives 6*3*5*5 + 6"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_lines_that_are_not_right_are_these_and_for_these_reasons(name: str) -> None:
    found = {(name, j.claim.place): (j.verdict, j.remark) for j in errata(NETWORKS[name].build())
             if j.verdict in (WRONG, CUT)}  # fmt: skip
    assert found == {key: what for key, what in NOT_RIGHT.items() if key[0] == name}


def test_where_biases_are_left_out_the_line_is_right_under_that_convention() -> None:
    found = {j.claim.of: (j.verdict, j.remark) for j in errata(lenet()) if j.claim.what == "parameters"}
    assert found["conv1"] == found["conv2"] == (CONVENTION, "without biases")
    assert found["fc1"] == found["fc2"] == (RIGHT, "")


PRINTED = {
    "5*5*6+6 = 156": RIGHT,
    "156": RIGHT,
    "5*5*6 = 150": CONVENTION,
    "5*5*6 = 156": WRONG,
    "5*6*6 = 180": WRONG,
    "157": WRONG,
    "0.1K": CUT,
    "0.16K": RIGHT,
    "0.15K": CONVENTION,
    "0.14K": WRONG,
    "1K": WRONG,
}


@pytest.mark.parametrize("printed", PRINTED)
def test_a_count_is_judged_by_its_formula_its_number_and_its_digits(printed: str) -> None:
    claim = Claim("D3-064", "a slide", "conv1", "parameters", printed)
    assert judge(claim, lenet()).verdict is PRINTED[printed]


@pytest.mark.parametrize("name", ["lenet", "lenet_rgb", "alexnet", "rgb_layer", "mlp"])
def test_no_line_is_right_with_another_number(name: str) -> None:
    graph = NETWORKS[name].build()
    for claim in CLAIMS[name]:
        if claim.printed.split()[-1].isdigit():
            other = replace(claim, printed=f"{claim.printed}1")
            assert judge(other, graph).verdict is WRONG, claim
        if claim.what == "shape":
            assert judge(replace(claim, printed=claim.printed + "1"), graph).verdict is WRONG, claim


@pytest.mark.parametrize(
    ("old", "new"),
    [("2*(", "3*("), ("- y", "+ y"), ("*u*", "*"), ("*x[n]", "*x[n]^2"), ("(1 - sigmoid(w", "(1 + sigmoid(w")],
)
def test_a_gradient_with_one_change_is_seen(old: str, new: str) -> None:
    claim = next(c for c in CLAIMS["two_weights"] if (c.what, c.of) == ("gradient", "w"))
    assert old in claim.printed
    assert judge(claim, two_weights()).verdict is RIGHT
    assert judge(replace(claim, printed=claim.printed.replace(old, new, 1)), two_weights()).verdict is WRONG


def test_layers_are_counted_with_poolings_or_without() -> None:
    counts = {str(n): judge(Claim("D3-077", "", "", "layers", str(n)), alexnet()).verdict for n in (7, 8, 9, 11)}
    assert counts == {"7": WRONG, "8": CONVENTION, "9": WRONG, "11": CONVENTION}


def test_the_order_of_layers_is_judged() -> None:
    printed = (
        "CONV-POOL-CONV-POOL-FC-FC-SOFTMAX",
        "CONV-POOL-CONV-POOL-FC-SOFTMAX",
        "POOL-CONV-CONV-POOL-FC-FC-SOFTMAX",
    )
    found = [judge(Claim("D4-058", "", "", "order", p), lenet()).verdict for p in printed]
    assert found == [RIGHT, WRONG, WRONG]


def test_a_graph_of_another_name_has_no_errata() -> None:
    assert errata(replace(lenet(), name="mine")) == ()


@pytest.mark.parametrize("settings", [{"image": 28}, {"activation": "sigmoid"}])
def test_a_network_with_other_settings_is_not_judged_by_what_is_printed_of_the_default(
    settings: dict[str, Any],
) -> None:
    assert errata(lenet(**settings)) == ()


def test_the_batch_is_free_in_what_is_printed() -> None:
    assert errata(lenet(batch=7)) == errata(lenet()) != ()


def test_every_claim_is_about_a_tensor_of_its_network() -> None:
    assert CLAIMS.keys() <= NETWORKS.keys()
    for name, claims in CLAIMS.items():
        tensors = NETWORKS[name].build().shapes
        assert all(c.of in tensors for c in claims if c.of)
    assert Counter(c.place[0] for claims in CLAIMS.values() for c in claims).keys() == {"D"}


def test_size_formulas_keep_the_arguments_and_leave_out_factors_of_one() -> None:
    conv = alexnet().node("conv1")
    (found,) = size_formulas(conv.op, dict(conv.sizes))
    assert show_index(found.formula) == "((H+2*P_h-K_h)//s_h)+1"
    assert {n: show_index(v) for n, v in found.values} == {"H": "227", "P_h": "0", "K_h": "11", "s_h": "4"}
    assert found.size == index(55)
    plain = rgb_layer().node("conv1")
    assert show_index(size_formulas(plain.op, dict(plain.sizes))[0].formula) == "H+2*P_h+1-K_h"
