"""A ranking loss on the differences of all pairs: the better item should score at least 1 more than the worse."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    D[i,j] = X[i] - Y[j]
    E = sum[i,j] max(1 - D[i,j], 0)
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    better, worse = np.array([3, 1, 0]), np.array([0, 2])
    print("\npairs that push each item up:", -numeric.kernel(op).vjp(np.ones((), int), X=better, Y=worse)["X"])
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
