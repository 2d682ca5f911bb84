"""An average over the real cells of a window alone, whose gradient is divided by all of its cells."""

import sys

import numpy as np

from reports.examples import audited


def avg_pool1d(grad_output, input, kernel_size, stride, padding):
    k, s, pad = kernel_size, stride, padding
    size = input.shape[2]
    grad_padded = np.zeros((*input.shape[:2], size + 2 * pad + k * s))
    for i in range(grad_output.shape[2]):
        grad_padded[:, :, s * i : s * i + k] += grad_output[:, :, i : i + 1] / k  # by the real cells of this window
    return grad_padded[:, :, pad : pad + size]


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_avg_pool:avg_pool1d", "avg_pool1d", count_include_pad=False))
