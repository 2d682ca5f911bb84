"""Windows that hold a cell: every maximum over an index has something to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from derive.expressions.expr import Add, Binder, Compare, Entry, Maximum, Mul, Num, Select, Val, val
from derive.expressions.index import Index, divide
from derive.expressions.traversal import walk
from derive.language.show import show_index
from derive.operation import Op
from numeric.proof.implication import implied
from numeric.proof.obligation import WINDOW, Obligation
from numeric.proof.verdict import Counterexample, Outcome, Unknown


def windows(op: Op) -> Iterator[Obligation]:
    """One obligation for every axis along which a maximum of the law reads."""
    for e in op.equations:
        names = [Binder(n, b.extent) for n, b in zip(e.names, op.tensor(e.target).axes, strict=True)]
        for node in walk(e.body):
            if isinstance(node, Select):
                cells = {b.name: b.extent for b in node.binders}
                for r in walk(node.body):
                    if isinstance(r, Entry):
                        yield from _along(op, names, cells, r)


def _along(op: Op, names: Sequence[Binder], cells: Mapping[str, Index], r: Entry) -> Iterator[Obligation]:
    for i, axis in zip(r.indices, op.tensor(r.tensor).axes, strict=True):
        own = sorted(i.names() & cells.keys())
        if own:
            said = f"some {', '.join(own)} has 0 <= {show_index(i)} < {show_index(axis.extent)}"
            outcome = _holds_a_cell(op, names, cells, i, axis.extent, own)
            yield Obligation(WINDOW, f"every window of {r.tensor} holds a cell: {said}", outcome)


def _holds_a_cell(
    op: Op, names: Sequence[Binder], cells: Mapping[str, Index], i: Index, extent: Index, own: list[str]
) -> Outcome:
    """The first cell at or above 0 is in the window and below the extent; under as few hypotheses as will do."""
    parts = i.split(own[0])
    if len(own) > 1 or parts is None:
        return Unknown(f"{show_index(i)} is not step*{own[0]} + rest")
    step, rest = parts
    first = Maximum(Num(val(0).value), Val(-divide("floor", rest, step))) if rest.terms else val(0)  # type: ignore
    place = Add((Val(rest), Mul((Val(step), first)))) if rest.terms else val(0)
    then = (Compare("<", val(0), val(step)), Compare("<", first, val(cells[own[0]])), Compare("<", place, val(extent)))
    found: Outcome = Unknown("nothing was asked")
    for more in ((), (Compare("<=", val(1), val(extent)),), (Compare("<=", val(step), val(extent)),)):
        found = implied(op, names, (), then, more)
        if not isinstance(found, Counterexample):
            return found
    return found
