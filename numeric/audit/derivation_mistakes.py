"""What was done wrong between two lines: small wrong rewritings of the former that give the latter, each with its name.

A diagnosis is never a guess: the rewriting is carried out, and its result equals the wrong line in every world tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from derive.errors import BackproofError
from derive.expressions.build import mul
from derive.expressions.expr import (
    MINUS_ONE,
    Add,
    Entry,
    Expr,
    Fn,
    Mul,
)
from derive.expressions.traversal import put, walk
from derive.laws.law import COTANGENT
from derive.meaning.denote import World
from derive.meaning.digits import real
from derive.meaning.exact import Number
from derive.meaning.integers import Array
from derive.operation import Op
from numeric.audit.canonical import same
from numeric.audit.derivation_rules import Line, wrong_derivatives
from numeric.audit.derivation_slips import (
    SLIPS,
    SLOPES,
    Wrong,
    everywhere,
    names_of,
    positions,
    renamed,
    shown,
    without,
)
from numeric.audit.sides import Sides
from numeric.audit.small_worlds import generic, growing, telling
from numeric.audit.verdict import NO_MISTAKE
from numeric.mistakes import Mistake, suspects
from numeric.mistakes.catalogue import GENERAL

__all__ = ["Line", "diagnosis"]

SMALL = 32
"""What entries are divided by where functions would saturate."""

MOST = 400
"""Rewritings tried of one line."""


def diagnosis(line: Line) -> str:
    """The mistake that leads from the line before to this one, in words."""
    tried: list[Expr] = []
    for sentence, wrong in islice(_explanations(line), MOST):
        if not any(same(wrong, t) for t in tried[-8:]) and _equal(line, wrong):
            return sentence
        tried.append(wrong)
    return NO_MISTAKE


def _explanations(line: Line) -> Wrong:
    """Everything that might have been done: what has a name of its own first, then slips of the pen.

    Of the catalogue's mistakes the general ones come last, as slips name them more precisely.
    """
    yield "the sign of the whole line is wrong", mul((MINUS_ONE, line.before))
    for rule in SLOPES:
        yield from everywhere(rule, line.before)
    named = list(_named(line))
    yield from ((mistake.sentence, wrong) for mistake, wrong in named if mistake.family != GENERAL)
    yield from wrong_derivatives(line)
    for rule in (*SLIPS, renamed(names_of(line.before))):
        yield from everywhere(rule, line.before)
    yield from _too_many(line)
    yield from ((mistake.sentence, wrong) for mistake, wrong in named if mistake.family == GENERAL)


def _equal(line: Line, wrong: Expr) -> bool:
    """Whether a rewriting has the wrong line's value wherever it is tried, which the line before has not."""
    return _agree(line, wrong, line.got)


def _agree(line: Line, a: Expr, b: Expr) -> bool:
    """Whether two expressions have the same values, `a` wherever `b` has one."""
    op = line.reader.op
    try:
        return Sides(op, line.axes, a, b).differ(_worlds(op)) is None
    except (BackproofError, ArithmeticError):
        return False


@lru_cache(maxsize=64)
def _worlds(op: Op) -> tuple[World, ...]:
    """The most telling sizes first: they part most rewritings from the line at once.

    Entries are small, as functions of large ones are 0 or 1 to every digit.
    """
    sizes = [*telling(op), *islice(growing(op), 1)]
    drawn = (w for known in sizes for w in islice(generic(op, known), 1))
    bends = any(isinstance(n, Fn) for e in op.equations for n in walk(e.body))
    return tuple(_small(op, w) if bends else w for w in drawn)


def _small(op: Op, world: World) -> World:
    labels = {t.name for t in op.tensors if t.integer}
    arrays = {
        name: a if name in labels else Array(a.shape, tuple(_less(v) for v in a.values))
        for name, a in world.arrays.items()
    }
    return replace(world, arrays=arrays, lift=real)


def _named(line: Line) -> Iterator[tuple[Mistake, Expr]]:
    """The catalogue's mistakes, where the equation is of a gradient with respect to an input."""
    left = line.left
    inputs = {t.name for t in line.reader.op.differentiable}
    if not isinstance(left, Entry) or left.tensor.removeprefix(COTANGENT) not in inputs:
        return
    axes = line.reader.tensors[left.tensor]
    at = {b.name: i for b, i in zip(axes, left.indices, strict=True)}
    for mistake, wrong in suspects(line.reader.op, left.tensor.removeprefix(COTANGENT)):
        yield mistake, line.reader.placed(wrong, at)


def _less(value: Number) -> Number:
    """A number divided, as a real one."""
    assert isinstance(value, int | Fraction)
    return real(Fraction(value) / SMALL)


def _too_many(line: Line) -> Wrong:
    """A factor, a term or a sum of the line that is not due: without it, it would be right."""
    for kind, what in ((Mul, "factor"), (Add, "term")):
        for path, node in positions(line.got):
            if isinstance(node, kind):
                for k, item in enumerate(node.parts):
                    less = put(line.got, path, without(node, k))
                    if _agree(line, less, line.before):
                        yield f"the {what} {shown(item)} is one too many", line.got
