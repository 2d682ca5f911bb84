"""Which bound indices are cells of a window: those that share an axis with another index, and become loops."""

from __future__ import annotations

from collections.abc import Iterator

from derive.expressions.expr import Entry, Expr
from derive.expressions.traversal import own_indices, walk
from numeric.plans.build import Build, Scope
from numeric.plans.plan import Axes, View
from numeric.plans.reading import is_position


def split_binders(build: Build, binders: Axes, trees: tuple[Expr, ...], scope: Scope) -> tuple[Axes, Axes]:
    """The binders that are cells of a window, and the others.

    A window of a few cells is a loop over slices; an axis of its own is a reduction of the array.
    """
    bound = {b.name for b in binders}
    cells: set[str] = set()
    for tree in trees:
        for together in _sharing(build, tree, scope):
            short = [n for n in together if n in bound and not is_position(build, n, scope)]
            cells |= set(short if len(short) < len(together) else short[1:])
    return tuple(b for b in binders if b.name in cells), tuple(b for b in binders if b.name not in cells)


def _sharing(build: Build, tree: Expr, scope: Scope) -> Iterator[tuple[str, ...]]:
    """Names that occur in one index together, at least two."""
    for node in walk(tree):
        if isinstance(node, Entry):
            yield from _along_axes(build, node)
        else:
            for i in own_indices(node):
                names = tuple(n for n in scope if n in i.names())
                if len(names) > 1:
                    yield names


def _along_axes(build: Build, e: Entry) -> Iterator[tuple[str, ...]]:
    made = build.made_by(e.tensor)
    if isinstance(made, View):
        here = {b.name: i.name or "" for b, i in zip(made.axes, e.indices, strict=True)}
        for i in made.indices:
            names = tuple(here[n] for n in here if n in i.names())
            if len(names) > 1:
                yield names
