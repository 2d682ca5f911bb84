"""The energy of a Hopfield network (an Ising model with any couplings): its gradient is the field at each neuron."""

import sys

import numpy as np

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "E = -(sum[i,j] [i!=j]*W[i,j]*s[i]*s[j])/2 - sum[i] b[i]*s[i]"


def main() -> int:
    op = derive.op(LAW)
    print(key_lines(derive.gradient(op, wrt="s")))

    kernel = numeric.kernel(op)
    stored = np.array([1, -1, 1, 1, -1, -1])
    state = {"W": np.outer(stored, stored), "b": np.zeros(6, int), "s": stored * np.array([1, 1, 1, 1, -1, 1])}
    print("\nenergy of a damaged memory:", kernel.forward(**state))
    field = -kernel.vjp(np.ones((), int), **state, wrt=["s"])["s"]
    state["s"] = np.sign(field).astype(int)
    print("recalled:", np.array_equal(state["s"], stored), "; energy:", kernel.forward(**state))
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
