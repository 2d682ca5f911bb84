"""The contrastive loss of pairs: alike (T = 1) should be near, others at least 1 apart."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    D[n] = sqrt(sum[k] (X[n,k] - Y[n,k])^2 + 0.000001)
    E = sum[n] (T[n]*D[n]^2 + (1 - T[n])*max(1 - D[n], 0)^2)
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    pair = {"X": np.array([[0.0, 0.0]]), "Y": np.array([[0.3, 0.4]]), "T": np.array([0.0])}
    print("\nthe pair is pushed apart:", numeric.kernel(op).vjp(np.ones(()), **pair)["X"].round(3).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
