"""A window that slides over a whole tensor, entry by entry.

X (*) Y valid is sum[p] X[i+p]*Y[p]; full is sum[p] X[i+p-(K-1)]*Y[p], entries outside of X being 0; rot180 turns the
axes that a window slides over.
"""

from __future__ import annotations

from dataclasses import replace

from derive.expressions.expr import Binder, Contract, Expr
from derive.expressions.index import Index, index
from derive.expressions.substitution import fresh
from derive.language.latex.arrays import Array, Indices, Misfit, multiplied, names_in, open_binder


def correlated(a: Array, b: Array, mode: str, turn: bool) -> Array:
    """The cross-correlation of a with the window b, `valid` or `full`, summed over the other axes that both have.

    With `turn` the window is turned first: the convolution of mathematics.
    """
    if not a.spatial or a.spatial != b.spatial:
        raise Misfit
    b = rotated(b) if turn else b
    s = a.spatial
    left, right = a.labels[:-s], b.labels[:-s]
    shared = [x for x in left if x in right]
    outer = [x for x in (*right, *left) if x not in shared]
    extents = (*(None for _ in outer), *(None for _ in range(s)))

    def at(i: Indices) -> Expr:
        if len(i) < s:
            raise Misfit
        place = i[len(i) - s :]
        whole = len(i) > s
        taken = set(names_in(i))
        names: dict[str, str] = {}
        for x in (*(shared if whole else ()), *b.labels[-s:]):
            names[x] = fresh(x, taken)
            taken.add(names[x])
        known = {**dict(zip(outer, i[: len(i) - s], strict=False)), **{x: index(names[x]) for x in shared if whole}}
        steps = tuple(index(names[x]) for x in b.labels[-s:])
        moved = tuple(_moved(h, p, e, mode) for h, p, e in zip(place, steps, b.extents[-s:], strict=True))
        lead = [tuple(known[x] for x in side) if whole else () for side in (left, right)]
        body = multiplied([a.at((*lead[0], *moved)), b.at((*lead[1], *steps))])
        sizes = {names[x]: e for x, e in zip(b.labels[-s:], b.extents[-s:], strict=True)}
        return Contract(tuple(_binder(n, sizes.get(n)) for n in names.values()), body)

    return Array((*outer, *(f"_{k}" for k in range(s))), extents, at, s)


def _moved(h: Index, p: Index, extent: Index | None, mode: str) -> Index:
    if mode == "valid":
        return h + p
    if extent is None:
        raise Misfit
    return h + p - (extent - 1)


def rotated(a: Array) -> Array:
    """The array turned by 180 degrees: its last axes run backwards."""
    s = a.spatial or len(a.labels)
    ends = a.extents[len(a.labels) - s :]
    if any(e is None for e in ends):
        raise Misfit

    def at(i: Indices) -> Expr:
        if len(i) < s:
            raise Misfit
        back = tuple(e - 1 - x for e, x in zip(ends, i[len(i) - s :], strict=True) if e is not None)
        return a.at((*i[: len(i) - s], *back))

    return replace(a, at=at)


def _binder(name: str, extent: Index | None) -> Binder:
    return Binder(name, extent) if extent is not None and extent.constant is not None else open_binder(name)
