"""Huber's loss, by cases: a parabola near 0, a line outside, so that outliers pull with a bounded force."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    D[n] = X[n] - Y[n]
    E = (sum[n] cases(D[n]^2 <= 1, D[n]^2/2, max(D[n], -D[n]) - 1/2))/N
    X[n<N]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    x, y = np.array([0.5, 2.0, 100.0]), np.zeros(3)
    print("\nthe forces, times N:", (3 * numeric.kernel(op).vjp(np.ones(()), X=x, Y=y)["X"]).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
