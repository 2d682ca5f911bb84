"""Finds sums that are better added up where they land: `sum[p] G[(h+P-d*p)/s]*...` is, for every tap p, G added at
h = s*i + d*p - P. It visits no zero between the entries of G, and needs no test of divisibility."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from derive.expressions.expr import Binder, Divides, Entry, Expr, InRange
from derive.expressions.index import ONE, Composite, Index, index
from derive.expressions.substitution import fresh, substitute
from derive.expressions.traversal import all_names
from numeric.plans.access import affine, padding, span
from numeric.plans.atoms import with_atom
from numeric.plans.build import Build, Scope
from numeric.plans.plan import Axes, Move
from numeric.plans.reading import exact_quotient
from numeric.plans.signs import sign


@dataclass(frozen=True, slots=True)
class Scattering:
    """A sum over `binders` of `factors`, read at positions instead of at the axes of `moves`."""

    moves: tuple[Move, ...]
    taps: Axes
    binders: Axes
    factors: list[Expr]


def find_scattering(build: Build, binders: Axes, factors: list[Expr], scope: Scope) -> Scattering | None:
    """The scatter that a sum over `binders` of a product is, or None where no axis of the result enters through a read
    that is solved for it."""
    moves: list[Move] = []
    taps: set[str] = set()
    taken = {b.name for b in binders} | set(scope)
    for axis in scope:
        found = _solved(build, axis, binders, factors, scope)
        if found is None:
            continue
        at_axis, quotient, step, rest = found
        position = Binder(fresh(at_axis.name, taken.union(*map(all_names, factors))), at_axis.extent)
        taken.add(position.name)
        at = step * index(position.name) - rest
        move = _move(build, axis, scope[axis], position, at, binders)
        if move is None:
            continue
        if quotient is not None:
            factors = [with_atom(f, quotient, index(position.name)) for f in factors]
        factors = _without_certain(build, [substitute(f, {axis: at}) for f in factors], position, step)
        moves.append(move)
        taps |= rest.names() & {b.name for b in binders}
    if not moves:
        return None
    return Scattering(tuple(moves), tuple(b for b in binders if b.name in taps), binders, factors)


def find_blocks(build: Build, factors: list[Expr], scope: Scope) -> Scattering | None:
    """The scatter that a product is one of whose factors is 0 outside of some blocks along an axis, or None.

    [0 <= h//s < I]*f(h//s, h%s) is, for every cell p < s of a block, f(i, p) at h = s*i + p.
    """
    moves: list[Move] = []
    cells: list[Binder] = []
    taken = set(scope).union(*map(all_names, factors))
    for axis in scope:
        block = next((b for f in factors for b in _blocks(build, f, axis, scope)), None)
        if block is None:
            continue
        position = Binder(fresh(axis, taken), block.extent)
        cell = Binder(fresh(axis, taken | {position.name}), block.quotient.divisor)
        taken |= {position.name, cell.name}
        at = cell.extent * index(position.name) + index(cell.name) - (block.quotient.dividend - index(axis))
        move = _move(build, axis, scope[axis], position, at, (cell,))
        if move is None:
            continue
        rest = Composite("mod", block.quotient.dividend, cell.extent)
        for old, new in ((block.quotient, position.name), (rest, cell.name)):
            factors = [with_atom(f, old, index(new)) for f in factors]
        factors = _without_certain(build, [substitute(f, {axis: at}) for f in factors], position, cell.extent)
        moves.append(move)
        cells.append(cell)
    return Scattering(tuple(moves), tuple(cells), (), factors) if moves else None


@dataclass(frozen=True, slots=True)
class _Block:
    """An axis lies in one of `extent` blocks: the quotient that says in which."""

    quotient: Composite
    extent: Index


def _blocks(build: Build, f: Expr, axis: str, scope: Scope) -> Iterator[_Block]:
    """The blocks of an axis outside of which a factor is 0: a guard says so, or a read."""
    ranges: list[tuple[Index, Index]] = [(f.index, f.extent)] if isinstance(f, InRange) else []
    if isinstance(f, Entry):
        ranges += zip(f.indices, build.extents(build.tensor(f.tensor)), strict=True)
    for i, extent in ranges:
        match i.terms:
            case ((((Composite(kind="floor") as only),), 1),) if not extent.names() & scope.keys():
                parts = only.dividend.split(axis)
                fixed = parts is not None and not (parts[1].names() | only.divisor.names()) & scope.keys()
                if parts is not None and parts[0] == ONE and fixed:
                    yield _Block(only, extent)


def reindexed(build: Build, binders: Axes, factors: list[Expr], scope: Scope) -> tuple[Axes, list[Expr]]:
    """A sum over an index that a read divides, as a sum over the quotient.

    sum[i] f(i)*G[(i+r)/s] = sum[j] f(s*j-r)*G[j] where s*j - r is in range.
    """
    for b in binders:
        others = tuple(o for o in binders if o is not b)
        solved = _solved(build, b.name, (), factors, {})
        if solved is None:
            continue
        own, quotient, step, rest = solved
        if quotient is None or {b.name} & rest.names() or step.names() & {*scope, *(o.name for o in binders)}:
            continue
        taken = {*scope, *(o.name for o in binders)}.union(*map(all_names, factors))
        position = Binder(fresh(own.name, taken), own.extent)
        at = step * index(position.name) - rest
        factors = [substitute(with_atom(f, quotient, index(position.name)), {b.name: at}) for f in factors]
        factors = [*_without_certain(build, factors, position, step), InRange(at, b.extent)]
        return reindexed(build, (position, *others), factors, scope)
    return binders, factors


def _move(build: Build, axis: str, extent: Index, position: Binder, at: Index, taps: Axes) -> Move | None:
    """The move of an axis, with the cells around it that places outside fall into."""
    solved = affine(at, {position.name, *(b.name for b in taps)})
    if solved is None or any(sign(step) == -1 for _, step in solved.steps):
        return None  # a tap that moves backwards would be written from its far end: a gather reads it instead
    reach = span(solved, {b.name: b.extent for b in (position, *taps)})
    room = padding(reach, extent, build.canonical)
    return Move(axis, position, at, room.before, room.after, room.start)


def _solved(
    build: Build, axis: str, binders: Axes, factors: list[Expr], scope: Scope
) -> tuple[Binder, Composite | None, Index, Index] | None:
    """For a factor read at (axis + rest)/step: the axis it is read along, the quotient (None: step 1), step, rest."""
    bound = {b.name for b in binders}
    for f in factors:
        if not isinstance(f, Entry):
            continue
        for i, own in zip(f.indices, build.registers[build.tensor(f.tensor)], strict=True):
            quotient = exact_quotient(i)
            parts = (quotient.dividend if quotient else i).split(axis)
            if parts is None or parts[0] != ONE or parts[1].names() & scope.keys():
                continue
            step = quotient.divisor if quotient else ONE
            if step.names() & (bound | scope.keys()) or not (quotient or _flips(parts[1], bound)):
                continue
            return own, quotient, step, parts[1]
    return None


def _flips(rest: Index, bound: set[str]) -> bool:
    """Whether a cell of the window moves against the axis, as in a convolution with a flipped filter."""
    solved = affine(rest, bound)
    return solved is not None and any(sign(step) == -1 for _, step in solved.steps)


def _without_certain(build: Build, factors: list[Expr], position: Binder, step: Index) -> list[Expr]:
    """Without the guards that hold at every position."""
    here = index(position.name)

    def certain(f: Expr) -> bool:
        if isinstance(f, InRange):
            return f.index == here and build.canonical.same(f.extent, position.extent)
        return isinstance(f, Divides) and f.divisor == step and f.dividend == step * here

    return [f for f in factors if not certain(f)]
