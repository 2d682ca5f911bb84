"""Squeeze and excite: every channel is averaged, a small network of the averages says how much each channel counts."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    Z[n,c] = (sum[t] X[n,c,t])/T
    Y[n,r] = max(sum[c] Z[n,c]*A[r,c], 0)
    G[n,c] = sigmoid(sum[r] Y[n,r]*B[c,r])
    O[n,c,t] = G[n,c]*X[n,c,t]
    X[n<N,c<C,t<T]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="A")))

    x = np.array([[[1.0, 3.0], [5.0, 5.0]]])
    weights = {"A": np.array([[0.0, 1.0]]), "B": np.array([[1.0], [-1.0]])}
    print("\nthe second channel's average opens the first and closes itself:")
    print(numeric.kernel(op).forward(X=x, **weights).round(2).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
