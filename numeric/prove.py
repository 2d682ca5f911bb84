"""Proofs for all sizes: extents, strides, paddings and dilations are symbols, and z3 is asked each time anew.

`equal` compares two formulas. Each becomes a sum of terms: a number times a guarded sum of products of what is read.
Terms of one kind read the same tensors, so they differ in their index relations alone, and z3 is asked whether these
are the same set: what is read determines every bound index, so each tuple counts once. The axes of a window are
independent and are asked about one by one.

`prove` states and asks what a derivation and its kernel rest on: that index relations are equal, inverses bijective,
windows not empty, loads and stores inside their arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from derive.derivation import Derivation
from derive.expressions.expr import Binder, Expr
from derive.operation import Op
from numeric.plans.lower import plan
from numeric.plans.plan import Plan
from numeric.proof.accesses import accesses
from numeric.proof.equality import Claim
from numeric.proof.obligation import Obligation
from numeric.proof.relations import relations
from numeric.proof.verdict import Counterexample, Outcome, Proved, Unknown
from numeric.proof.windows import windows

__all__ = ["Counterexample", "Obligation", "Outcome", "Proved", "Unknown", "equal", "prove"]


def equal(op: Op, axes: Sequence[Binder], a: Expr, b: Expr, hypotheses: Sequence[Expr] = ()) -> Outcome:
    """Whether two formulas over the tensors of `op`, with these free axes, are equal for all sizes.

    Assumed are what the operation requires of its sizes and the further `hypotheses` (guards about sizes); both are
    told in the verdict. Raises: ModuleNotFoundError where z3 is not installed.
    """
    return Claim(op, tuple(axes), a, b, tuple(hypotheses)).outcome()


def prove(d: Derivation) -> list[Obligation]:
    """Everything that a gradient and its kernel rest on for all sizes, each asked now.

    Raises: ModuleNotFoundError where z3 is not installed.
    """
    return [*relations(d), *windows(d.op), *accesses(d.op, _plan(d.op), d.wrt.name)]


@lru_cache(maxsize=8)
def _plan(op: Op) -> Plan:
    return plan(op)
