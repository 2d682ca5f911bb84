"""A sigmoid for autograd that views the gradient as one row, which torch refuses for what is not contiguous."""

import sys

import torch

from reports.examples import audited


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        output = torch.sigmoid(input)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        (s,) = ctx.saved_tensors
        return (grad_output.view(-1) * (s * (1 - s)).reshape(-1)).reshape(s.shape)  # .reshape(-1)


if __name__ == "__main__":
    sys.exit(audited("reports.examples.broken_view:Sigmoid", "sigmoid"))
