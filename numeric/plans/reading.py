"""Turns a read at any indices into a read of a register at plain names: natural, a reshape, a view, or a gather."""

from __future__ import annotations

from derive.expressions.expr import Binder, Entry
from derive.expressions.index import Composite, Index, index
from derive.expressions.substitution import fresh
from numeric.plans.access import Affine, affine, merged_runs, padding, span
from numeric.plans.build import Build, Scope, axes_of
from numeric.plans.plan import Gather, Merge, Move, Pad, Scatter, Split, View
from numeric.plans.signs import sign


def read(build: Build, e: Entry, scope: Scope, fill: str = "0") -> Entry:
    """The same value as a read at plain names; `fill` is what a read outside gives ("0", or "lowest" in a maximum)."""
    register = build.tensor(e.tensor)
    indices = tuple(_labels_read(build, i, scope) for i in e.indices)
    if _is_natural(build, register, indices, scope):
        return Entry(register, indices)
    runs = merged_runs(indices, build.extents(register), scope, build.canonical)
    if runs is not None:
        return build.emit(Merge(f"{register}_flat", axes_of(runs[1], scope), register, runs[0]))
    split = _split(build, register, indices, scope)
    if split is not None:
        return read(build, split, scope, fill)
    spread, indices = _spread(build, register, indices, scope)
    parts = [affine(i, scope) for i in indices]
    if any(p is None for p in parts):
        return _gather(build, spread, indices, parts, scope, fill)
    if _turns(parts):
        return _gather_all(build, spread, indices, scope)
    return _view(build, spread, [p for p in parts if p is not None], scope, fill)


def _gather(
    build: Build, register: str, indices: tuple[Index, ...], parts: list[Affine | None], scope: Scope, fill: str
) -> Entry:
    """A gather along the axes whose index is not affine, and those that share a name with one; the others keep their
    places and are read after it."""
    odd = {k for k, p in enumerate(parts) if p is None}
    names: set[str] = set()
    while grown := {n for k in odd for n in indices[k].names() if n in scope} - names:
        names |= grown
        odd |= {k for k, i in enumerate(indices) if i.names() & names}
    own = fresh_names(build, register, scope)
    extents = build.extents(register)
    if len(odd) == len(indices):
        return _gather_all(build, register, indices, scope)
    places = [Binder(n, e) if k not in odd else None for k, (n, e) in enumerate(zip(own, extents, strict=True))]
    first = min(odd)
    gathered = axes_of(tuple(n for n in scope if n in names), scope)
    axes = tuple(b for b in (*places[:first], *gathered, *places[first:]) if b is not None)
    at = tuple(i if k in odd else index(n) for k, (i, n) in enumerate(zip(indices, own, strict=True)))
    found = build.emit(Gather(f"{register}_read", axes, register, at, extents))
    kept = [i for k, i in enumerate(indices) if k not in odd]
    before = sum(1 for k in range(first) if k not in odd)
    again = (*kept[:before], *(index(b.name) for b in gathered), *kept[before:])
    return read(build, Entry(found.tensor, tuple(again)), scope, fill)


def _gather_all(build: Build, register: str, indices: tuple[Index, ...], scope: Scope) -> Entry:
    """A gather along all axes at once, over the names that occur."""
    axes = axes_of(tuple(n for n in scope if any(n in i.names() for i in indices)), scope)
    return build.emit(Gather(f"{register}_read", axes, register, indices, build.extents(register)))


def _is_natural(build: Build, register: str, indices: tuple[Index, ...], scope: Scope) -> bool:
    names = [i.name for i in indices]
    return len(set(names)) == len(names) and all(
        n is not None and n in scope and build.canonical.same(scope[n], extent)
        for n, extent in zip(names, build.extents(register), strict=True)
    )


def _labels_read(build: Build, i: Index, scope: Scope) -> Index:
    """An index whose reads of integer tensors are reads at plain names."""
    return i.substitute({}, lambda e: read(build, e, scope))


def _spread(build: Build, register: str, indices: tuple[Index, ...], scope: Scope) -> tuple[str, tuple[Index, ...]]:
    """Exact quotients e/s become reads at e of the tensor with s - 1 zeros between its entries."""
    quotients = {k: q for k, i in enumerate(indices) if (q := exact_quotient(i)) is not None}
    moving = {k: q for k, q in quotients.items() if affine(q.dividend, scope) and not q.divisor.names() & scope.keys()}
    if not moving or len(moving) < len(quotients):
        return register, indices
    names = fresh_names(build, register, scope)
    moves = []
    axes = []
    for k, (name, extent) in enumerate(zip(names, build.extents(register), strict=True)):
        if k in moving:
            step = moving[k].divisor
            position = Binder(fresh(f"{name}1", {*names, *scope}), extent)
            moves.append(Move(name, position, step * index(position.name), index(0), index(0), index(0)))
            extent = step * (extent - 1) + 1
        axes.append(Binder(name, extent))
    positions = {m.axis: m.position.name for m in moves}
    body = Entry(register, tuple(index(positions.get(n, n)) for n in names))
    spread = build.emit(Scatter(f"{register}_spread", tuple(axes), (), tuple(moves), body))
    return spread.tensor, tuple(moving[k].dividend if k in moving else i for k, i in enumerate(indices))


def _split(build: Build, register: str, indices: tuple[Index, ...], scope: Scope) -> Entry | None:
    """A read at K*g + k along an axis of G*K cells, as a read at g and k of that axis as two; None without one."""
    own = fresh_names(build, register, scope)
    digits = [_digits_of(build, i, e, scope) for i, e in zip(indices, build.extents(register), strict=True)]
    places = [n for run in digits for n in run]
    if not places or len(set(places)) < len(places):
        return None
    runs = tuple(run or (n,) for run, n in zip(digits, own, strict=True))
    extents = {**dict(zip(own, build.extents(register), strict=True)), **{n: scope[n] for n in places}}
    axes = tuple(Binder(n, extents[n]) for run in runs for n in run)
    found = build.emit(Split(f"{register}_split", axes, register, runs))
    at = [tuple(map(index, run)) or (i,) for run, i in zip(digits, indices, strict=True)]
    return Entry(found.tensor, tuple(i for run in at for i in run))


def _digits_of(build: Build, i: Index, extent: Index, scope: Scope) -> tuple[str, ...]:
    """The names whose digits an index is that runs through an axis exactly once, the first one major; none else."""
    steps = affine(i, scope)
    if steps is None or steps.rest != index(0) or len(steps.steps) < 2:
        return ()
    found: list[str] = []
    base = index(1)
    while len(found) < len(steps.steps):
        name = next((n for n, step in steps.steps if n not in found and build.canonical.same(step, base)), None)
        if name is None:
            return ()
        found.insert(0, name)
        base = base * scope[name]
    return tuple(found) if build.canonical.same(base, extent) else ()


def exact_quotient(i: Index) -> Composite | None:
    """The exact quotient that an index is, or None."""
    match i.terms:
        case ((((Composite(kind="exact") as only),), 1),):
            return only
    return None


def fresh_names(build: Build, register: str, scope: Scope) -> tuple[str, ...]:
    """Names for a register's own axes that no index in force has."""
    taken = set(scope)
    found: list[str] = []
    for b in build.registers[register]:
        name = fresh(b.name, taken)
        taken.add(name)
        found.append(name)
    return tuple(found)


def _view(build: Build, register: str, parts: list[Affine], scope: Scope, fill: str) -> Entry:
    """Padding where the read can leave the tensor, then a view of what is left."""
    own = fresh_names(build, register, {})
    axes = tuple(Binder(n, e) for n, e in zip(own, build.extents(register), strict=True))
    pads = [padding(span(p, scope), b.extent, build.canonical) for p, b in zip(parts, axes, strict=True)]
    source = Entry(register, tuple(map(index, own)))
    if any(p.before != index(0) or p.after != index(0) for p in pads):
        grown = tuple(Binder(b.name, b.extent + p.before + p.after) for b, p in zip(axes, pads, strict=True))
        before, after = tuple(p.before for p in pads), tuple(p.after for p in pads)
        source = build.emit(Pad(f"{register}_padded", grown, source, before, after, fill))
    order: dict[str, None] = {}
    for p in parts:
        order.update(dict.fromkeys(sorted(p.names, key=lambda n: not is_position(build, n, scope))))
    backwards = tuple(n for n in order if any(_goes_back(p, n) for p in parts))
    indices = tuple(_forward(p, pad.start) for p, pad in zip(parts, pads, strict=True))
    view = View(f"{register}_windows", axes_of(tuple(order), scope), source.tensor, indices, backwards)
    return build.emit(view)


def is_position(build: Build, name: str, scope: Scope) -> bool:
    """Whether an index runs over the places of a window, not over its cells: its extent was derived by a size rule."""
    return bool(scope[name].names() & build.canonical.sizes.keys())


def _goes_back(a: Affine, name: str) -> bool:
    return any(n == name and sign(step) == -1 for n, step in a.steps)


def _turns(parts: list[Affine | None]) -> bool:
    """Whether some name runs forwards along one axis and backwards along another."""
    signs = {(n, sign(step)) for p in parts if p is not None for n, step in p.steps}
    return len({n for n, _ in signs}) < len(signs)


def _forward(a: Affine, start: Index) -> Index:
    total = start
    for name, step in a.steps:
        total = total + (step if not _goes_back(a, name) else -step) * index(name)
    return total
