"""A correlation in three dimensions, with another stride or dilation along each axis."""

import sys

import derive
import numeric
from reports.examples import verdict

LAW = "O[i,j,k] = sum[p,q,r] X[s*i+p,j+2*q,3*k+r]*F[p,q,r]"


def main() -> int:
    op = derive.op(LAW)
    for s in op.sizings:
        print(s)
    d = derive.gradient(op, wrt="F")
    print(d, "\nThis is called the", d.name)
    print(numeric.kernel(op, s=2).source)
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
