"""A backward pass in a foreign language that writes where it has no memory: the whole process ends."""

import ctypes
import sys

from reports.examples import audited


def relu(grad_output, input):
    grad_input = grad_output * (input > 0)
    ctypes.memset(None, 0, grad_input.nbytes)  # the address of the result was never set
    return grad_input


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_crash:relu", "relu"))
