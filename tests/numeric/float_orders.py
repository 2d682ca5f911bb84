"""Evaluation of formulas in one float format, sums and products in an order of chance: a stand-in for any kernel."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from numeric.backend import Formula
from numeric.checks.bounds import OUTPUT
from numeric.checks.examination import Run
from numeric.checks.samples import Sample
from numeric.evaluation.arithmetic import Integers, Mask, Plain, Truth, leading
from numeric.evaluation.dense import world_of

Floats = np.ndarray


class Shuffled(Plain):
    """Evaluation in one float format, every sum and product in an order of chance."""

    def __init__(self, dtype: str, seed: int) -> None:
        self.dtype, self.random = np.dtype(dtype), np.random.default_rng(seed)

    def number(self, value: Fraction) -> Floats:
        return np.asarray(float(value), self.dtype)

    def integer(self, values: Integers) -> Floats:
        return values.astype(self.dtype)

    def data(self, values: Floats) -> Floats:
        return values.astype(self.dtype)

    def take(self, tensor: Floats, flat: Integers, inside: Mask | None) -> Floats:
        return super().take(tensor, flat, inside).astype(self.dtype)

    def add(self, terms: Sequence[Floats]) -> Floats:
        found = [terms[k] for k in self.random.permutation(len(terms))]
        while len(found) > 1:
            found.append(found.pop(0) + found.pop(int(self.random.integers(len(found)))))
        return found[0]

    def multiply(self, factors: Sequence[Floats]) -> Floats:
        found = [factors[k] for k in self.random.permutation(len(factors))] or [self.number(Fraction(1))]
        while len(found) > 1:
            found.append(found.pop(0) * found.pop(int(self.random.integers(len(found)))))
        return found[0]

    def choose(self, truth: Truth, then: Floats, other: Floats) -> Floats:
        return super().choose(truth, then, other).astype(self.dtype)

    def total(self, terms: Floats, sizes: tuple[int, ...], depth: int) -> Floats:
        values = leading(terms, sizes, depth)
        values = values[self.random.permutation(len(values))]
        if self.random.random() < 0.5 and len(values):
            return np.cumsum(values, axis=0, dtype=self.dtype)[-1]
        return values.sum(axis=0, dtype=self.dtype)

    def wins(self, candidates: Floats, inside: Mask, sizes: tuple[int, ...], depth: int, at: Integers) -> Floats:
        return super().wins(candidates, inside, sizes, depth, at).astype(self.dtype)


def shuffled(formulas: Mapping[str, Formula]) -> Run:
    """A run of these gradients (and of the law's own forward pass) in the dtype of the arrays it is given."""

    def run(sample: Sample, arrays: Mapping[str, Floats], dy: Floats) -> dict[str, Floats]:
        op = sample.op
        arithmetic = Shuffled(str(dy.dtype), sample.seed)
        everything = replace(sample, arrays={t.argument: arrays.get(t.argument) for t in op.inputs}).lawful
        with np.errstate(all="ignore"):
            world = world_of(op, arithmetic, sample.names, everything)
            cotangent = sample.flat(op.output, dy)
            world.read(f"dE/d{op.output.name}", cotangent, cotangent.shape)
            found = {OUTPUT: sample.passed(op.output, world.tensors[op.output.name])}
            for t in sample.wrt:
                values, shape = world.tensor(formulas[t.name].axes, formulas[t.name].body)
                found[t.argument] = sample.passed(t, np.broadcast_to(values, shape))
        return found

    return run
