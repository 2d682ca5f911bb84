"""Batch normalisation whose gradient forgets that the mean depends on every sample."""

import sys

import numpy as np

from reports.examples import audited


def batch_norm(grad_output, input, weight, bias, training=True, eps=1e-5):
    along = (0, *range(2, input.ndim))
    mean, variance = input.mean(axis=along, keepdims=True), input.var(axis=along, keepdims=True)
    centred, scale = input - mean, 1 / np.sqrt(variance + eps)
    shape = (1, -1, *(1,) * (input.ndim - 2))
    g = grad_output if weight is None else grad_output * weight.reshape(shape)
    by_variance = centred * scale**3 * (g * centred).mean(axis=along, keepdims=True)
    grads = {"input": g * scale - by_variance}  # - scale * g.mean(axis=along, keepdims=True)
    if weight is not None:
        grads["weight"] = (grad_output * centred * scale).sum(axis=along)
    if bias is not None:
        grads["bias"] = grad_output.sum(axis=along)
    return grads


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_batch_norm:batch_norm", "batch_norm", training=True))
