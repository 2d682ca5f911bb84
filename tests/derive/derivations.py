"""The derivations that the tests of certificates share: the catalogue under several settings, and laws of one's own."""

from functools import cache
from typing import Any

from derive.catalogue import names, op
from derive.certificate import certificate
from derive.derivation import Derivation
from derive.operation import Op
from derive.sweep import gradient

Setting = dict[str, Any]

CATALOGUE: list[tuple[str, Setting]] = [
    ("conv2d", {}),
    *((name, {}) for name in names() if name != "conv2d"),
    ("conv2d", {"stride": 2}),
    ("conv2d", {"stride": 2, "padding": 1}),
    ("conv2d", {"stride": (2, 3), "padding": (1, 2), "dilation": (3, 2)}),
    ("conv2d", {"stride": 1, "padding": 0, "dilation": 1}),
    ("max_pool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("max_pool2d", {"kernel_size": 2, "stride": 2, "dilation": 2}),
    ("avg_pool2d", {"kernel_size": 2}),
    ("avg_pool2d", {"kernel_size": 2, "stride": 2, "padding": 0}),
    ("avg_pool1d", {"ceil_mode": True}),
    ("max_pool1d", {"kernel_size": 3, "stride": 3, "padding": 1, "dilation": 1, "ceil_mode": True}),
    ("lp_pool1d", {"norm_type": 2, "kernel_size": 2, "stride": 2}),
    *(("cross_entropy", {"reduction": r, "target": "class"}) for r in ("mean", "sum", "none")),
    *(("cross_entropy", {"reduction": r, "target": "probabilities"}) for r in ("mean", "sum", "none")),
    ("mse_loss", {"reduction": "sum"}),
    ("mse_loss", {"reduction": "none"}),
]  # fmt: skip

OWN = [
    "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]",
    "O[n,k] = sum[i,j] X[n,i]*A[k,i,j]*Y[n,j]",
    "O = sum[i,j] X[i]*A[i,j]*X[j]",
    "O[i] = X[i+1] - X[i]",
    "O[i] = X[i+1] - 2*X[i] + X[i-1]",
    "S[i,j] = sum[c] Q[i,c]*K[j,c]; U[i,j] = exp(S[i,j]/4); Z[i] = sum[j] U[i,j]; P[i,j] = U[i,j]/Z[i];"
    " O[i,c] = sum[j] P[i,j]*V[j,c]",
    "O[n,k,i] = sum[c<C,p<R](X[n,c,(i+P-d*p)/s]*F[c,k,p]); X[n<N,c<C,h<H]; F[c<C,k<K,p<R]; size i touch",
    "O[n,k,i] = sum[c<C,p<R](X[n,k//G*C+c,i+p]*F[k,c,p]); X[n<N,c<Z,h<H]; F[k<K,c<C,p<R]",
    "O[n,k,i] = sum[c<C,p<R](X[n,k//G*C+c,(i+P-d*p)/s]*F[k//G*C+c,k%G,p]); X[n<N,c<Z,h<H]; F[a<Z,b<G,p<R];"
    " size i touch; size k = Z",
    "O[k,i] = sum[c<C,p](X[k//K*C+c,(i-p)/s]*F[k//K*C+c,k%K,p]); X[c<G*C,h<H]; F[a<G*C,k<K,p<R]; size i touch;"
    " size k = G*K",
    "O[i] = X[i]^3/(1 + X[i]^2)",
    "O[i] = sum[p<K] X[2*i+p]^2",
    "O[i] = cases(0 < X[i], X[i]^2, 0)",
    "O[i] = sqrt(X[i]^2 + Y[i]^2)",
    "O[i] = max(X[i],0) + a*min(X[i],0)",
    "O[i] = max(X[i],0) + a*(exp(min(X[i],0)) - 1)",
    "O[i] = sin(X[i])*cos(Y[i])*X[i]",
    "M[c] = (sum[n] X[n,c])/N; V[c] = (sum[n] (X[n,c]-M[c])^2)/N;"
    " O[n,c] = (X[n,c]-M[c])/sqrt(V[c]+e)*g[c] + b[c]; X[n<N,c<C]",
    "O[i] = cases(0 < X[i], X[i], a*X[i])",
    "O[n,c] = sum[k] [k==T[n]]*W[k,c]; W[k<K,c<C]; integer T",
    "O[n] = sum[c] [c==T[2*n]]*X[n,c]; X[n<N,c<C]; T[m<M]; integer T",
    "O[i] = max[p<K] X[s*i+p]",
    "O[i] = tanh(sum[j] W[i,j]*tanh(sum[k] V[j,k]*X[k]))",
    "O[k,i] = sum[p<R] X[i-p]*F[k,p]; size i touch",
    "O[n,a] = X[n,a//W,a%W]; X[n<N,h<H,w<W]; size a = H*W",
    "O[i] = 3*X[i]/4 - (X[i] - Y[i])*2",
    "O[i] = X[i]^r",
    "O[i] = X[2*i]",
    "O[i] = log(1 + exp(X[i]))",
]

LAWS: list[tuple[str, Setting]] = CATALOGUE + [(text, {}) for text in OWN]


def operation(case: int) -> Op:
    text, settings = LAWS[case]
    return op(text, **settings)


CASES = [(k, t.name) for k in range(len(LAWS)) for t in operation(k).differentiable]


def title(case: tuple[int, str]) -> str:
    text, settings = LAWS[case[0]]
    return f"{text.split(';')[-1 if 'O[' in text.split(';')[-1] else 0].strip()[:40]} {settings or ''} by {case[1]}"


@cache
def derived(case: tuple[int, str]) -> Derivation:
    return gradient(operation(case[0]), case[1])


@cache
def certified(case: tuple[int, str]) -> dict[str, Any]:
    """The certificate; tests copy it before they change it."""
    return certificate(derived(case))
