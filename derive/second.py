"""A gradient as an operation of its own, so that it has gradients in turn: products of the Hessian with a vector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from derive.derivation import Derivation
from derive.expressions.expr import Expr
from derive.expressions.substitution import fresh, retensor
from derive.expressions.traversal import all_names, reads
from derive.language.notation import Equation
from derive.laws.stability import shift_proofs
from derive.operation import Op, Tensor


def operation_of(d: Derivation) -> Op:
    """`g_X = f(X, F, g_O)`: the derived formula as a law over the operation's inputs and the cotangent g_O = dE/dO.

    Its own cotangent dE/dg_X is the vector v of a product of the Hessian with it: the gradient of `sum[a] v[a]*g_X[a]`.
    """
    op, output = d.op, d.op.output
    taken = {t.name for t in op.tensors} | op.symbols | all_names(d.formula)
    given, made = fresh(f"g_{output.name}", taken), fresh(f"g_{d.wrt.name}", taken)
    body = retensor(d.formula, {f"dE/d{output.name}": given})
    last = Equation(made, tuple(b.name for b in d.axes), body)
    equations = _read_by(body, op.equations)
    known = [t if t.role == "input" else replace(t, role="intermediate") for t in op.tensors]
    word = "output" if output.argument == output.name else output.argument
    return replace(
        op,
        name=d.title,
        equations=(*equations, last),
        tensors=(
            *(t for t in known if t.role == "input"),
            Tensor(given, output.axes, "input", f"grad_{word}"),
            *(t for t in known if t.name in {e.target for e in equations}),
            Tensor(made, d.axes, "output", f"grad_{d.wrt.argument}"),
        ),
        hypotheses=(),
        stable=_stable(op, body, last),
        summary=f"the gradient {d.title}, with {given} for dE/d{output.name}",
        source="",
    )


def _read_by(body: Expr, equations: Iterable[Equation]) -> tuple[Equation, ...]:
    """The equations that an expression reads, directly or through others, in their order."""
    by_target = {e.target: e for e in equations}
    found: set[str] = set()
    left = [body]
    while left:
        for name in {r.tensor for r in reads(left.pop())} & by_target.keys() - found:
            found.add(name)
            left.append(by_target[name].body)
    return tuple(e for name, e in by_target.items() if name in found)


def _stable(op: Op, body: Expr, last: Equation) -> tuple[Equation, ...]:
    """The equations under the operation's shift, where the formula reads nothing that depends on it; else none."""
    read: Mapping[str, Equation] = {e.target: e for e in op.equations}
    first_hand = {r.tensor for r in reads(body)} & read.keys()
    if not op.stable or not first_hand or not first_hand <= shift_proofs(op).keys():
        return ()
    return (*_read_by(body, op.stable), last)
