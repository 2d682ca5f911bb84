"""A linear layer whose weight gradient comes out as inputs by outputs; weight is outputs by inputs."""

import sys

from reports.examples import audited


def linear(grad_output, input, weight):
    return {"input": grad_output @ weight, "weight": input.T @ grad_output}


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_transposed:linear", "linear"))
