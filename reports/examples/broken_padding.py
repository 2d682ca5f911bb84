"""A convolution with padding whose gradient keeps the zeros of the border: the padding is cut off at one end only."""

import sys

import numpy as np

from reports.examples import audited


def conv1d(grad_output, input, weight, padding=0):
    padded = np.pad(input, ((0, 0), (0, 0), (padding, padding)))
    grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    size = grad_output.shape[2]
    for p in range(weight.shape[2]):
        grad_weight[:, :, p] = np.einsum("nki,nci->kc", grad_output, padded[:, :, p : p + size])
        grad_padded[:, :, p : p + size] += np.einsum("nki,kc->nci", grad_output, weight[:, :, p])
    grad_input = grad_padded[:, :, : input.shape[2]]  # from `padding` on is where the input is
    return {"input": grad_input, "weight": grad_weight}


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_padding:conv1d", "conv1d"))
