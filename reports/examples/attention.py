"""Attention, softmax(Q K^T / sqrt(d)) V: every query takes the values of the keys that it matches."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    S[i,j] = (sum[k] Q[i,k]*K[j,k])/sqrt(D)
    U[i,j] = exp(S[i,j])
    Z[i] = sum[j] U[i,j]
    A[i,j] = U[i,j]/Z[i]
    O[i,c] = sum[j] A[i,j]*V[j,c]
    Q[i<N,k<D]; K[j<M,k<D]
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="Q")))

    kernel = numeric.kernel(op)
    queries, keys, values = np.array([[9.0, 0.0]]), np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]])
    print("\nthe first key is matched:", kernel.forward(queries, keys, values).round(3).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
