"""A strided convolution whose gradient is scattered as if the stride were 1: every window moves one cell too few."""

import sys

import numpy as np

from reports.examples import audited


def conv1d(grad_output, input, weight, stride=1):
    s = stride
    grads = {"input": np.zeros_like(input), "weight": np.zeros_like(weight)}
    size = grad_output.shape[2]
    for p in range(weight.shape[2]):
        read = input[:, :, p : p + s * (size - 1) + 1 : s]
        grads["weight"][:, :, p] = np.einsum("nki,nci->kc", grad_output, read)
        to = slice(p, p + size)  # slice(p, p + s * (size - 1) + 1, s) is where the windows were
        grads["input"][:, :, to] += np.einsum("nki,kc->nci", grad_output, weight[:, :, p])
    return grads


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_stride:conv1d", "conv1d"))
