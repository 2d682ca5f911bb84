"""A dilated causal correlation of sequences: an output sees the past only, one step in every d."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[n,k,t] = sum[c,p] X[n,c,t-d*p]*F[k,c,p]; X[n<N,c<C,t<T]; size t = T"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    kernel = numeric.kernel(op, d=2)
    pulse = np.zeros((1, 1, 8), dtype=int)
    pulse[0, 0, 1] = 1
    print("\na pulse at t=1 is seen at:", kernel.forward(pulse, np.array([[[5, 6, 7]]])).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
