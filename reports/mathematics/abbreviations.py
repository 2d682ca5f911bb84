"""The quotients that solve a window for its position, called by the name of that position: i = (h + P - d p)/s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.errors import OperationError
from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import ZERO, Composite, Index, atom_index, index
from derive.expressions.traversal import all_names, map_indices, walk
from derive.operation import Op
from reports.mathematics.names import COTANGENT


@dataclass(frozen=True, slots=True)
class Abbreviated:
    """An expression that is shorter by names, and what each name stands for."""

    expr: Expr
    meanings: tuple[tuple[str, Index], ...] = ()


def abbreviated(e: Expr, op: Op) -> Abbreviated:
    """The expression with each exact quotient that is an index of a tensor replaced by the name of that axis."""
    taken = set(all_names(e))
    names: dict[Composite, str] = {}
    for node in walk(e):
        for axis, quotient in _quotients(node, op):
            if quotient not in names and axis.name not in taken:
                names[quotient] = axis.name
                taken.add(axis.name)
    if not names:
        return Abbreviated(e)
    return Abbreviated(_replaced(e, names), tuple((n, atom_index(c)) for c, n in names.items()))


def _quotients(node: Expr, op: Op) -> list[tuple[Binder, Composite]]:
    """The indices of a tensor of the law that are exact quotients, with their axes."""
    if not isinstance(node, Entry):
        return []
    try:
        axes = op.tensor(node.tensor.removeprefix(COTANGENT)).axes
    except OperationError:
        return []
    return [(b, c) for b, i in zip(axes, node.indices, strict=True) if (c := _alone(i)) is not None]


def _alone(i: Index) -> Composite | None:
    match i.terms:
        case ((((Composite("exact") as only,)), 1),):
            return only
    return None


def _replaced(e: Expr, names: Mapping[Composite, str]) -> Expr:
    def through(i: Index) -> Index:
        total = ZERO
        for monomial, c in i.terms:
            term = index(c)
            for atom in monomial:
                if isinstance(atom, Composite) and atom in names:
                    term = term * index(names[atom])
                else:
                    kept = Entry(atom.tensor, tuple(map(through, atom.indices))) if isinstance(atom, Entry) else atom
                    term = term * Index((((kept,), 1),))
            total = total + term
        return total

    parts = tuple(_replaced(p, names) for p in e.parts)
    return map_indices(e.with_parts(parts) if parts else e, through)
