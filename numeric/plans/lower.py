"""Lowers an operation's equations and derived gradients to one plan: a rule a node; sums and maxima have files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import accumulate

from derive.beyond import check_gradients
from derive.errors import NotDerived
from derive.expressions.expr import (
    Add,
    Cases,
    Compare,
    Contract,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.expressions.traversal import map_indices
from derive.language.show import show
from derive.operation import Op, Tensor
from numeric.backend import Formula, cotangent, forward_formulas, gradient_formula
from numeric.plans.access import Canonical
from numeric.plans.build import Build, Scope
from numeric.plans.digits import in_digits
from numeric.plans.guards import product
from numeric.plans.maxima import select, winner
from numeric.plans.plan import Axes, Map, Merge, Plan, Split, View
from numeric.plans.reading import read
from numeric.plans.sums import contract, in_blocks


def plan(op: Op, stacked: bool = False, formulas: Mapping[str, Formula] | None = None) -> Plan:
    """The plan of an operation's output and of all its gradients that can be derived, or of the `formulas` by letter.

    `stacked` lays products out as a stack of matrices along the leading axis, instead of as one large matrix.
    """
    check_gradients(op)
    forward = forward_formulas(op)
    gradients = list(_derived(op)) if formulas is None else [(op.tensor(name), f) for name, f in formulas.items()]
    tensors = frozenset({t.name for t in op.tensors} | {f.target for f in forward})
    build = Build(Canonical(dict(op.sizes)), {f.target: f for f in forward}, tensors, stacked, lower, value)
    inputs: list[tuple[str, Axes]] = [(t.name, t.axes) for t in op.inputs] + [(cotangent(op), op.output.axes)]
    for name, axes in inputs:
        build.input(name, axes)
    results = [(op.output.name, build.tensor(op.output.name))]
    results += [(t.name, lower(build, formula)) for t, formula in gradients]
    headings = [(op.output.name, "\n".join(_line(f) for f in forward))]
    headings += [(t.name, _line(formula)) for t, formula in gradients]
    anchor = op.differentiable[0].name
    return Plan(op.name, tuple(build.instructions), tuple(inputs), anchor, tuple(results), op.sizes, tuple(headings))


def _derived(op: Op) -> Iterator[tuple[Tensor, Formula]]:
    """The gradients that the laws reach; asking for another one says which it is."""
    for t in op.differentiable:
        with suppress(NotDerived):
            yield t, gradient_formula(op, t)


def _line(f: Formula) -> str:
    names = ",".join(b.name for b in f.axes)
    return f"{f.target}{f'[{names}]' if names else ''} = {show(f.body)}"


def lower(build: Build, f: Formula) -> str:
    """Add what computes a formula, and return the register with its values."""
    runs, body = in_digits(build, f.axes, f.body)
    axes = tuple(b for run in runs for b in run)
    names = tuple(b.name for b in axes)
    scope = {b.name: b.extent for b in axes}
    found = in_blocks(build, body, scope) or value(build, body, scope)
    if not (isinstance(found, Entry) and tuple(i.name for i in found.indices) == names and _owned(build, found.tensor)):
        found = build.emit(Map("value", axes, found))
    if len(axes) > len(f.axes):
        found = build.emit(Merge("value", f.axes, found.tensor, _places(runs)))
    if build.instructions[-1].target == found.tensor and found.tensor not in build.aliases.values():
        build.rename(found.tensor, f.target)
        found = Entry(f.target, found.indices)
    build.aliases[f.target] = found.tensor
    return found.tensor


def _places(runs: tuple[Axes, ...]) -> tuple[tuple[int, ...], ...]:
    """Where the members of each run stand when the runs follow one another."""
    ends = list(accumulate(map(len, runs)))
    return tuple(tuple(range(end - len(run), end)) for run, end in zip(runs, ends, strict=True))


def _owned(build: Build, register: str) -> bool:
    """Whether a register is memory of its own, so that a result does not share it with an input."""
    made = build.made_by(register)
    return made is not None and not isinstance(made, View | Merge | Split) and register not in build.aliases.values()


def value(build: Build, e: Expr, scope: Scope) -> Expr:
    """A tree of scalar nodes over registers at plain names; everything else has become an instruction."""
    return _RULES[type(e)](build, e, scope)


def _parts(build: Build, e: Expr, scope: Scope) -> Expr:
    return e.with_parts(tuple(value(build, p, scope) for p in e.parts))


def _product(build: Build, e: Mul, scope: Scope) -> Expr:
    return product(build, (value(build, p, scope) for p in e.items))


def _quotient(build: Build, e: Div, scope: Scope) -> Expr:
    return product(build, [Div(value(build, e.left, scope), value(build, e.right, scope))])


def _indices(build: Build, e: Expr, scope: Scope) -> Expr:
    """A node of indices, whose reads of integer tensors are reads at plain names."""
    return map_indices(e, lambda i: i.substitute({}, lambda entry: read(build, entry, scope)))


_RULES: dict[type, Callable[..., Expr]] = {
    Num: lambda build, e, scope: e,
    Val: _indices,
    InRange: _indices,
    Divides: _indices,
    Entry: read,
    Add: _parts,
    Mul: _product,
    Pow: _parts,
    Div: _quotient,
    Maximum: _parts,
    Minimum: _parts,
    Compare: _parts,
    Cases: _parts,
    Fn: _parts,
    Contract: contract,
    Select: select,
    Winner: winner,
}
