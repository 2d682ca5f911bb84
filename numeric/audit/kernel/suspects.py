"""Which known mistake gives exactly the numbers that a kernel gave: its formula is evaluated on the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from derive.conventions import by_rule, rules, speaking
from derive.errors import MeaningError
from derive.expressions.expr import Expr
from derive.operation import Op
from numeric.audit.kernel.trials import Trial, formulas
from numeric.backend import Formula, cotangent
from numeric.checks.bounds import ball_of
from numeric.checks.checking import relative_error
from numeric.checks.rounding import Ball, Rounding
from numeric.evaluation.dense import Dense, world_of
from numeric.mistakes import Mistake, suspects

T = TypeVar("T")

MOST = 12
"""Answers that a suspect has to explain, for each law."""

RULES = {
    "above": "where two values meet, the derivative from above",
    "below": "where two values meet, the derivative from below",
    "mean": "where two values meet, half of each derivative",
    "first": "of equal cells the first in row-major order has the whole derivative",
    "last": "of equal cells the last in row-major order has the whole derivative",
    "split": "equal cells share the derivative equally",
}
"""The rules of `derive.conventions` in words."""


@dataclass(slots=True, eq=False)
class Seen:
    """The gradient that a kernel gave in a trial, in the law's shape, and whether it is wrong."""

    trial: Trial
    got: NDArray
    wrong: bool
    _world: Dense[Ball] | None = field(default=None, repr=False)

    def explained_by(self, letter: str, formula: Expr) -> bool:
        """Whether a formula gives every number of it, but for rounding."""
        op = self.trial.sample.op
        try:
            with np.errstate(all="ignore"):
                ball = ball_of(self._known, Formula("", op.tensor(letter).axes, formula))
        except (
            MeaningError,
            KeyError,
            ValueError,
        ):  # the mistake has no value here: a division by zero, no such tensor
            return False
        return ball.value.shape == self.got.shape and not (relative_error(self.got, ball.value, ball.spread) > 1).any()

    @property
    def _known(self) -> Dense[Ball]:
        if self._world is None:
            sample, arithmetic = self.trial.sample, Rounding(self.trial.precision)
            self._world = world_of(sample.op, arithmetic, sample.names, sample.lawful)
            dy = sample.flat(sample.op.output, sample.cotangent)
            self._world.read(cotangent(sample.op), arithmetic.data(dy), dy.shape)
        return self._world


def mistakes_behind(letter: str, seen: Sequence[Seen]) -> list[Mistake]:
    """The catalogue's mistakes whose formulas give every number that was seen."""
    return _behind(letter, seen, _wrong)


def rules_behind(letter: str, seen: Sequence[Seen]) -> list[str]:
    """The rules for ties and kinks, other than the law's own, by which every number that was seen is right."""
    return _behind(letter, seen, _rules)


def convention(op: Op, rule: str) -> str:
    """A rule in words, with the authors who choose it for this operation."""
    authors = [(c.name, choice.says) for c in speaking(op) if (choice := c.of(op)) is not None and choice.rule == rule]
    return f"{authors[0][1]} ({', '.join(name for name, _ in authors)})" if authors else RULES[rule]


def has_ties(op: Op) -> bool:
    """Whether a convention decides anything in the gradients of an operation."""
    return bool(rules(op))


def _behind(letter: str, seen: Sequence[Seen], known: Callable[[Op, str], Iterable[tuple[T, Expr]]]) -> list[T]:
    """The suspects that explain the answers of every law under which one was wrong."""
    found: list[T] | None = None
    for law in dict.fromkeys(s.trial.sample.op for s in seen if s.wrong):
        own = [s for s in seen if s.trial.sample.op == law]
        answers = sorted(own, key=lambda s: not s.wrong)[:MOST]
        explain = [who for who, f in known(law, letter) if all(s.explained_by(letter, f) for s in answers)]
        found = explain if found is None else [who for who in found if who in explain]
    return list(dict.fromkeys(found or ()))


@lru_cache(maxsize=512)
def _wrong(op: Op, letter: str) -> tuple[tuple[Mistake, Expr], ...]:
    return tuple(suspects(op, letter))


@lru_cache(maxsize=512)
def _rules(op: Op, letter: str) -> tuple[tuple[str, Expr], ...]:
    right = formulas(op)[letter].body
    each = ((rule, by_rule(op, right, rule)) for rule in rules(op))
    return tuple((rule, formula) for rule, formula in each if formula != right)
