"""Instance normalisation: mean 0 and variance 1 in every channel of every sequence."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    M[n,c] = (sum[t] X[n,c,t])/T
    Y[n,c,t] = X[n,c,t] - M[n,c]
    S[n,c] = sqrt((sum[t] Y[n,c,t]^2)/T + 0.00001)
    O[n,c,t] = Y[n,c,t]/S[n,c]
    X[n<N,c<C,t<T]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    x = np.array([[[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]])
    print("\nboth channels look alike:", numeric.kernel(op).forward(x).round(3).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
