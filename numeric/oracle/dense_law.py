"""The law itself under autograd: for laws that torch has no function for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from numeric.checks.samples import Sample
from numeric.evaluation.arithmetic import COMPARE, Floats, Integers, Mask, Plain, Truth, first_best, leading
from numeric.evaluation.dense import world_of

Tensor = Any


class TorchArithmetic:
    """Torch tensors in float64, so that autograd differentiates a law that torch has no function for."""

    def number(self, value: Fraction) -> Tensor:
        return torch.tensor(float(value), dtype=torch.float64)

    def integer(self, values: Integers) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float64))

    def data(self, values: Floats) -> Tensor:
        return torch.from_numpy(np.array(values, np.float64))

    def spread(self, value: Tensor, shape: tuple[int, ...]) -> Tensor:
        return value.expand(shape)

    def take(self, tensor: Tensor, flat: Integers, inside: Mask | None) -> Tensor:
        found = tensor.reshape(-1)[torch.from_numpy(np.asarray(flat))]
        return found if inside is None else torch.where(_mask(inside), found, 0.0)

    def add(self, terms: Sequence[Tensor]) -> Tensor:
        return sum(terms, torch.zeros((), dtype=torch.float64))

    def multiply(self, factors: Sequence[Tensor]) -> Tensor:
        return math.prod(factors, start=torch.ones((), dtype=torch.float64))

    def divide(self, left: Tensor, right: Tensor) -> Tensor:
        return left / right

    def power(self, base: Tensor, exponent: Tensor) -> Tensor:
        return base**exponent

    def function(self, name: str, z: Tensor) -> Tensor:
        return getattr(torch, name)(z)

    def compare(self, op: str, left: Tensor, right: Tensor) -> Truth:
        return Truth(np.asarray(COMPARE[op](left.detach().numpy(), right.detach().numpy())))

    def choose(self, truth: Truth, then: Tensor, other: Tensor) -> Tensor:
        return torch.where(_mask(truth.holds), then, other)

    def total(self, terms: Tensor, sizes: tuple[int, ...], depth: int) -> Tensor:
        return self._leading(terms, sizes, depth).sum(dim=0)

    def best(self, candidates: Tensor, inside: Mask, sizes: tuple[int, ...], depth: int) -> Tensor:
        values = self._leading(candidates, sizes, depth)
        first = first_best(values.detach().numpy(), leading(inside, sizes, depth))
        full = values.expand((len(values), *first.shape))
        return torch.take_along_dim(full, torch.from_numpy(first)[None], dim=0)[0]

    def wins(self, candidates: Tensor, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Tensor:
        return torch.from_numpy(Plain().wins(candidates.detach().numpy(), inside, sizes, depth, at))

    @staticmethod
    def _leading(values: Tensor, sizes: tuple[int, ...], depth: int) -> Tensor:
        count = len(sizes)
        padded = values.reshape((1,) * (depth + count - values.ndim) + tuple(values.shape))
        full = padded.expand(sizes + tuple(padded.shape[count:]))
        return full.reshape((math.prod(sizes), *padded.shape[count:]))


def _mask(mask: Mask) -> Tensor:
    return torch.from_numpy(np.asarray(mask))


def by_law(sample: Sample, inputs: Mapping[str, Any]) -> Tensor:
    """The output of the law, evaluated densely by torch."""
    op = sample.op
    there = (t for t in op.inputs if not t.integer and inputs[t.argument] is not None)
    values = {t.name: inputs[t.argument].permute(sample.order(t)) for t in there}
    world = world_of(op, TorchArithmetic(), sample.names, sample.lawful, values)
    order = sample.order(op.output)
    found = world.tensors[op.output.name].reshape([sample.cotangent.shape[k] for k in order])
    return found.permute([order.index(k) for k in range(len(order))])
