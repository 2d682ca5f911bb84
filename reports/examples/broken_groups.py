"""A grouped convolution that reads the weights of the first group for all of them."""

import sys

import numpy as np

from reports.examples import audited


def conv1d(grad_output, input, weight, groups=1):
    size, (kernels, channels, taps) = grad_output.shape[2], weight.shape
    grads = {"input": np.zeros_like(input), "weight": np.zeros_like(weight)}
    for g in range(groups):
        out, into = slice(g * kernels // groups, (g + 1) * kernels // groups), slice(g * channels, (g + 1) * channels)
        dy, own = grad_output[:, out], weight[: kernels // groups]  # weight[out]
        for p in range(taps):
            grads["weight"][out, :, p] = np.einsum("nki,nci->kc", dy, input[:, into, p : p + size])
            grads["input"][:, into, p : p + size] += np.einsum("nki,kc->nci", dy, own[:, :, p])
    return grads


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_groups:conv1d", "conv1d"))
