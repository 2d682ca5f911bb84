"""The L2 norm of a rectangular neighbourhood: between the average and the maximum."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i,j] = sqrt(sum[p<2,q<2] X[2*i+p,2*j+q]^2)"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op)
    image = np.array([[3.0, 4, 0, 0], [0, 0, 5, 12], [1, 1, 2, 2], [1, 1, 2, 2]])
    print("\npooled:", kernel.forward(image).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
