"""A relu that saves memory by writing the gradient over grad_output, which autograd still needs."""

import sys

import numpy as np

from reports.examples import audited


def relu(grad_output, input):
    grad_output[input <= 0] = 0
    return np.array(grad_output)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_in_place:relu", "relu"))
