"""Laws that nobody has planned for have kernels that hold in every layer: numbers among arrays, scalars, odd names."""

from __future__ import annotations

import pytest

import derive
import numeric

OWN = {
    "a function of a size": "O[i] = sum[k] X[i,k]/sqrt(K); X[i<N,k<K]",
    "a function of a number": "O[i] = X[i]*exp(1/2)*sigmoid(2)",
    "a choice of two numbers": "O[i] = sum[p<3] X[i+p]*cases(p==1, 2, 1)",
    "a choice of two fractions by data": "O[i] = cases(0<X[i], 1/3, 1/7)*X[i]",
    "a choice of a number": "O[i] = cases(0<X[i], X[i], 1)",
    "an exponential under a logarithm": "O[i] = X[i]*tanh(log(1 + exp(X[i])))",
    "a gate far from 0": "O[n,k] = (sum[c] X[n,c]*W[k,c])*sigmoid(sum[c] X[n,c]*V[k,c])",
    "guards alone, which do not change": "O[i] = [0<X[i]]",
    "an output that cancels": "O[i] = X[i] - X[i]",
    "a choice in the brackets of a guard": "O[i] = cases([0<X[i]], X[i], Y[i])",
    "min-plus products": "O[i,j] = max[k] (X[i,k] + Y[k,j])",
    "windows as an axis": "O[n,c,p,i] = X[n,c,i+p]; X[n<N,c<C,h<H]; size p = K; size i = H-K+1",
    "a cosine transform": "O[k] = sum[n] X[n]*cos(3.14159265*k*n/N); X[n<N]; size k = N",
    "two layers in one": "U[n,c,i] = sum[p] X[n,c,i+p]*F[c,p]; O[n,k,i] = sum[c] W[k,c]*U[n,c,i]",
    "a loss with a temperature": """S[i,j] = (sum[k] X[i,k]*Y[j,k])/t; U[i,j] = exp(S[i,j]); Z[i] = sum[j] U[i,j]
        E = -(sum[i] log(U[i,i]/Z[i])); scalar t""",
    "displaced products": """O[n,d,i] = sum[c] X[n,c,i]*Y[n,c,i+d-D]
        X[n<N,c<C,i<W]; Y[n<N,c<C,h<W]; size d = 2*D+1""",
    "a Rayleigh quotient": "E = (sum[i,j] x[i]*A[i,j]*x[j])/(sum[i] x[i]^2)",
    "scalars alone": "y = w*x + b; scalar w, x, b",
    "nine axes": "O[a,b,c,d,e,f,g,h,i] = X[a,b,c,d,e,f,g,h,i]^2",
    "words of Python": "lambda[int,np] = sum[for] import[int,for]*class[for,np]*dtype",
    "words of the kernels": """np[i] = int[i]*torch[i] + numpy[i]*dE_dO[i]*forward[i]; scalar pad
        self = sum[i] np[i]*pad""",
    "six equations": """A[i] = exp(X[i]); B[i] = A[i]*X[i]; C[i] = B[i] + A[i]; D[i] = tanh(C[i]); F[i] = D[i]*B[i]
        O = sum[i] F[i]*A[i]""",
}


@pytest.mark.parametrize("law", OWN.values(), ids=OWN)
def test_the_kernels_of_a_law_of_ones_own_hold_in_every_layer(law: str) -> None:
    checks = numeric.verify(derive.op(law), configurations=6)
    assert {c.layer for c in checks} >= {0, 7, 8}
    assert [str(c) for c in checks if not c] == []
