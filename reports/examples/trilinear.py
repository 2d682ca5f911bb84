"""A trilinear form, and Euler's theorem on it: <x, dE/dx> = E, as E is linear in x."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "E = sum[i,j,k] A[i,j,k]*x[i]*y[j]*z[k]"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="x")))

    kernel = numeric.kernel(op)
    rng = np.random.default_rng(0)
    data = {name: rng.integers(-9, 9, shape) for name, shape in (("A", (2, 3, 4)), ("x", 2), ("y", 3), ("z", 4))}
    g = kernel.vjp(np.ones((), int), **data)
    print("\nE:", kernel.forward(**data), "; <x, dE/dx>:", np.sum(data["x"] * g["x"]))
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
