"""A backward pass that adds to what the call before it has left: gradients accumulate where nobody asked them to."""

import sys

from reports.examples import audited

_grads: dict = {}


def linear(grad_output, input, weight):
    grad = grad_output.T @ input
    _grads[grad.shape] = _grads.get(grad.shape, 0) + grad
    return {"weight": _grads[grad.shape]}


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_memory:linear", "linear"))
