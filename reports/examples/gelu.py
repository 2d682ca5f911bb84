"""GELU by tanh, an activation that no table here knows: the chain rule and SymPy's tanh' are all it takes."""

import math
import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = """
    c = 0.7978845608
    T[...] = tanh(c*(X[...] + 0.044715*X[...]^3))
    O[...] = X[...]*(1 + T[...])/2
"""


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="X")))

    x = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    print("\nc is sqrt(2/pi):", f"{math.sqrt(2 / math.pi):.10f}" in LAW)
    print("gelu:", numeric.kernel(op).forward(x).round(4).tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
