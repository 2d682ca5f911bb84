"""The average filter, nine times 1/9: the gradient of a blur is a blur."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i,j] = (sum[p<3,q<3] X[i+p,j+q])/9"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op)
    image = np.array([[100, 100, 200, 200]] * 4, dtype=float)
    print("\nthe blurred edge:", kernel.forward(image).round(1).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
