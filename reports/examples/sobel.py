"""Sobel's edge filter as a law: its weights are a formula of where they stand in the window."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

# -1 0 1; -2 0 2; -1 0 1
LAW = """
    F[p,q] = (1 + [p==1])*(q - 1)
    O[i,j] = sum[p,q] F[p,q]*X[i+p,j+q]
    F[p<3,q<3]; X[h<H,w<W]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op)
    image = np.array([[100, 100, 200, 200]] * 4)  # a vertical edge in the middle
    print("\nthe edge:", kernel.forward(image).tolist())  # -100 - 200 - 100 + 200 + 400 + 200 = 400
    print("what each pixel did to it:", kernel.vjp(np.ones((2, 2), int), image)["X"].tolist(), sep="\n")
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
