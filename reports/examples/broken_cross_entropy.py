"""Softmax and cross-entropy in one: the probabilities come out, and the label is not taken off them."""

import sys

import numpy as np

from reports.examples import audited


def cross_entropy(grad_output, input, target):
    shifted = np.exp(input - input.max(axis=1, keepdims=True))
    probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    return {"input": grad_output * probabilities / len(target)}  # (probabilities - one_hot(target)) / len(target)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_cross_entropy:cross_entropy", "cross_entropy"))
