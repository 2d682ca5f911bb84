"""A convolution's backward pass with the mistake that everybody makes once: the filter is not flipped for dE/dX."""

import sys

import numpy as np

from reports.examples import audited


def conv2d(grad_output, input, weight):
    grads = {"input": np.zeros_like(input), "weight": np.zeros_like(weight)}
    I, J = grad_output.shape[2:]
    P, Q = weight.shape[2:]
    for p in range(P):
        for q in range(Q):
            window = input[:, :, p : p + I, q : q + J]
            grads["weight"][:, :, p, q] = np.einsum("nkij,ncij->kc", grad_output, window)
            flipped = weight[:, :, P - 1 - p, Q - 1 - q]  # weight[:, :, p, q] is what was read here
            grads["input"][:, :, p : p + I, q : q + J] += np.einsum("nkij,kc->ncij", grad_output, flipped)
    return grads


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_conv:conv2d", "conv2d"))
