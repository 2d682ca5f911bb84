"""Laws that nobody wrote: each is derived, its certificate accepted, and its gradients right by two other routes."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

import derive
from derive.errors import NotDerived
from derive.expressions.build import mul
from derive.expressions.expr import Num
from numeric.backend import Formula
from tests.derive.law_tally import Tally, equal_to_autograd, exactly_equal, kinds
from tests.derive.random_laws import random_laws

MOST_UNDERIVED = 0.02

KINDS = {
    "Contract", "Select", "Maximum", "Minimum", "Cases", "Fn", "Div", "Pow", "Compare", "InRange",
    "floor in an index", "mod in an index", "exact in an index", "min in an index", "an end that varies", "labels",
    "several equations", "a number as output",
}  # fmt: skip
"""What the laws must be made of, so that the test says something about it."""

FOUND = {
    "an eighth power as a product": "scalar X; O = X*X*X*X*X*X*X*X",
    "a product of indices": "O[i,j] = X[i*j]; X[n<N]; O[i<A,j<B]",
    "an uneven sum whose delta has a quotient":
        "X[u<3,v<4,w<A]; O[i<4]; O[i] = sum[p<2,q<i+1] X[q//2+p%2,i,2*i+p]",
    "a common factor beside an uneven sum":
        "X[u<2,v<B]; U[j<4,k<B]; O[i<2,j<B]; U[j,k] = X[j//2+k%2,k] - X[k//2+j%2,s*k];"
        " O[i,j] = (2 + sum[p<i+1] U[i+3-j,j]^2)^(-2)",
    "a factor out of a term that is a sum":
        "X[h<H]; F[p<T]; S[i] = sum[p<T] X[i+p]*F[p]; O[i] = S[i]*(1 + tanh(S[i] + S[i]^3/20))/2",
    "a number that a quotient multiplies":
        "X[n<N,h<H]; S[n,i] = sum[p<3] exp(-(p-1)^2/2)*X[n,i+p]; O[n,i] = max(S[n,i], 0)",
    "terms that cancel":
        "X[h<3]; U[j<C]; O[i<4,j<C]; U[j] = exp(X[2*j]/4) + X[2*j]/2; O[i,j] = U[j] - U[j]",
    "a reciprocal":
        "S[l,h] = tanh(sum[c] X[l,c]*W[h,c]); O[l] = log(sum[h] exp(S[l,h]))",
    "labels that read and are compared":
        "scalar Y; U[j<4]; V[k<3,l<B]; O[i<4,l<B]; T[t<4]; integer T; X[h<4]; U[j] = [j==T[j]]*X[j];"
        " V[k,l] = Y^2; O[i,l] = U[i]*V[T[i],l]",
    "a quotient in the end of a sum":
        "X[h<C]; U[j<C]; O[i<A,k<B]; U[j] = sum[p<j+1] X[p]*X[j]; O[i,k] = U[(i-k)/2]",
    "a quotient inside another that is undone":
        "U[j<B]; X[h<B,k<A]; O[i<4,l<C]; U[j] = sum[p<2] X[j,j+2*p-1]^2; O[i,l] = U[(i-l)/2]",
    "a quotient beside another that holds it":
        "X[u<A,v<A,w<A];"
        " O = sum[p<3,q<2] X[q+2*p-1,2*q+p,q//3]*X[(q+1)%A,P*p+d*q-P,2*(q//2)+p]",
    "an uneven sum inside an empty one":
        "scalar X; U[j<B]; U[j] = X*sum[p<j+1] X^2; O = sum[q<3,r<3] sum[t<A] U[d*r+q]*U[t+q]",
    "a quotient that leaves a sum": "X[n<N,h<H]; S[n,i] = (sum[p<T] X[n,s*i+p])/T; O[n,i] = max(S[n,i], 0)",
    "a tensor that is read forwards and backwards": "X[i<C,k<C]; O[i<C]; O[i] = X[C-1-i,i]*Z; scalar Z",
    "an index as a number that a delta halves": "X[h<C,k<2]; O[i<3,j<C]; O[i,j] = 2*j*X[i+j,2*j]",
    "a smaller index that is a number": "X[a<C,b<4]; U[i<B,j<4]; U[i,j] = X[min(i,j),j]; O = U[0,1]^2",
    "numbers that make 1 in front of a quotient":
        "scalar X; scalar Y; O[i<2]; O[i] = sqrt(1 + (sum[p<i+1,q<3] [X<1]*Y)^2)",
    "a delta solved by an index less a quotient":
        "X[h<A,w<B]; U[j<B]; O[i<A,k<A]; U[j] = log(2 + sum[p<2] X[j-p,j+1]^2); O[i,k] = exp(U[i/2]/4)",
    "a common factor that is all that is left": "scalar X; scalar Y; U = A*(X + Y); O = U + U + (X - U)",
    "a division undone in the end of a sum":
        "X[h<2,w<C]; U[j<3]; O[i<2]; U[j] = X[j+P,s*j]/(2 + sum[p<j+1] X[p-P,j+p]^2); O[i] = U[P*i]",
    "a number with a quotient beside the bracket that keeps it":
        "X[h<B,v<2,w<B]; U[j<4,k<B]; O[i<A,l<A];"
        " U[j,k] = sum[p<j+1] X[k,(j+P-d*p)/s,k]^2*p*X[k,2*p,k]; O[i,l] = sum[q<i+1] X[(l-i)/2,q,q%3]*U[q*i,min(l,i)]",
    "numbers beyond a million digits":
        "scalar X; scalar Y; U[j<B]; V[k<4,l<4]; O[i<A]; U[j] = sum[p<j+1] X*X*X; V[k,l] = exp(U[k//4]/4);"
        " O[i] = [Y<=V[1,1]]*(1 + exp(V[i-d,2*i]/4))^(-1)",
}  # fmt: skip
"""Laws that random ones led to, each for a fault that it had."""


def test_random_laws_are_derived_proved_and_right(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()

    @settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(random_laws())
    def examine(text: str) -> None:
        tally.examine(text)

    examine()
    with capsys.disabled():
        print(f"\n{tally}")
    assert tally.examples >= settings().max_examples
    assert tally.compared > tally.gradients > tally.examples
    assert sum(tally.underived.values()) < MOST_UNDERIVED * tally.examples
    assert tally.kinds.keys() >= KINDS


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_a_law_that_had_a_fault_is_right(text: str) -> None:
    tally = Tally()
    tally.examine(text)
    assert not tally.underived


# -- the examination can fail ------------------------------------------------------------------------------------------

PRODUCT = "O[i] = X[i]*Y[i]"


def test_a_wrong_formula_differs_from_the_derivative_by_dual_numbers() -> None:
    d = derive.gradient(derive.op(PRODUCT), "X")
    assert exactly_equal(d, d.formula) > 0
    with pytest.raises(AssertionError, match="expected"):
        exactly_equal(d, mul((Num(Fraction(2)), d.formula)))


def test_a_wrong_formula_differs_from_autograd() -> None:
    op = derive.op(PRODUCT)
    right = {n: Formula(n, op.tensor(n).axes, derive.gradient(op, n).formula) for n in "XY"}
    assert all(equal_to_autograd(op, right, 0))
    assert not all(equal_to_autograd(op, {**right, "X": right["Y"]}, 0))


def test_a_law_that_is_not_derived_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def underived(*_: object) -> None:
        raise NotDerived("dE/dX of O: no law applies to d(X[i])/dX[i1]")

    monkeypatch.setattr(derive, "gradient", underived)
    tally = Tally()
    tally.examine("O[i] = X[i]")
    assert tally.underived == {"no law applies": 1}
    assert tally.gradients == 0
    assert "1 no law applies" in str(tally)


def test_kinds_say_what_a_law_is_made_of() -> None:
    law = "X[n<N]; T[n<N]; integer T; U = max[n<N] X[n]; O = sum[n<N] sum[p<n+1] X[(n-p)/2]*X[p%2]*[p==T[n]]*U"
    found = {"Select", "Contract", "Compare", "exact in an index", "mod in an index", "labels", "an end that varies"}
    assert kinds(derive.op(law)) >= found | {"several equations", "a number as output"}
    assert not kinds(derive.op(PRODUCT)) & KINDS
