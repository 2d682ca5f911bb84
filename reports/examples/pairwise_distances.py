"""Squared distances of all pairs of points: what nearest neighbours, k-means and kernels are built on."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i,j] = sum[k] (X[i,k] - Y[j,k])^2"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    x, y = np.array([[0, 0], [3, 4]]), np.array([[0, 0], [6, 8], [3, 0]])
    print("\ndistances, squared:", numeric.kernel(op).forward(x, y).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
