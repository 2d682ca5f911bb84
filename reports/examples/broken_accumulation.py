"""A linear layer in float64 that sums in float32, as a buffer of the wrong dtype does."""

import sys

import numpy as np

from reports.examples import audited


def linear(grad_output, input, weight):
    sums = np.zeros(weight.shape, np.float32)
    for dy, x in zip(grad_output, input, strict=True):
        sums += np.outer(dy, x)
    return {"input": grad_output @ weight, "weight": sums.astype(weight.dtype)}


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_accumulation:linear", "linear"))
