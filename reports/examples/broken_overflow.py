"""A softmax by its definition: exp(800) is more than any float holds, and the gradient is not a number."""

import sys

import numpy as np

from reports.examples import audited


def softmax(grad_output, input, dim):
    with np.errstate(all="ignore"):
        exponentials = np.exp(input)  # np.exp(input - input.max(axis=dim, keepdims=True))
        p = exponentials / exponentials.sum(axis=dim, keepdims=True)
        return p * (grad_output - (grad_output * p).sum(axis=dim, keepdims=True))


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_overflow:softmax", "softmax"))
