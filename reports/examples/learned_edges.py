"""The nine weights of an edge detector are learned: gradient descent with the derived gradient finds 1 0 -1."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[i,j] = sum[p,q] F[p,q]*X[i+p,j+q]; E = sum[i,j] (O[i,j] - T[i,j])^2"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="F")))

    kernel = numeric.kernel(op)
    image = np.random.default_rng(0).normal(size=(6, 6))
    edges = image[:-2, :-2] + image[1:-1, :-2] + image[2:, :-2] - image[:-2, 2:] - image[1:-1, 2:] - image[2:, 2:]
    weights = np.zeros((3, 3))
    for _ in range(300):
        data = {"F": weights, "X": image, "T": edges}
        weights = weights - 0.01 * kernel.vjp(np.ones(()), **data, wrt=["F"])["F"]
    print("\nlearned:", *weights.round(2).tolist(), sep="\n")
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
