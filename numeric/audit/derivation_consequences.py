"""What follows from a wrong line: the chain rule with that line in place of the truth."""

from __future__ import annotations

from dataclasses import replace

from derive.expressions.build import mul
from derive.expressions.expr import D, Entry, Expr
from derive.expressions.substitution import substitute
from derive.laws.law import COTANGENT
from derive.operation import Op
from numeric.audit.derivation_reading import Reader, gradient_formula


def assuming(reader: Reader, wrong: Expr, right: Expr, left: Expr) -> Expr | None:
    """What a gradient is by the chain rule if `wrong = right`, of a gradient or a derivative; None where it is no
    matter of that."""
    if not (isinstance(left, Entry) and left.tensor.startswith(COTANGENT)):
        return None
    through = wrong.expr if isinstance(wrong, D) else wrong
    if not isinstance(through, Entry) or not isinstance(wrong, Entry | D):
        return None
    middle, wrt = through.tensor.removeprefix(COTANGENT), left.tensor.removeprefix(COTANGENT)
    op = ending_in(reader.op, middle)
    if op is None or wrt not in {t.name for t in op.differentiable}:
        return None
    own = {b.name: b for b in reader.tensors[wrt]}
    at = {b.name: i for b, i in zip(own.values(), left.indices, strict=True)}
    if isinstance(wrong, D):
        return _through_slope(reader, wrong, right, left) if wrong.wrt.tensor == wrt else None
    formula, _ = gradient_formula(op, wrt)
    return substitute(_with_cotangent(formula, wrong, right), at)


def _through_slope(reader: Reader, wrong: D, right: Expr, left: Entry) -> Expr | None:
    """The chain rule with a slope that is wrong; one that is written at equal indices is that of the diagonal."""
    assert isinstance(wrong.expr, Entry)
    if wrong.expr.indices != wrong.wrt.indices or any(i.name is None for i in wrong.wrt.indices):
        return None
    outer = reader.gradient_of(Entry(COTANGENT + wrong.expr.tensor, left.indices))
    names = {i.name or "": a for i, a in zip(wrong.wrt.indices, left.indices, strict=True)}
    return mul((outer, substitute(right, names)))


def ending_in(op: Op, name: str) -> Op | None:
    """The operation up to a tensor that it computes; None for an input."""
    last = next((k for k, e in enumerate(op.equations) if e.target == name), None)
    if last is None:
        return None
    later = {e.target for e in op.equations[last + 1 :]}
    tensors = tuple(replace(t, role="output") if t.name == name else t for t in op.tensors if t.name not in later)
    return replace(op, equations=op.equations[: last + 1], tensors=tensors, stable=())


def _with_cotangent(formula: Expr, wrong: Entry, right: Expr) -> Expr:
    """A formula with the right side of an equation in place of the gradient on its left."""
    if isinstance(formula, Entry) and formula.tensor == wrong.tensor:
        return substitute(right, {i.name or "": a for i, a in zip(wrong.indices, formula.indices, strict=True)})
    parts = tuple(_with_cotangent(p, wrong, right) for p in formula.parts)
    return formula.with_parts(parts) if parts else formula
