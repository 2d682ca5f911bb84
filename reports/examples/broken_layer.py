"""A layer of torch with a backward of its own: the gradient of its bias is summed over the last batch axis alone."""

import sys

import torch

from reports.examples import audited


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input, weight, bias):
        ctx.save_for_backward(input, weight)
        return input @ weight.T + bias

    @staticmethod
    def backward(ctx, dy):
        input, weight = ctx.saved_tensors
        grad_weight = torch.einsum("...o,...i->oi", dy, input)
        return dy @ weight, grad_weight, dy.reshape(-1, *dy.shape[-2:]).sum(1)[0]  # sum(tuple(range(dy.ndim - 1)))


class Linear(torch.nn.Linear):
    def forward(self, input):
        return Affine.apply(input, self.weight, self.bias)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_layer:Linear", "linear"))
