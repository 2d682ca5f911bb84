"""Total variation, the energy of an image's edges: going down its gradient removes noise."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    A[i,j] = X[i+1,j] - X[i,j]
    B[i,j] = X[i,j+1] - X[i,j]
    E = sum[i,j](A[i,j]^2) + sum[i,j] B[i,j]^2
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    image = np.zeros((3, 3))
    image[1, 1] = 1.0
    print("\na lonely pixel is spread:", *(-numeric.kernel(op).vjp(np.ones(()), image)["X"]).tolist(), sep="\n")
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
