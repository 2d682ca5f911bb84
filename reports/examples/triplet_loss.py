"""The triplet loss: an anchor should be nearer to the positive than to the negative, by a margin m."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    scalar m
    P[n] = sum[k] (A[n,k] - B[n,k])^2
    Q[n] = sum[k] (A[n,k] - C[n,k])^2
    E = sum[n] max(P[n] - Q[n] + m, 0)
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="A")))

    points = {"A": np.array([[0, 0]]), "B": np.array([[2, 0]]), "C": np.array([[0, 1]]), "m": np.array(1)}
    g = numeric.kernel(op).vjp(np.ones((), int), **points)
    print("\nanchor, positive and negative move along", *[(-g[name]).tolist() for name in "ABC"])
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
