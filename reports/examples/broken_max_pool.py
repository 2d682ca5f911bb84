"""Where cells of a window are equal, one of them won; here every one of them gets the whole gradient."""

import sys

import numpy as np

from reports.examples import audited


def max_pool1d(grad_output, input, kernel_size, stride):
    k, s = kernel_size, stride
    grad_input = np.zeros_like(input)
    for i in range(grad_output.shape[2]):
        window = input[:, :, s * i : s * i + k]
        winners = window == window.max(axis=2, keepdims=True)  # only the first of them
        grad_input[:, :, s * i : s * i + k] += winners * grad_output[:, :, i : i + 1]
    return grad_input


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_max_pool:max_pool1d", "max_pool1d"))
