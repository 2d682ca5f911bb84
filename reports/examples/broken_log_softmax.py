"""The gradient of a log-softmax sums the cotangent over the classes; here that sum is left out."""

import sys

import numpy as np

from reports.examples import audited


def log_softmax(grad_output, input, dim):
    shifted = np.exp(input - input.max(axis=dim, keepdims=True))
    probabilities = shifted / shifted.sum(axis=dim, keepdims=True)
    return grad_output - probabilities  # * grad_output.sum(axis=dim, keepdims=True)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_log_softmax:log_softmax", "log_softmax"))
