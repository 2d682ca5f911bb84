"""Joins the formulas of a step into nests, so that what is made at an entry is used where it is made.

Three moves, each of which keeps every sum and its terms: a cheap map is put in where windows read it; a map joins the
nest that makes what it reads at the same entry; windows that tile a tensor join the nest that makes it, a cell at a
time. A formula that only renames entries in row-major order is no work: its tensor is another name of the one it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product as tuples
from math import prod

from derive.expressions.build import mul
from derive.expressions.expr import Binder, Binding, Contract, Entry, Expr, Fn, InRange, Select, Winner
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import binders_of, reads, walk
from numeric.backend import Formula
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import row_major
from numeric.networks.compiled.assemble import Assembly
from numeric.plans.access import Canonical, merged_runs

MOST_CELLS = 16
"""Windows with more cells than this are read from memory: a turn that makes them all would need too many values."""

MOST_PARTS = 600
"""A map whose expression would be larger than this reads its values from memory."""


@dataclass(slots=True)
class Fused:
    """Nests in the order of their work, and the tensors that are other names of the ones they are laid on."""

    nests: list[Nest]
    aliases: dict[str, str]


def fuse(assembly: Assembly) -> Fused:
    """The nests of a step."""
    aliases, formulas = _aliases(assembly)
    formulas = _windows_read_maps(formulas, assembly.wanted | set(aliases.values()))
    joined = _Joined(aliases)
    for f in formulas:
        joined.add(f)
    return Fused(_used(joined.nests, assembly.wanted, aliases), aliases)


# -- other names -------------------------------------------------------------------------------------------------------


def _aliases(assembly: Assembly) -> tuple[dict[str, str], list[Formula]]:
    aliases: dict[str, str] = {}
    rest = []
    fixed = assembly.weights | assembly.wanted
    for f in assembly.formulas:
        e = f.body
        if isinstance(e, Entry) and not {e.tensor, f.target} & fixed and _renames(f, e, assembly):
            aliases[f.target] = aliases.get(e.tensor, e.tensor)
        else:
            rest.append(f)
    return aliases, rest


def _renames(f: Formula, e: Entry, assembly: Assembly) -> bool:
    """Whether target and source are the same numbers in the same row-major order."""
    source, target = (tuple(map(index, assembly.shapes[t])) for t in (e.tensor, f.target))
    if prod(assembly.shapes[e.tensor]) != prod(assembly.shapes[f.target]) or not f.axes:
        return False
    along = {t in assembly.along_batch for t in (e.tensor, f.target)}
    if len(along) > 1 or (e.indices[0].name != f.axes[0].name and True in along):
        return False
    own = tuple(index(b.name) for b in f.axes)
    if row_major("", source).offset(e.indices) == row_major("", target).offset(own):
        return True
    runs = merged_runs(e.indices, source, {b.name: b.extent for b in f.axes}, Canonical({}))
    return runs is not None and runs[1] == tuple(b.name for b in f.axes)


# -- maps in windows ---------------------------------------------------------------------------------------------------


def _is_map(e: Expr) -> bool:
    return not any(isinstance(x, Binding) for x in walk(e))


def _windows_read_maps(formulas: list[Formula], kept: frozenset[str]) -> list[Formula]:
    """Maps without costly functions that nothing but the windows of maxima read are put in there, but those `kept`."""
    readers: dict[str, list[Formula]] = {}
    for f in formulas:
        for r in reads(f.body):
            readers.setdefault(r.tensor, []).append(f)
    definitions = {}
    for f in formulas:
        cheap = f.axes and f.target not in kept and _is_map(f.body) and not any(isinstance(x, Fn) for x in walk(f.body))
        if cheap and f.target in readers and all(_reads_in_windows(g.body, f.target) for g in readers[f.target]):
            definitions[f.target] = f
    rest = [f for f in formulas if f.target not in definitions]
    return [replace(f, body=inlined(f.body, definitions, _extents(f))) for f in rest]


def _extents(f: Formula) -> dict[str, Index]:
    """The extents of all names in a formula, of those that have but one."""
    found: dict[str, set[Index]] = {}
    for b in (*f.axes, *(b for e in walk(f.body) for b in binders_of(e))):
        found.setdefault(b.name, set()).add(b.extent)
    return {name: extents.pop() for name, extents in found.items() if len(extents) == 1}


def _reads_in_windows(e: Expr, tensor: str, inside: bool = False) -> bool:
    if isinstance(e, Entry) and e.tensor == tensor:
        return inside
    inside = isinstance(e, Select | Winner) or (inside and not isinstance(e, Contract))
    return all(_reads_in_windows(p, tensor, inside) for p in e.parts)


def inlined(e: Expr, definitions: Mapping[str, Formula], extents: Mapping[str, Index]) -> Expr:
    """Formulas put in for the entries that they define; outside of its tensor an entry stays 0.

    `extents` are those of the names in e: an index that is a name of the tensor's own extent is inside.
    """
    if isinstance(e, Entry):
        f = definitions.get(e.tensor)
        if f is None:
            return e
        pairs = list(zip(f.axes, e.indices, strict=True))
        body = inlined(substitute(f.body, {b.name: i for b, i in pairs}), definitions, extents)
        guards = [InRange(i, b.extent) for b, i in pairs if extents.get(i.name or "") != b.extent]
        return mul((*guards, body)) if guards else body
    return e.with_parts(tuple(inlined(p, definitions, extents) for p in e.parts))


# -- joining -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Joined:
    aliases: Mapping[str, str]
    nests: list[Nest] = field(default_factory=list)
    place: dict[str, int] = field(default_factory=dict)

    def add(self, f: Formula) -> None:
        """A formula joins the last nest whose values it reads, where it can, else it begins one."""
        found = list(reads(f.body))
        at = self._last(found)
        renamed = any(r.tensor in self.aliases and self.place.get(self.aliases[r.tensor]) == at for r in found)
        lone = at is None or not f.axes or renamed
        joined = None if at is None or lone else _as_map(self.nests[at], f) or _as_window(self.nests[at], f)
        if at is None or joined is None:
            at = len(self.nests)
            self.nests.append(Nest(f.target, f.axes, (Output(_at_axes(f.target, f.axes), f.body),)))
        else:
            self.nests[at] = joined
        self.place[f.target] = at

    def _last(self, found: Iterable[Entry]) -> int | None:
        """The nest that makes the last of some entries: nothing that reads them may come before it."""
        names = {self.aliases.get(r.tensor, r.tensor) for r in found}
        return max((self.place[t] for t in names if t in self.place), default=None)


def _at_axes(tensor: str, axes: tuple[Binder, ...]) -> Entry:
    return Entry(tensor, tuple(index(b.name) for b in axes))


def _plain(nest: Nest) -> bool:
    return all(o.target == _at_axes(o.target.tensor, nest.axes) for o in nest.outputs)


def _definitions(nest: Nest) -> dict[str, Formula]:
    return {o.target.tensor: Formula(o.target.tensor, nest.axes, o.body) for o in nest.outputs}


def _as_map(nest: Nest, f: Formula) -> Nest | None:
    """A map that reads a nest's values at its own entries becomes one more output."""
    same = [b.extent for b in nest.axes] == [b.extent for b in f.axes]
    if not same or not _is_map(f.body) or not _plain(nest):
        return None
    body = substitute(f.body, {b.name: index(a.name) for b, a in zip(f.axes, nest.axes, strict=True)})
    definitions = _definitions(nest)
    names = tuple(index(b.name) for b in nest.axes)
    own = [r for r in reads(body) if r.tensor in definitions]
    if not own or any(r.indices != names for r in own) or any(_labels(r) for r in own):
        return None
    output = Output(_at_axes(f.target, nest.axes), _put_in_place(body, definitions))
    if sum(1 for _ in walk(output.body)) > MOST_PARTS:
        return None
    return replace(nest, outputs=(*nest.outputs, output))


def _labels(r: Entry) -> bool:
    return any(isinstance(a, Entry) for i in r.indices for a in i.atoms())


def _as_window(nest: Nest, f: Formula) -> Nest | None:
    """Windows that tile what a nest makes: the nest makes a window's cells in one turn, and what is read off them."""
    definitions = _definitions(nest)
    windows = [e for e in walk(f.body) if isinstance(e, Select | Contract)]
    own = {r for r in reads(f.body) if r.tensor in definitions}
    if len(windows) != 1 or len(own) != 1 or not _plain(nest):
        return None
    (window,), (read,) = windows, own
    if read not in set(reads(window.body)) or not _tiles(read, f, window, nest.axes):
        return None
    outputs = []
    for cell in _cells(window):
        at = tuple(i.substitute(cell) for i in read.indices)
        here = {b.name: i for b, i in zip(nest.axes, at, strict=True)}
        outputs += [Output(Entry(o.target.tensor, at), substitute(o.body, here)) for o in nest.outputs]
    body = _put_in_place(f.body, definitions)
    return Nest(nest.name, f.axes, (*outputs, Output(_at_axes(f.target, f.axes), body)))


def _put_in_place(e: Expr, definitions: Mapping[str, Formula]) -> Expr:
    """As `inlined`, where every read is in range."""
    if isinstance(e, Entry) and e.tensor in definitions:
        f = definitions[e.tensor]
        return substitute(f.body, {b.name: i for b, i in zip(f.axes, e.indices, strict=True)})
    return e.with_parts(tuple(_put_in_place(p, definitions) for p in e.parts))


def _cells(window: Binding) -> Iterator[dict[str, Index]]:
    for point in tuples(*(range(b.extent.constant or 0) for b in window.binders)):
        yield {b.name: index(n) for b, n in zip(window.binders, point, strict=True)}


def _tiles(read: Entry, f: Formula, window: Binding, axes: tuple[Binder, ...]) -> bool:
    """Whether every entry of the producer is in exactly one window: indices `size*i + p`, none left over."""
    sizes = {b.name: b.extent.constant or 0 for b in window.binders}
    own = {b.name: b.extent.constant or 0 for b in f.axes}
    if not 1 < prod(sizes.values()) <= MOST_CELLS:
        return False
    seen: list[str] = []
    for i, b in zip(read.indices, axes, strict=True):
        taps, outer = i.names() & sizes.keys(), i.names() & own.keys()
        if len(outer) != 1 or len(taps) > 1:
            return False
        (a,) = outer
        seen += [a, *taps]
        size = sizes[next(iter(taps))] if taps else 1
        wanted = size * index(a) + (index(next(iter(taps))) if taps else 0)
        if i != wanted or own[a] * size != b.extent.constant:
            return False
    return sorted(seen) == sorted([*own, *sizes])


# -- what nobody reads -------------------------------------------------------------------------------------------------


def _used(nests: list[Nest], wanted: frozenset[str], aliases: Mapping[str, str]) -> list[Nest]:
    """The nests without outputs that no later formula reads."""
    used = {aliases.get(t, t) for t in wanted}
    kept: list[Nest] = []
    for nest in reversed(nests):
        outputs = tuple(o for o in nest.outputs if o.target.tensor in used)
        if outputs:
            kept.append(replace(nest, outputs=outputs))
            used |= {aliases.get(r.tensor, r.tensor) for o in outputs for r in reads(o.body)}
    return kept[::-1]
