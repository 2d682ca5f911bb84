"""A gated linear unit: one half of a layer says how much of the other half passes."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    A[n,k] = sum[c] X[n,c]*W[k,c]
    G[n,k] = sigmoid(sum[c] X[n,c]*V[k,c])
    O[n,k] = A[n,k]*G[n,k]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="V")))

    x, w = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])
    for name, v in (("closed", -9.0), ("half open", 0.0), ("open", 9.0)):
        print(name, numeric.kernel(op).forward(X=x, W=w, V=np.full((1, 2), v)).round(3).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
