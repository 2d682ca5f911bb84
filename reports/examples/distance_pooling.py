"""Pooling by a weighted average: the nearer a pixel is to the centre of its window, the more it counts."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

# R is how far a window reaches; D is the distance from its centre, squared
LAW = """
    D[p,q] = (p - R)^2 + (q - R)^2
    W[p,q] = 1/(1 + D[p,q])
    Z = sum[p,q] W[p,q]
    O[i,j] = (sum[p,q] W[p,q]*X[2*i+p,2*j+q])/Z
    size p = 2*R + 1; size q = 2*R + 1; X[h<H,w<V]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op, R=1)
    image = np.array([[1.0, 3, 2, 1, 3], [2, 9, 1, 1, 5], [1, 3, 2, 3, 2], [8, 3, 5, 1, 0], [5, 6, 1, 2, 9]])
    print("\npooled:", kernel.forward(image).round(2).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
