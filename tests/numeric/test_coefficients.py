"""Every coefficient of every derivative of a polynomial law is compared exactly, at sizes that need not be small."""

import pytest

import derive
from derive.catalogue import op
from derive.language.notation import parse_expr
from numeric.proof.coefficients import Ring, compare
from numeric.proof.verdict import Outside

SIZES = {"N": 2, "C": 2, "K": 3, "H": 5, "M": 2, "s": 2, "P": 1, "d": 2}
LAWS_OF_ONES_OWN = {
    "a square": ("O[i] = sum[p] X[i+p]^2*F[p]", {"X": 5, "F": 3}),
    "two factors of one tensor": ("O[i,j] = X[i]*X[j]*X[i]", {"X": 4}),
    "a power of a sum": ("O[n] = (sum[c] X[n,c]*W[c])^3", {"X": 3}),
    "an intermediate": ("S[n] = sum[c] X[n,c]; O[n] = S[n]*S[n]/2", {}),
    "a cumulative sum": ("O[i] = sum[j<i+1] X[j]; size i = L", {}),
}


def sizes_for(law, size=3):
    return dict.fromkeys(law.symbols - {n for n, _ in law.sizes}, size)


@pytest.mark.parametrize("name", ["conv1d", "conv_transpose1d", "avg_pool1d", "linear", "add", "mse_loss"])
def test_the_law_multiplied_out_has_the_coefficients_of_the_derived_formulas(name):
    law = op(name)
    sizes = {**sizes_for(law), **{n: v for n, v in SIZES.items() if n in law.symbols}, "A": 0}
    found = compare([derive.gradient(law, t.name) for t in law.differentiable], sizes)
    assert all(found)
    assert all(f.coefficients for f in found)


@pytest.mark.parametrize("which", LAWS_OF_ONES_OWN)
def test_any_polynomial_law_is_multiplied_out(which):
    law = op(LAWS_OF_ONES_OWN[which][0])
    found = compare([derive.gradient(law, t.name) for t in law.differentiable], sizes_for(law))
    assert all(found), found


def test_a_full_image_has_as_many_coefficients_as_pairs_of_outputs_and_taps():
    law = op("conv2d", stride=1, padding=0, dilation=1)
    sizes = {"N": 1, "C": 1, "K": 1, "H": 28, "W": 28, "K_h": 5, "K_w": 5}
    found = {f.tensor: f for f in compare([derive.gradient(law, t.name) for t in law.differentiable], sizes)}
    assert all(found.values())
    assert {t: (f.entries, f.coefficients) for t, f in found.items()} == {
        "X": (784, 24 * 24 * 25), "F": (25, 24 * 24 * 25), "b": (1, 24 * 24),
    }  # fmt: skip


WRONG = {
    "the filter is not flipped": "sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,M-1-p]",
    "it is doubled": "2*(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p])",
    "the last tap is dropped": "sum[k<K,p<M-1] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p]",
    "a tap counts twice": "(sum[k<K,p<M] dE/dO[n,k,(h+P-d*p)/s]*F[k,c,p])"
    " + sum[k<K] dE/dO[n,k,(h+P)/s]*F[k,c,0]",
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_formula_is_told_with_its_first_coefficient(mistake):
    law = op("conv1d")
    d = derive.gradient(law, "X")
    ring = Ring(law, dict(SIZES, I=3))
    want = ring.derivative(ring.energy(), "X")
    assert ring.formula(d) == want
    got = ring.polynomial(parse_expr(WRONG[mistake]), d.axes, d.target)
    assert got != want
    said = ring.first_difference(got, want)
    assert said.startswith("at X[")
    assert "dE/dO[" in said


def test_a_law_that_is_no_polynomial_is_refused():
    law = op("softmax")
    with pytest.raises(Outside, match="no polynomial"):
        compare([derive.gradient(law, "X")], sizes_for(law))
