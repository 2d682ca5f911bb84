"""What a law's gradients must satisfy, whoever wrote the law, and a count of the laws that did.

The certificate is accepted; the formula equals the law's own derivative exactly, by dual numbers in small worlds; on
arrays it equals torch's autograd of the law, bit for bit on integers and within its rounding bound on real numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

import derive
from derive.checker import verdict
from derive.derivation import Derivation
from derive.errors import MeaningError, NotDerived
from derive.expressions.expr import Binder, Contract, D, Entry, Expr, Mul
from derive.expressions.index import Composite, index
from derive.expressions.traversal import binders_of, own_indices, walk
from derive.meaning.denote import World, denote
from derive.meaning.exact import Number
from derive.meaning.integers import Point
from derive.meaning.linevalues import sampled
from derive.meaning.worlds import in_reals, worlds
from derive.operation import Op
from numeric.backend import Formula
from numeric.checks.bounds import OUTPUT, Bounds, bounds_on, exact_sample
from numeric.checks.checking import Check, compare_bounded
from numeric.checks.rounding import FLOAT64
from numeric.checks.samples import Sample, draw
from numeric.oracle import autograd

REAL_KINDS = 3  # every third seed draws plain real data


@dataclass
class Tally:
    """How many laws were examined, of which kinds, and which gradients no law reaches, by reason."""

    examples: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    underived: Counter[str] = field(default_factory=Counter)
    gradients: int = 0
    compared: int = 0

    def examine(self, text: str) -> None:
        """Derive every gradient of a law and compare. Raises: AssertionError at the first disagreement."""
        op = derive.op(text)
        self.kinds.update(kinds(op))
        self.examples += 1
        found: dict[str, Derivation] = {}
        for t in op.differentiable:
            try:
                found[t.name] = derive.gradient(op, t.name)
            except NotDerived as error:
                self.underived[reason(error)] += 1
                return
        for d in found.values():
            assert verdict(d.certificate())
            self.compared += exactly_equal(d, d.formula)
        self.gradients += len(found)
        formulas = {n: Formula(d.target.tensor, d.axes, d.formula) for n, d in found.items()}
        for check in equal_to_autograd(op, formulas, REAL_KINDS * (crc32(text.encode()) % 1000)):
            assert check, f"{text}\n{check}"
            self.compared += 1

    def __str__(self) -> str:
        kinds = ", ".join(f"{n} {kind}" for kind, n in self.kinds.most_common())
        left = ", ".join(f"{n} {why}" for why, n in self.underived.most_common()) or "none"
        return (
            f"{self.examples} laws ({kinds})\n{self.gradients} gradients, {self.compared} comparisons, 0 disagreements;"
            f" underived: {left}"
        )


def kinds(op: Op) -> set[str]:
    """What a law is made of: node types, several equations, labels, a single number as output."""
    found = {type(n).__name__ for e in op.equations for n in walk(e.body)}
    found |= {"several equations"} if len(op.equations) > 1 else set()
    found |= {"labels"} if any(t.integer for t in op.inputs) else set()
    indices = [i for e in op.equations for n in walk(e.body) for i in own_indices(n)]
    found |= {f"{a.kind} in an index" for i in indices for a in i.atoms() if isinstance(a, Composite)}
    ends = {n for e in op.equations for node in walk(e.body) for b in binders_of(node) for n in b.extent.names()}
    found |= {"an end that varies"} if ends - op.symbols else set()
    return found | ({"a number as output"} if not op.output.axes else set())


def reason(error: NotDerived) -> str:
    """Why a gradient is not derived, without the law's own names."""
    text = str(error)
    for words in ("no law applies", "does not stop", "got free names", "got no entry"):
        if words in text:
            return words
    return text


def exactly_equal(d: Derivation, formula: Expr) -> int:
    """How many entries of a formula equal dE/dX[a], E = sum[i] dE/dO[i]*O[i] differentiated by dual numbers.

    In integers, fractions and the prime field, else in reals of 100 digits; entries without a value are left out.
    Raises: AssertionError where one differs, or none has a value.
    """
    output = d.op.output
    # the output's indices are renamed where the gradient's have their names
    axes = tuple(Binder(f"{b.name}_out", b.extent) for b in output.axes)
    at = tuple(index(b.name) for b in axes)
    product = Mul((Entry(f"dE/d{output.name}", at), Entry(output.name, at)))
    energy = D(Contract(axes, product) if at else product, Entry(d.wrt.name, d.target.indices))
    equal = 0
    for world in worlds(d.op):
        real = in_reals(world, d.op)
        for point in sampled(d.axes, world):
            want, got = _value(energy, world, point), _value(formula, world, point)
            if want is None or got is None:
                want, got = _value(energy, real, point), _value(formula, real, point)
            if want is not None:
                assert got == want, f"{d.title} at {point} with {world.names}: got {got}, expected {want}"
                equal += 1
    assert equal, f"{d.title}: no entry has a value"
    return equal


def _value(e: Expr, world: World, point: Point) -> Number | None:
    try:
        return denote(e, world, point)
    except MeaningError:
        return None


def equal_to_autograd(op: Op, formulas: Mapping[str, Formula], seed: int) -> Iterator[Check]:
    """The law's output and the formulas' values against torch's: on integers exactly, on real data within rounding."""
    with np.errstate(all="ignore"):
        exact = exact_sample(op, formulas, seed)
        if exact is not None:
            yield from _compare(*exact)
        sample = draw(op, seed, "real")
        yield from _compare(sample, bounds_on(op, formulas, sample, FLOAT64))


def _compare(sample: Sample, bounds: Bounds) -> Iterator[Check]:
    output, gradients = autograd(sample)
    for key, want in ((OUTPUT, output), *gradients.items()):
        got, bound = bounds.value(key).reshape(want.shape), 2 * bounds.error(key).reshape(want.shape)
        if not np.isinf(bound).all() or not bound.size:  # all of an overflow claims nothing
            yield compare_bounded(got, want, bound, f"{sample.op.name} {key or 'output'}", 8, sample.seed)
