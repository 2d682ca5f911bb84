"""Matrices written entry by entry: a whole tensor, its transpose or its turn where the entries say so."""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.expr import ZERO, Entry, Expr
from derive.expressions.index import index
from derive.language.latex.arrays import Array, Indices, Misfit
from derive.operation import Op

Cells = Sequence[Sequence[Expr]]


def explicit(cells: Cells, op: Op | None) -> Array:
    """The array of a matrix; a column is a vector."""
    rows, columns = len(cells), len(cells[0])
    vector = columns == 1
    pattern = _pattern(cells)

    def at(i: Indices) -> Expr:
        if len(i) != len(labels):
            raise Misfit
        place = [x.constant for x in i] + ([0] if vector else [])
        if pattern is not None and any(p is None for p in place):
            tensor, turned, crossed = pattern
            ends = [rows] if vector else [rows, columns]
            found = tuple(index(e - 1) - x for e, x in zip(ends, i, strict=True)) if turned else i
            return Entry(tensor, found[::-1] if crossed else found)
        match place:
            case [int(r), int(c)] if 0 <= r < rows and 0 <= c < columns:
                return cells[r][c]
            case [int(), int()]:
                return ZERO
        raise Misfit

    labels = _labels(pattern[0] if pattern else "", 1 if vector else 2, op)
    extents = (index(rows),) if vector else (index(rows), index(columns))
    own = pattern[0] if pattern else ""
    window = bool(op and any(t.name == own and t.argument == "weight" for t in op.tensors))
    name = "matrix" if pattern is None else ""
    return Array(labels, extents, at, len(labels), labels[0], None if vector else labels[1], window=window, name=name)


def _labels(tensor: str, rank: int, op: Op | None) -> tuple[str, ...]:
    """The names of the tensor's last axes, or letters."""
    known = [t for t in op.tensors if t.name == tensor.removeprefix("dE/d")] if op else []
    axes = tuple(b.name for b in known[0].axes)[-rank:] if known else ()
    return axes if len(axes) == rank and "..." not in axes else ("i", "j")[:rank]


def _pattern(cells: Cells) -> tuple[str, bool, bool] | None:
    """The tensor that the cells are, whether turned by 180 degrees, whether transposed; None where they are neither."""
    rows, columns = len(cells), len(cells[0])
    first = cells[0][0]
    if not isinstance(first, Entry) or len(first.indices) != (1 if columns == 1 else 2):
        return None
    for turned in (False, True):
        for crossed in (False, True):
            if all(
                cells[r][c] == Entry(first.tensor, _place(r, c, rows, columns, turned, crossed))
                for r in range(rows)
                for c in range(columns)
            ):
                return first.tensor, turned, crossed
    return None


def _place(r: int, c: int, rows: int, columns: int, turned: bool, crossed: bool) -> Indices:
    r, c = (rows - 1 - r, columns - 1 - c) if turned else (r, c)
    place = (r,) if columns == 1 else (c, r) if crossed else (r, c)
    return tuple(index(p) for p in place)
