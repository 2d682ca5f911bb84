"""What is beyond the notation is refused in one sentence: where, what was found, what was expected, what to write."""

from __future__ import annotations

import pytest

import derive
import numeric
from derive.errors import BackproofError, NotDerived

BEYOND = {
    # an index that no sum binds: einsum's habit
    "S[i,j] = exp(Q[i,k]*K[j,k])": "expected one of them; write sum[k] before",
    "O = X[i]": "write sum[i] before the product",
    "O[i] = sum[k] X[i,k]*W[k] + b[k]": "index k of O: got b[k]",
    # recursion and loops until something converges
    "H[t] = tanh(H[t-1] + X[t])": "a recursion, or a loop until something converges, has no law: write its steps",
    "while E > 1: O[i] = X[i]/2": "got ':'",
    "repeat 10 O[i] = X[i]/2": "expected '='; write an equation",
    # extents that data decide
    "O = sum[p<T[0]] X[p]": "expected one that no data decide; let the index run over a fixed extent and guard its",
    "O[i] = X[i]; size i = T[0]": "size i: got an extent with T[0] in T[0], expected one that no data decide",
    "O[i] = X[i]; X[i<T[0]]": "declaration of X: axis i: got an extent with T[0]",
    "O[i] = X[i] if X[i] > 0": "got 'if', expected an operator or the end",
    # outputs that are places or integers
    "O[i] = argmax[j] X[i,j]": "only sum and max run over indices",
    "O[i] = sort(X[i])": "got 'sort', expected a function (cos, exp, log, sigmoid, sin, sqrt, tanh)",
    "O[i] = round(X[i])": "got 'round', expected a function",
    "O[i] = X[i]//2": "got no input other than the integers X, expected one that the output changes with",
    "O[i] = X[X[i]]": "got X[X[i]], which reads X for numbers and for places, expected integers",
    # no real numbers
    "O[i] = exp(1j*X[i])": "got 'j', expected ')'",
    "O[i] = conj(X[i])": "got 'conj', expected a function",
    "é[i] = X[i]": "write names with letters, digits and _",
    # other reductions
    "O[i] = prod[j] X[i,j]": "only sum and max run over indices",
    "O[i] = min[j] X[i,j]": "only sum and max run over indices",
    "O[i] = mean[j] X[i,j]": "only sum and max run over indices",
    # nothing to derive
    "O = 3": "got no input, expected one that the output changes with; read a tensor such as X[i], or a number",
    "O[i] = 2*i; size i = 5": "got no input, expected one",
    "O[i] = T[i]; integer T": "got no input other than the integers T",
    # derivatives in a law, and the name of its own gradient
    "O[i] = d(X[i]^2)/dX[i]": "expected a formula without one; derivatives are what derive.gradient finds",
    "O[i] = dE/dO[i]*X[i]": "got the name of the law's own output gradient, expected another; rename it",
    # extents that are none
    "O[i] = X[i]; X[i<0]": "declaration of X: got i<0, expected an extent of at least 1",
    "O[i] = X[i]; X[i<-3]": "declaration of X: got i<-3, expected an extent of at least 1",
    # numbers and products as programming languages write them
    "O[i] = 2X[i]": "factors by '*'",
    "O[i] = X[i].sum()": "got '.', expected an operator or the end",
    "O[i] = 1e5*X[i]": "got 'e5', expected an operator",
}


@pytest.mark.parametrize(("law", "said"), BEYOND.items(), ids=BEYOND)
def test_what_is_beyond_the_notation_is_refused_in_one_sentence(law: str, said: str) -> None:
    with pytest.raises(BackproofError) as refused:
        numeric.kernel(law).source  # noqa: B018 -- the refusal is what is asked for
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "; " in str(refused.value), "a remedy"
    with pytest.raises(BackproofError):
        numeric.verify(law, configurations=1)


def test_a_tensor_in_an_exponent_has_a_law_and_no_gradient() -> None:
    with pytest.raises(NotDerived) as refused:
        derive.gradient("O[i] = X[i]^Y[i]", "Y")
    assert "got Y[i] in an exponent, expected a constant there; write exp(Y[i]*log(X[i]))" in str(refused.value)


# What is just inside: the remedies of the table above are themselves laws.
INSIDE = (
    "S[i,j] = exp(sum[k] Q[i,k]*K[j,k])",
    "O[i] = X[i,A]; X[i<N,a<M]",
    "O = sum[p] [p<T[0]]*X[p]",
    "A[i] = tanh(X[i]); B[i] = tanh(A[i] + X[i]); C[i] = tanh(B[i] + X[i])",
    "y[i,k] = [k==T[i]]*x; integer T; size k = m; scalar x",
    "O[i] = cases([X[i]>0], X[i], 0)",
    "O[i] = cases([i==1]*X[i]<2, X[i], 0)",
)


@pytest.mark.parametrize("law", INSIDE)
def test_the_remedies_are_laws(law: str) -> None:
    checks = numeric.verify(law, configurations=2)
    assert checks
    assert [str(c) for c in checks if not c] == []
