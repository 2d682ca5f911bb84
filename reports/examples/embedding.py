"""An embedding: rows of a table, looked up by integers. Its gradient adds up the errors of each row's readers."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[n,k] = W[T[n],k]"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="W")))

    words = {"W": np.arange(8).reshape(4, 2), "T": np.array([2, 0, 2])}
    print("\nlooked up:", numeric.kernel(op).forward(**words).tolist())
    print("row 2 was read twice:", numeric.kernel(op).vjp(np.ones((3, 2), int), **words)["W"].tolist())
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
