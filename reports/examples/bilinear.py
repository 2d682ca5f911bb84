"""A bilinear form for each output: linear in x, linear in y, so each gradient is linear in what is left."""

import sys

import derive
import numeric
from reports.examples import key_lines, verdict

LAW = "O[n,k] = sum[i,j](X[n,i]*A[k,i,j]*Y[n,j]) + b[k]"


def main() -> int:
    op = derive.op(LAW)
    for t in op.differentiable:
        d = derive.gradient(op, wrt=t.name)
        print(key_lines(d), "\n")
    print(numeric.kernel(op).source)
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
