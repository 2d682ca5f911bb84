"""Python lines of views and scatters: the same strides, read from or added to."""

from __future__ import annotations

from derive.expressions.expr import Entry
from derive.expressions.index import Index, index
from numeric.plans.access import affine
from numeric.plans.plan import Move, Scatter, View
from numeric.printing.scribe import Scribe


def view(s: Scribe, i: View, target: str) -> list[str]:
    """The source with an axis for each name, its step the sum of the steps that the name takes."""
    parts = [affine(k, s.extents) for k in i.indices]
    source = s.register(i.source)
    source += _from([s.size(p.rest) if p is not None else "0" for p in parts])
    steps = s.steps(len(i.indices))
    shape = s.sizes(b.extent for b in i.axes)
    found = s.dialect.strided(source, shape, s.strides_of(i.axes, steps, list(i.indices)))
    if i.flipped:
        found = s.dialect.flipped(found, tuple(k for k, b in enumerate(i.axes) if b.name in i.flipped))
    return [s.take_steps(steps, s.register(i.source)), f"{target} = {found}"]


def scatter(s: Scribe, i: Scatter, target: str) -> list[str]:
    """Zeros with room around them, and a view of them through which every tap adds its part where it lands."""
    moves = {m.axis: m for m in i.moves}
    still = {b.name: Move(b.name, b, index(b.name), index(0), index(0), index(0)) for b in i.axes}
    along = [moves.get(b.name, still[b.name]) for b in i.axes]
    positions = [m.position for m in along]
    shape = [b.extent + m.before + m.after for b, m in zip(i.axes, along, strict=True)]
    places = s.names("register", f"{i.target}_places")
    steps = s.steps(len(i.axes))
    strides = s.strides_of((*i.taps, *positions), steps, [m.at for m in along])
    start = _from([s.size(m.start) for m in along])
    base = s.dialect.strided(target + start, s.sizes(b.extent for b in (*i.taps, *positions)), strides)
    body = s.tree(tuple(b.name for b in positions), tuple(b.name for b in i.taps)).numeric(i.body)
    at = ", ".join(s.names("index", b.name) for b in i.taps)
    # what is only moved keeps its dtype: labels stay integers
    like = s.register(i.body.tensor) if isinstance(i.body, Entry) and not s.is_mask(i.body.tensor) else s.anchor()
    lines = [
        f"{target} = {s.dialect.zeros(s.sizes(shape), like)}",
        s.take_steps(steps, target),
        f"{places} = {base}",
        *s.loops(i.taps, [f"{places}[{at or '...'}] += {body.text}"]),
    ]
    crop = [_crop(s, m, b.extent) for b, m in zip(i.axes, along, strict=True)]
    return [*lines, f"{target} = {target}[{', '.join(crop)}]"] if any(c != ":" for c in crop) else lines


def _crop(s: Scribe, m: Move, extent: Index) -> str:
    """The slice of an axis without the room around it."""
    if m.before == index(0) and m.after == index(0):
        return ":"
    before = "" if m.before == index(0) else s.size(m.before)
    return f"{before}:{s.size(m.before + extent)}"


def _from(starts: list[str]) -> str:
    """The subscript that starts every axis at a place, or nothing where all start at 0."""
    return f"[{', '.join(':' if s == '0' else f'{s}:' for s in starts)}]" if any(s != "0" for s in starts) else ""
