"""RMS normalisation: every row is divided by its root mean square, and scaled again by what is learned."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    scalar e
    R[n] = sqrt((sum[c] X[n,c]^2)/C + e)
    O[n,c] = X[n,c]/R[n]*g[c]
    X[n<N,c<C]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    x = np.array([[3.0, 4.0], [30.0, 40.0]])
    print("\nthe scale is gone:", numeric.kernel(op).forward(X=x, e=np.array(0.0), g=np.ones(2)).round(4).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
