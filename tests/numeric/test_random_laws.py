"""Kernels of laws that nobody wrote: random ones, and those that random ones led to, hold in every layer."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import derive
import numeric
from derive.errors import NotDerived
from numeric.to_numpy import NumpyDialect
from tests.derive.random_laws import random_laws

CONFIGURATIONS = 3
REFUSED = "expected one that is linear in the indices around it"
"""What kernels say where a sum's end is data: sum[p<T[i]+1]."""

FOUND = {
    "a sum that is a term": "X[h<A]; O[i<A,j<B]; O[i,j] = X[A-1-j] + ((X[i] + X[i]) + (X[i] + X[i]))",
    "a quotient that is whole in one order only": "scalar X; O[i<A,j<B]; O[i,j] = (sum[p<A,q<A] X)/A",
    "guards computed before a loop":
        "X[h<3,w<A,c<3]; O[i<3,j<C,k<C]; O[i,j,k] = (sum[p<2] (1 + X[j+2-i,2*i+p,i]^2)^(3/2))/2",
    "a window without cells": "X[n<N,h<H]; S[n,i] = (sum[p<T] X[n,s*i+p]^2)^(1/2); O[a,b] = S[a,b]",
    "a guard beside an exponential": "Y[u<B,v<B,w<A]; O[i<3,j<C]; O[i,j] = sum[p<C] exp(Y[i*j,j*p,2*j+i]/4)",
    "a maximum outside of its tensor":
        "X[h<C,w<B,c<4]; O = sum[p<3] [0<=p-1<3]*(max[q<4] X[0,0,q])"
        "*(sum[r<C] X[d*p,(r+1)/3,(p+1)/3]*(max[q<4] X[r,0,q]))",
    "a sum to the quotient of an index": "X[h<C]; U[j<C]; O[i<A,k<B]; U[j] = sum[p<j+1] X[p]*X[j]; O[i,k] = U[i//2]",
    "an uneven sum inside an even one": "scalar X; O = sum[p<3,q<3] 2*X*(sum[r<p+1,t<p+1] X)",
    "labels that are spread": "X[h<A,w<2]; O[i<4]; T[t<4]; integer T; O[i] = exp(X[s*i,T[i]]/4)",
    "a kink at a product that is 0": "X[h<C]; Y[u<4]; O[i<4]; O[i] = min((sum[p<i+1] X[2*i+d*p-P])*Y[i]*X[C-1-i], 0)",
    "a sum to the end that a label says":
        "X[a<A]; U[j<A]; O[i<C]; S[t<C]; integer S; U[j] = log(2 + sum[p<j+1] X[p]^2); O[i] = U[S[i]]",
    "what overflows in torch's own way": "Y[u<2]; Z[v<2,w<A]; O[i<3,j<2]; O[i,j] = Y[j]/(1 + exp(Z[j,i+1]/4))",
    "a label at a quotient":
        "scalar X; Y[u<4]; U[j<4,k<A]; T[t<A]; integer T; U[j,k] = X/(2 + sum[p<2] Y[T[k]]^2);"
        " O = sum[p<2,q<C] U[p+3-q,(q-p)/s]",
}  # fmt: skip
"""Laws that random ones led to, each for a fault that its kernels, or a check of them, had."""


@pytest.mark.parametrize("law", FOUND.values(), ids=FOUND)
def test_the_kernels_of_a_law_that_had_a_fault_hold(law: str) -> None:
    assert failures(law, 2 * CONFIGURATIONS) == []


@settings(max_examples=25, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(random_laws())
def test_the_kernels_of_random_laws_hold(law: str) -> None:
    with suppress(NotDerived):
        assert failures(law, 1) == []


def failures(law: str, configurations: int) -> list[str]:
    checks = numeric.verify(derive.op(law), configurations)
    return [str(c) for c in checks if not c and not c.undecided and REFUSED not in c.detail]


def test_a_wrong_kernel_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    law = "O[i] = X[i]*exp(Y[i]/4) - Y[i]"
    monkeypatch.setitem(NumpyDialect.functions, "exp", "np.expm1({})")
    assert any("numpy" in line for line in failures(law, 1))
