"""A factorisation machine: all products of two features, weighted by inner products, in time linear in the features."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    S[n,k] = sum[i] X[n,i]*V[i,k]
    O[n] = (sum[k] S[n,k]^2 - sum[i,k] X[n,i]^2*V[i,k]^2)/2
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="V")))

    x, v = np.array([[1, 2, 3]]), np.array([[1, 0], [0, 1], [1, 1]])
    pairs = sum(x[0, i] * x[0, j] * (v[i] @ v[j]) for i in range(3) for j in range(i))
    print("\npair by pair:", pairs, "; by the law:", *numeric.kernel(op).forward(x, v))
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
