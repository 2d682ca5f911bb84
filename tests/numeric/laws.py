"""Laws of one's own that kernels must handle, each with shapes: reads of every kind that notation can state."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Law:
    """A line of notation, what it is for, the shapes of its inputs by letter, its parameters."""

    name: str
    text: str
    shapes: dict[str, tuple[int, ...]]
    settings: dict[str, int]

    def __str__(self) -> str:
        return self.name


LAWS = [
    Law("correlation of one image", "O[i,j] = sum[p,q] X[i+p,j+q]*F[p,q]", {"X": (6, 5), "F": (3, 2)}, {}),
    Law("taps before places", "O[i] = sum[p] X[p+2*i]*F[p]", {"X": (9,), "F": (3,)}, {}),
    Law("true convolution, full", "O[i] = sum[p] X[i-p]*F[p]; size i touch", {"X": (6,), "F": (3,)}, {}),
    Law("true convolution, valid", "O[i] = sum[p<P] X[i+P-1-p]*F[p]; X[h<H]; F[p<P]", {"X": (6,), "F": (3,)}, {}),
    Law(
        "true convolution of channels",
        "O[n,k,i] = sum[c,p] X[n,c,i-p]*F[k,c,p]; size i touch; X[n<N,c<C,h<H]; F[k<K,c<C,p<P]",
        {"X": (2, 3, 5), "F": (4, 3, 2)},
        {},
    ),
    Law(
        "transposed convolution",
        "O[n,k,i] = sum[c,p] X[n,c,(i+P-d*p)/s]*F[c,k,p]; X[n<N,c<C,h<H]; F[c<C,k<K,p<Q];"
        " size i = s*(H-1)+d*(Q-1)+1-2*P",
        {"X": (2, 3, 4), "F": (3, 2, 3)},
        {"s": 3, "P": 1, "d": 2},
    ),
    Law(
        "groups",
        "O[n,k,i] = sum[c<D,p] X[n,k//E*D+c,i+p]*F[k,c,p]; X[n<N,c<C,h<H]; F[k<K,c<D,p<P]",
        {"X": (2, 6, 5), "F": (4, 3, 2)},
        {"E": 2},
    ),
    Law(
        "a convolution in groups",
        "O[n,k,i] = sum[c,p](X[n,k//K*C+c,s*i+d*p-P]*F[k,c,p]) + b[k]; X[n<N,c<G*C,h<H]; F[k<G*K,c<C,p<Q];"
        " pad X.h by P, P",
        {"X": (2, 6, 8), "F": (4, 3, 2), "b": (4,)},
        {"s": 2, "d": 3, "P": 1},
    ),
    Law(
        "a transposed convolution in groups",
        "O[n,k,i] = sum[c<C,p](X[n,k//K*C+c,(i+P-d*p)/s]*F[k//K*C+c,k%K,p]) + b[k];"
        " X[n<N,c<G*C,h<H]; F[c<G*C,k<K,p<Q]; b[k<G*K]; size i touch - P",
        {"X": (2, 6, 3), "F": (6, 2, 2), "b": (4,)},
        {"s": 2, "d": 3, "P": 1},
    ),
    Law(
        "pixel shuffle",
        "O[n,c,h,w] = X[n,c*r*r+h%r*r+w%r,h//r,w//r]; X[n<N,c<C*r*r,h<H,w<W]; size c = C; size h = H*r; size w = W*r",
        {"X": (2, 8, 3, 2)},
        {"r": 2},
    ),
    Law(
        "channel shuffle",
        "O[n,c,i] = X[n,c%G*K+c//G,i]; X[n<N,c<G*K,i<I]; size c = K*G",
        {"X": (2, 6, 3)},
        {"G": 3},
    ),
    Law(
        "upsampling of images",
        "O[h,w] = X[h//r,w//r]; size h = H*r; size w = W*r; X[h<H,w<W]",
        {"X": (3, 2)},
        {"r": 2},
    ),
    Law("sums of groups", "O[g] = sum[c<G*C] [c//C==g]*X[c]; X[c<G*C]; size g = G", {"X": (6,)}, {"G": 2}),
    Law("the largest of a group", "O[k] = max[j<r] X[k*r+j]; X[c<K*r]; size k = K", {"X": (6,)}, {"r": 3}),
    Law("groups in a maximum", "O[k,i] = max[p<2] X[k//2,i+p]; X[c<C,h<H]; size k = 2*C", {"X": (2, 4)}, {}),
    Law("a bilinear form", "O[n,k] = sum[i,j] X[n,i]*W[k,i,j]*Y[n,j]", {"X": (3, 2), "W": (4, 2, 5), "Y": (3, 5)}, {}),
    Law("outer difference", "O[n,m] = X[n] - Y[m]", {"X": (3,), "Y": (4,)}, {}),
    Law("outer product", "O[n,m] = X[n]*Y[m]", {"X": (3,), "Y": (4,)}, {}),
    Law("a number for every place", "O[n,m] = X[n] + m; size m = 4", {"X": (3,)}, {}),
    Law("trace", "O = sum[i] X[i,i]", {"X": (4, 4)}, {}),
    Law("diagonal", "O[i] = X[i,i]", {"X": (4, 4)}, {}),
    Law("transpose", "O[j,i] = X[i,j]", {"X": (3, 4)}, {}),
    Law("reversal", "O[i] = X[N-1-i]; X[h<N]; size i = N", {"X": (5,)}, {}),
    Law("shift with zeros", "O[i] = X[i-2]; X[h<N]; size i = N", {"X": (5,)}, {}),
    Law("every third", "O[i] = X[3*i]; X[h<N]; size i = (N-1)//3+1", {"X": (8,)}, {}),
    Law("zeros between", "O[i] = X[i/3]; X[h<N]; size i = 3*N-2", {"X": (4,)}, {}),
    Law("upsampling", "O[i] = X[i//2]; X[h<N]; size i = 2*N", {"X": (4,)}, {}),
    Law("causal products", "O[i] = sum[j] [j<=i]*A[i,j]*X[j]; A[i<N,j<N]; X[j<N]", {"A": (4, 4), "X": (4,)}, {}),
    Law("running sum", "O[i] = sum[j] [j<=i]*X[j]; X[j<N]; size i = N", {"X": (5,)}, {}),
    Law("sums that grow", "O[i] = sum[j<i+1] A[i,j]*X[j]; A[i<N,j<N]; X[j<N]", {"A": (4, 4), "X": (4,)}, {}),
    Law("largest so far", "O[i] = max[j<i+1] X[j]; X[h<N]; size i = N", {"X": (5,)}, {}),
    Law("a largest in a sum", "O[n] = sum[c] Y[c]*(max[p<P] X[n,c+p]); Y[c<C]", {"X": (2, 5), "Y": (4,)}, {"P": 2}),
    Law("a count", "O[i] = X[i]*(sum[p<P] [0<=i+p<N]); X[i<N]", {"X": (5,)}, {"P": 3}),
    Law("squares", "O[n] = sum[c] (X[n,c] - Y[n,c])^2", {"X": (3, 4), "Y": (3, 4)}, {}),
    Law("a sum of sums", "O[n] = sum[c] (X[n,c]*Y[c] + Z[n])", {"X": (3, 4), "Y": (4,), "Z": (3,)}, {}),
    Law("a sum in a sum", "O[n] = sum[c] X[n,c]*(sum[d] Y[c,d])", {"X": (3, 4), "Y": (4, 2)}, {}),
    Law("three in a row", "O[i,l] = sum[j,k] A[i,j]*B[j,k]*C[k,l]", {"A": (2, 3), "B": (3, 4), "C": (4, 2)}, {}),
    Law("an intermediate", "H[i] = sum[j] A[i,j]*X[j]; O[i] = H[i]*H[i] + X[i]", {"A": (3, 3), "X": (3,)}, {}),
    Law("an intermediate outside", "H[i] = X[i]*X[i]; O[j] = H[j+1] - H[j-1]; size j = N; X[i<N]", {"X": (5,)}, {}),
    Law("largest of a window of sums", "O[i] = max[p<P] (X[i+p] + Y[p]); X[h<H]; Y[p<P]", {"X": (6,), "Y": (3,)}, {}),
    Law("largest, read backwards", "O[i] = max[p<2] X[2*i-p+1]", {"X": (6,)}, {}),
    Law("largest along an axis", "O[n] = max[c] X[n,c]", {"X": (3, 4)}, {}),
    Law("largest along two axes", "O[n] = max[c,d] X[n,c,d]", {"X": (3, 2, 3)}, {}),
    Law("the larger of two", "O[i] = max(X[i], Y[i]) - min(X[i], 2*Y[i])", {"X": (5,), "Y": (5,)}, {}),
    Law("names that Python knows", "int[lambda] = sum[np] list[lambda+np]*def[np]", {"list": (5,), "def": (2,)}, {}),
    Law(
        "names of printed text",
        "forward[n] = sum[pad] X_columns[n+pad]*dtype[pad]",
        {"X_columns": (5,), "dtype": (2,)},
        {},
    ),
]


def integers(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Small integers, zeros and ties among them."""
    return np.random.default_rng(seed).integers(-4, 5, shape)
