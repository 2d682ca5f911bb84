"""Proofs for all sizes: two formulas are equal whatever the extents, strides, paddings and dilations are.

Each formula becomes a sum of terms: a number times a guarded sum of products of what is read. Terms of one kind read
the same tensors, so they differ in their index relations alone, and z3 is asked whether these are the same set: what is
read determines every bound index, so each tuple counts once. The axes of a window are independent and are asked about
one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.expr import Binder, Expr
from derive.operation import Op
from numeric.proof.equality import Claim
from numeric.proof.verdict import Counterexample, Outcome, Proved, Unknown

__all__ = ["Counterexample", "Outcome", "Proved", "Unknown", "equal"]


def equal(op: Op, axes: Sequence[Binder], a: Expr, b: Expr, hypotheses: Sequence[Expr] = ()) -> Outcome:
    """Whether two formulas over the tensors of `op`, with these free axes, are equal for all sizes.

    Assumed are what the operation requires of its sizes and the further `hypotheses` (guards about sizes); both are
    told in the verdict. Raises: ModuleNotFoundError where z3 is not installed.
    """
    return Claim(op, tuple(axes), a, b, tuple(hypotheses)).outcome()
