"""Scharr's filter is a column times a row: a separable filter has 3 + 3 weights to learn instead of 9."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i,j] = sum[p,q] u[p]*v[q]*X[i+p,j+q]"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="u")))

    kernel = numeric.kernel(op)
    u, v = np.array([3, 10, 3]), np.array([1, 0, -1])
    print("\nthe filter:", np.outer(u, v).tolist())
    image = np.array([[10, 10, 10, 0, 0, 0]] * 4)
    print("the edge:", kernel.forward(u=u, v=v, X=image).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
