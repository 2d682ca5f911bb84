"""Pooling by a Gaussian whose width is learned: the gradient says whether to look closer or further around."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    scalar t
    G[p,q] = exp(-((p - 1)^2 + (q - 1)^2)/(2*t^2))
    Z = sum[p,q] G[p,q]
    O[i,j] = (sum[p,q] G[p,q]*X[2*i+p,2*j+q])/Z
    G[p<3,q<3]; X[h<H,w<W]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="t")))

    kernel = numeric.kernel(op)
    image, width = np.arange(49.0).reshape(7, 7) ** 2, np.array(0.8)
    print("\ndE/dt for the sum of all outputs:", kernel.vjp(np.ones((3, 3)), t=width, X=image)["t"].round(3))
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
