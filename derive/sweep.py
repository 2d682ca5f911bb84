"""Reverse mode: the gradient of one operation, or of a graph of them, as derivations that start from the chain rule."""

from __future__ import annotations

from functools import lru_cache

from derive.catalogue import op as build_op
from derive.derivation import Derivation, Step
from derive.errors import OperationError
from derive.expressions.build import mul
from derive.expressions.expr import Binder, Contract, D, Entry, Expr
from derive.expressions.index import index
from derive.expressions.substitution import fresh
from derive.laws.algebra import ALGEBRA, clear_quotient
from derive.laws.calculus import CALCULUS
from derive.laws.division import DIVISION
from derive.laws.law import HYPOTHESIS
from derive.laws.means import MEANS
from derive.laws.naming import NAMING
from derive.laws.presentation import PRESENTATION
from derive.laws.reindexing import REINDEXING, whole_windows
from derive.laws.result_names import result_name
from derive.operation import Op, Tensor
from derive.rewrite import run
from derive.second import operation_of

STAGES = (
    (*CALCULUS, *DIVISION, clear_quotient, *REINDEXING, *ALGEBRA, *MEANS),
    (*PRESENTATION, whole_windows, *ALGEBRA),
)


def gradient(op: Op | str | Derivation, wrt: str, **settings: int | str) -> Derivation:
    """dE/dX of an operation, from dE/dO and the chain rule; `wrt` is the law's letter or torch's argument name.

    Of a derivation it is a second derivative: of dE/dX as an operation of its own (`derive.second`).

    Raises: OperationError for a tensor that the law does not have or that holds integers, NotDerived.
    """
    if isinstance(op, Derivation):
        op = operation_of(op)
    if isinstance(op, str):
        op = build_op(op, **settings)
    return _gradient(op, wrt)


@lru_cache(maxsize=512)
def _gradient(op: Op, wrt: str) -> Derivation:
    tensor = op.tensor(wrt)
    if tensor.role != "input" or tensor.integer:
        kind = "integers" if tensor.integer else f"an {tensor.role}"
        known = ", ".join(t.name for t in op.differentiable)
        raise OperationError(f"{op.name}: got wrt={wrt!r}, which is {kind}, expected one of {known}; choose one")
    target, start = chain_rule_start(op, tensor.name)
    steps = list(run(start, STAGES, op, tensor.axes))
    explicit = steps[-1].after if steps else start
    return Derivation(op, tensor, target, tensor.axes, start, (*steps, *_named(explicit, op, tensor)))


def _named(explicit: Expr, op: Op, tensor: Tensor) -> tuple[Step, ...]:
    """The naming steps, as far as they arrive at a name: a half-renamed sum helps nobody."""
    steps = tuple(run(explicit, (NAMING,), op, tensor.axes))
    arrived = [k for k, s in enumerate(steps) if s.law == HYPOTHESIS or result_name(s.after, op)]
    return steps[: arrived[-1] + 1] if arrived else ()


def chain_rule_start(op: Op, name: str) -> tuple[Entry, Expr]:
    """`dE/dX[a]` and `sum[i] dE/dO[i] * d(O[i])/dX[a]`, the output's indices renamed where X's have their names."""
    tensor, output = op.tensor(name), op.output
    own = tuple(index(b.name) for b in tensor.axes)
    taken = {b.name for b in tensor.axes}
    binders: list[Binder] = []
    for b in output.axes:
        new = fresh(b.name, taken)
        taken.add(new)
        binders.append(Binder(new, b.extent))
    at = tuple(index(b.name) for b in binders)
    wrt = Entry(name, own)
    body = mul((Entry(f"dE/d{output.name}", at), D(Entry(output.name, at), wrt)))
    return Entry(f"dE/d{name}", own), Contract(tuple(binders), body) if binders else body
