"""One step of a recurrent network; the gradient with respect to the state carries the error back in time."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    A[n,k] = sum[c](W[k,c]*X[n,c]) + sum[l](U[k,l]*S[n,l]) + b[k]
    O[n,k] = tanh(A[n,k])
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="S")))

    kernel = numeric.kernel(op)
    rng = np.random.default_rng(0)
    w, u, b, states = rng.normal(size=(3, 2)), rng.normal(size=(3, 3)), np.zeros(3), [np.zeros((1, 3))]
    inputs = rng.normal(size=(4, 1, 2))
    for x in inputs:
        states.append(kernel.forward(W=w, X=x, U=u, S=states[-1], b=b))
    g = np.ones((1, 3))
    for x, s in zip(inputs[::-1], states[-2::-1], strict=True):
        g = kernel.vjp(g, W=w, X=x, U=u, S=s, b=b, wrt=["S"])["S"]
    print("\nthe last step's error, four steps earlier:", g.round(4).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
