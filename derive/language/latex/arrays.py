"""Whole tensors in a formula, entry by entry: products of matrices, entrywise products, derivatives by vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from derive.expressions.expr import Add, Binder, Compare, Contract, Entry, Expr, Mul, Val, val
from derive.expressions.index import Index, index
from derive.expressions.substitution import fresh
from derive.expressions.traversal import all_names
from derive.operation import Op

JACOBIAN = "jacobian"  # the name of a derivative of whole tensors

Indices = tuple[Index, ...]
At = Callable[[Indices], Expr]


class Misfit(Exception):
    """Two tensors that do not fit under this reading of rows and columns."""


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor in an equation: the labels of its axes, their extents, and its entry at given indices.

    The last `spatial` axes are those that a window slides over. `rows` and `columns` label a matrix; a column has no
    columns. `loose` axes may be summed where the left side has none of them.
    """

    labels: tuple[str, ...]
    extents: tuple[Index | None, ...]
    at: At
    spatial: int = 0
    rows: str | None = None
    columns: str | None = None
    loose: frozenset[str] = frozenset()
    window: bool = False
    name: str = ""

    def map(self, change: Callable[[Expr], Expr]) -> Array:
        return replace(self, at=lambda i: change(self.at(i)))

    def by_label(self, known: dict[str, Index]) -> Expr:
        if not set(self.labels) <= known.keys():
            raise Misfit
        return self.at(tuple(known[label] for label in self.labels))


def of_tensor(
    name: str, op: Op, tensor: str, plane: bool, by_rows: bool, axes: Sequence[Binder], entry: At | None = None
) -> Array:
    """An operation's tensor (or its cotangent) as a whole; with `plane` only the axes that a window slides over."""
    spatial = spatial_axes(op, tensor)
    kept = list(axes[len(axes) - spatial :] if plane and spatial else axes)
    labels = tuple(b.name for b in kept)
    weight = any(t.name == tensor and t.argument == "weight" for t in op.tensors)
    batch = frozenset() if weight or not labels else frozenset(labels[:1] if labels[0] in ("...", "n") else ())
    inner = [b for b in labels if b not in batch]
    rows: str | None
    columns: str | None
    if by_rows and batch and len(labels) == 2:
        rows, columns = labels
    elif len(inner) == 2 and not spatial:
        rows, columns = inner
    else:
        rows, columns = (inner[0] if len(inner) == 1 else None), None
    return Array(
        labels,
        tuple(b.extent for b in kept),
        entry or (lambda i: Entry(name, i)),
        spatial if len(kept) >= spatial else 0,
        rows,
        columns,
        batch,
        weight,
        name,
    )


def spatial_axes(op: Op, tensor: str) -> int:
    """How many of a tensor's last axes belong to it alone: the axes that a window slides over."""
    counts: dict[str, int] = {}
    outer = [t for t in op.tensors if t.role in ("input", "output")]
    for t in outer:
        for b in t.axes:
            counts[b.name] = counts.get(b.name, 0) + 1
    if len(outer) < 3 or not any(t.name == tensor for t in outer):
        return 0
    axes = next(t for t in outer if t.name == tensor).axes
    found = 0
    while found < len(axes) and counts[axes[-1 - found].name] == 1 and axes[-1 - found].name != "...":
        found += 1
    return found


def transposed(a: Array) -> Array:
    """The transpose of a matrix; a column becomes a row."""
    if a.spatial == 2 and len(a.labels) == 2:
        return replace(a, labels=a.labels[::-1], extents=a.extents[::-1], at=lambda i: a.at(i[::-1]))
    if a.rows is None and a.columns is None:
        raise Misfit
    return replace(a, rows=a.columns, columns=a.rows)


def together(values: Sequence[Array | Expr], build: Callable[[list[Expr]], Expr]) -> Array | Expr:
    """Entry by entry: arrays of equal rank by position, one of lower rank by its axes' names."""
    arrays = [v for v in values if isinstance(v, Array)]
    if not arrays:
        return build([v for v in values if isinstance(v, Expr)])
    widest = max(arrays, key=lambda a: len(a.labels))
    for a in arrays:
        if len(a.labels) != len(widest.labels) and not set(a.labels) <= set(widest.labels):
            raise Misfit

    def at(i: Indices) -> Expr:
        known = dict(zip(widest.labels, i, strict=False))
        parts: list[Expr] = []
        for v in values:
            if isinstance(v, Expr):
                parts.append(v)
            elif len(v.labels) == len(widest.labels) and (
                set(v.labels) != set(widest.labels) or len(i) < len(v.labels)
            ):
                parts.append(v.at(i))
            else:
                parts.append(v.by_label(known))
        return build(parts)

    return replace(widest, at=at, loose=frozenset().union(*(a.loose for a in arrays)), window=False, name="")


def times(a: Array | Expr, b: Array | Expr, literal: bool) -> Array | Expr:
    """A number times an array, or the product of two matrices, columns and rows.

    Raises: Misfit where the columns of the first are not the rows of the second.
    """
    if not isinstance(a, Array) or not isinstance(b, Array):
        return together([a, b], multiplied)
    if a.labels == b.labels and a.columns is None and b.columns is None:
        return together([a, b], multiplied)
    if (a.rows, a.columns) == (None, None) or (b.rows, b.columns) == (None, None):
        raise Misfit
    if _plain(a.columns) != _plain(b.rows) and not (literal and a.columns and b.rows and b.rows not in b.loose):
        raise Misfit
    return _contracted(a, b)


def copied(a: Array, label: str) -> Array:
    """The array with c' for the label c of one axis: it runs as far as another axis c, but not along with it."""
    labels = tuple(x + "'" if x == label else x for x in a.labels)
    rows, columns = (f"{x}'" if x == label else x for x in (a.rows, a.columns))
    return replace(a, labels=labels, rows=rows, columns=columns)


def letters_of(label: str) -> str:
    """The index that runs over an axis: c1 for the copy c'."""
    return label.replace("'", "1")


def _plain(label: str | None) -> str | None:
    return label.rstrip("'") if label else label


def diagonal(a: Array) -> Array:
    """The matrix with a vector's entries on its diagonal and 0 elsewhere. Raises: Misfit."""
    if a.rows is None or a.columns is not None:
        raise Misfit
    k = a.labels.index(a.rows)

    def at(i: Indices) -> Expr:
        if len(i) != len(a.labels) + 1:
            raise Misfit
        return multiplied([Compare("==", val(i[k]), val(i[-1])), a.at(i[:-1])])

    other = f"{a.rows}'"
    return replace(a, labels=(*a.labels, other), extents=(*a.extents, a.extents[k]), at=at, columns=other, name="")


def jacobian_of(a: Array) -> Array:
    """A derivative of whole tensors whose common axes are told apart: samples are the same, others are copies."""
    kept = [k for k, x in enumerate(a.labels) if x not in a.labels[:k] or x != "..."]
    labels = tuple(f"{a.labels[k]}'" if a.labels[k] in a.labels[:k] else a.labels[k] for k in kept)
    inner = [x for x in labels if x != "..."]
    rows, columns = inner if len(inner) == 2 else (None, None)

    def at(i: Indices) -> Expr:
        known = _all(labels, i)
        full = (known[x if x == "..." or x not in a.labels[:k] else f"{x}'"] for k, x in enumerate(a.labels))
        return a.at(tuple(full))

    return replace(a, labels=labels, extents=tuple(a.extents[k] for k in kept), at=at, rows=rows, columns=columns)


def _contracted(a: Array, b: Array) -> Array:
    """The sum over the columns of a and the rows of b; axes of samples ride along."""
    if b.columns is not None and b.columns == a.rows:
        b = copied(b, b.columns)
    inner = a.columns
    own = [label for label in (a.rows, b.columns) if label]
    riding = [
        label for label in dict.fromkeys((*a.labels, *b.labels)) if label not in (a.rows, a.columns, b.rows, b.columns)
    ]
    labels = (*riding, *own)
    if len(set(labels)) < len(labels):
        raise Misfit
    extents = {**dict(zip(b.labels, b.extents, strict=True)), **dict(zip(a.labels, a.extents, strict=True))}

    def at(i: Indices) -> Expr:
        known = _all(labels, i)
        if not inner:
            return multiplied([a.by_label(known), b.by_label(known)])
        name = fresh(letters_of(inner), names_in(i))
        left = a.by_label({**known, inner: index(name)})
        right = b.by_label({**known, b.rows or inner: index(name)})
        return Contract((open_binder(name),), multiplied([left, right]))

    loose = (a.loose | b.loose) & set(labels)
    return Array(labels, tuple(extents[x] for x in labels), at, 0, a.rows, b.columns, loose)


def multiplied(factors: list[Expr]) -> Expr:
    """A product, flat."""
    return Mul(tuple(x for f in factors for x in (f.items if isinstance(f, Mul) and f.items else (f,))))


def added(terms: list[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else Add(tuple(terms))


def open_binder(name: str) -> Binder:
    """A bound index whose extent follows from what it reads."""
    return Binder(name, index(f"?{name}"))


def _all(labels: Sequence[str], i: Indices) -> dict[str, Index]:
    """The index of every axis. Raises: Misfit where there are not as many."""
    if len(labels) != len(i):
        raise Misfit
    return dict(zip(labels, i, strict=True))


def names_in(indices: Indices) -> set[str]:
    return {n for i in indices for n in all_names(Val(i) if i.constant is None else val(0))}


def _by_position(value: Array, target: Array, known: dict[str, Index]) -> dict[str, Index]:
    """The axes of a matrix that stands transposed to the left side: its rows count as the rows there."""
    ends = (target.rows, target.columns)
    if value.rows == ends[1] and value.columns == ends[0] and all(e in known for e in ends):
        return {**known, str(value.rows): known[str(ends[0])], str(value.columns): known[str(ends[1])]}
    return known


def aligned(value: Array, target: Array) -> tuple[Array, tuple[str, ...]]:
    """The value with the axes of the target, and those that were summed. Raises: Misfit."""
    s = value.spatial if value.spatial and value.spatial == target.spatial else 0
    lead, aim = value.labels[: len(value.labels) - s], target.labels[: len(target.labels) - s]
    extra = tuple(x for x in lead if x not in aim) if set(aim) <= set(lead) else ()
    if set(extra) - value.loose:
        raise Misfit
    if set(lead) - set(extra) == set(aim):

        def at(i: Indices) -> Expr:
            known = _by_position(value, target, dict(zip(aim, i[: len(i) - s], strict=False)))
            names = {x: fresh(x, names_in(i)) for x in extra}
            whole = len(i) > s or not s
            inside = {**known, **{x: index(n) for x, n in names.items()}}
            body = value.at((*(inside[x] for x in lead if whole), *i[len(i) - s :]))
            return Contract(tuple(open_binder(n) for n in names.values()), body) if extra else body

        return replace(target, at=at), extra
    if len(value.labels) == len(target.labels):
        return replace(target, at=value.at), ()
    if target.name == JACOBIAN and set(aim) - set(lead) == {"..."} and set(lead) < set(aim):
        return replace(target, at=lambda i: value.by_label(_by_position(value, target, _all(aim, i)))), ()
    raise Misfit
