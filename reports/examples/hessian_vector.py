"""The product of a Hessian with a vector: a derived gradient is a law like any other, and is derived once more."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "E = sum[i] (sum[j] A[i,j]*x[j])^4"


def main() -> int:
    first = derive.gradient(derive.op(LAW), wrt="x")
    print(first, "\n")
    second = derive.gradient(first, wrt="x")  # its op is g_x = dE/dx, and v is dE/dg_x
    print(key_lines(second))

    kernel = numeric.kernel(second.op)
    a, x, v = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]), np.array([1.0, 0.0])
    product = kernel.vjp(v, A=a, x=x, grad_output=np.ones(()), wrt=["x"])["x"]
    hessian = 12 * np.einsum("i,ij,ik->jk", (a @ x) ** 2, a, a)
    print("\nH v:", product.tolist(), "; by the Hessian written out:", (hessian @ v).tolist())
    return verdict(numeric.verify(second.op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
