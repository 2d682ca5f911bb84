"""Softmax over two axes at once: where in the image is it? The expected place is a weighted mean of coordinates."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    U[n,h,w] = exp(X[n,h,w])
    Z[n] = sum[h,w] U[n,h,w]
    P[n,h,w] = U[n,h,w]/Z[n]
    R[n] = sum[h,w] h*P[n,h,w]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    image = np.zeros((1, 5, 5))
    image[0, 3, 1] = 9.0
    print("\nthe row of the bright pixel:", numeric.kernel(op).forward(image).round(2).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
