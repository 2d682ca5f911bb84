"""A cumulative sum, a sum whose end moves: the gradient is a cumulative sum from the other end."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i] = sum[j] [j<=i]*X[j]; size i = N; X[j<N]"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op)
    x = np.array([3, 1, 4, 1, 5])
    print("\nsums:", kernel.forward(x).tolist(), "; gradient:", kernel.vjp(np.ones(5, int), x)["X"].tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
