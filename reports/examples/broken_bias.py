"""The bias of a convolution meets every sample: its gradient is their sum, and here it is their mean."""

import sys

import numpy as np

from reports.examples import audited


def conv1d(grad_output, input, weight, bias):
    size = grad_output.shape[2]
    read = np.stack([input[:, :, p : p + size] for p in range(weight.shape[2])])
    grads = {"weight": np.einsum("nki,pnci->kcp", grad_output, read), "input": np.zeros_like(input)}
    for p in range(weight.shape[2]):
        grads["input"][:, :, p : p + size] += np.einsum("nki,kc->nci", grad_output, weight[:, :, p])
    grads["bias"] = grad_output.sum(axis=2).mean(axis=0)  # .sum(axis=0)
    return grads


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_bias:conv1d", "conv1d"))
