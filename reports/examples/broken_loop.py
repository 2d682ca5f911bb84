"""A loop that skips a gradient of 0 to save time, and skips the step to the next window with it: it never ends."""

import sys

import numpy as np

from reports.examples import audited


def max_pool1d(grad_output, input, kernel_size, stride):
    grad_input, i = np.zeros_like(input), 0
    rows = np.arange(len(input))[:, None], np.arange(input.shape[1])[None, :]
    while i < grad_output.shape[2]:
        if not grad_output[:, :, i].any():
            continue  # i += 1 first
        at = stride * i + input[:, :, stride * i : stride * i + kernel_size].argmax(axis=2)
        grad_input[*rows, at] += grad_output[:, :, i]
        i += 1
    return grad_input


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_loop:max_pool1d", "max_pool1d", seconds=2))
