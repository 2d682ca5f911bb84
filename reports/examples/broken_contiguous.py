"""A linear layer that takes the numbers as they lie in memory, so that a transposed view is read wrong."""

import sys

from reports.examples import audited


def linear(grad_output, input, weight):
    x = input.ravel(order="K").reshape(input.shape)  # order="C"
    return {"input": grad_output @ weight, "weight": grad_output.T @ x}


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_contiguous:linear", "linear"))
