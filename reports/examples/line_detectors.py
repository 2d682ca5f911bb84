"""A 5x5 detector of horizontal lines, its transpose for vertical ones, and both maps combined."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

# -2 -2 -4 -2 -2; -1 -1 -2 -1 -1; 0 0 0 0 0; 1 1 2 1 1; 2 2 4 2 2
LAW = """
    F[p,q] = (p - 2)*(1 + [q==2])
    A[i,j] = sum[p,q] F[p,q]*X[i+p,j+q]
    B[i,j] = sum[p,q] F[q,p]*X[i+p,j+q]
    O[i,j] = A[i,j]^2 + B[i,j]^2
    F[p<5,q<5]; X[h<H,w<W]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op)
    image = np.zeros((7, 7), dtype=int)
    image[3, :] = image[:, 3] = 1  # a cross
    print("\nthe lines of a cross:", *kernel.forward(image).tolist(), sep="\n")
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
