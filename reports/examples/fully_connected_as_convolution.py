"""A fully connected layer is a convolution whose filter is as large as its input: one window fits, so O is 1 x 1."""

import sys

import numpy as np

import derive
import numeric
from derive.language.show import show_index
from reports.examples import key_lines, verdict

LAW = "O[n,k,i,j] = sum[c,p<H,q<W] X[n,c,i+p,j+q]*F[k,c,p,q]; X[n<N,c<C,h<H,w<W]"


def main() -> int:
    op = derive.op(LAW)
    print("the output's extents:", *(f"{name} = {show_index(size)}" for name, size in op.sizes))
    print(key_lines(derive.gradient(op, wrt="F")))

    rng = np.random.default_rng(0)
    x, f = rng.integers(-9, 9, (4, 3, 5, 5)), rng.integers(-9, 9, (10, 3, 5, 5))
    convolved = numeric.kernel(op).forward(x, f)[:, :, 0, 0]
    connected = numeric.kernel("linear").forward(input=x.reshape(4, -1), weight=f.reshape(10, -1), bias=None)
    print("\nequal to the fully connected layer:", np.array_equal(convolved, connected))
    return verdict(numeric.verify(op, configurations=6))


if __name__ == "__main__":
    sys.exit(main())
