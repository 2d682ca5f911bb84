"""A tanh for autograd whose slope is 1 - tanh; it is 1 - tanh^2."""

import sys

import torch

from reports.examples import audited


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        output = torch.tanh(input)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        (t,) = ctx.saved_tensors
        return grad_output * (1 - t)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_tanh:Tanh", "tanh"))
