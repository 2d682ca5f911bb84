"""Python lines of one instruction: a rule a kind of instruction, in the words of a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from derive.expr import Div, Entry, Expr, Fn, Num, Pow
from derive.index import Index, index
from derive.traversal import free_names, reads, walk
from numeric import python_text as py
from numeric.access import affine
from numeric.dialect import Dialect
from numeric.plan import (
    Axes,
    Copy,
    Gather,
    Instruction,
    Map,
    Matmul,
    Merge,
    Move,
    Operand,
    Pad,
    Plan,
    Reduce,
    Scatter,
    View,
    Wins,
)
from numeric.plan import Names as IndexNames
from numeric.python_text import Text
from numeric.tree_text import TreeText

INDENT = "    "


class Namer(Protocol):
    """Gives identifiers."""

    def __call__(self, kind: str, name: str, stem: str = "") -> str:
        """The identifier of a thing of some kind; like `stem`, or like its name."""


@dataclass(slots=True)
class Scribe:
    """Writes the lines of one function and notes what they use: symbols, ranges, the dtype."""

    plan: Plan
    dialect: Dialect
    names: Namer
    symbols: dict[str, None] = field(default_factory=dict)
    ranges: dict[tuple[str, Index], tuple[str, str]] = field(default_factory=dict)
    uses_dtype: bool = False
    _extents: dict[str, Index] = field(default_factory=dict)

    # -- what trees ask ------------------------------------------------------------------------------------------------

    def register(self, name: str) -> str:
        return self.names("register", name)

    def is_mask(self, name: str) -> bool:
        return isinstance(self.plan.instruction(name), Wins)

    def symbol_text(self, atom: object) -> Text:
        assert isinstance(atom, str), atom
        self.symbols[atom] = None
        return Text(self.names("symbol", atom), py.ATOM, "number")

    def range_of(self, name: str) -> str:
        key = (name, self._extents[name])
        if key not in self.ranges:
            extent = self.size(self._extents[name])
            self.ranges[key] = (self.names("range", f"{name} < {extent}", name), extent)
        return self.ranges[key][0]

    def anchor(self) -> str:
        """The tensor whose dtype and device the function's results have."""
        return self.names("register", self.plan.anchor)

    @property
    def device(self) -> str:
        return f"{self.anchor()}.device"

    # -- small pieces --------------------------------------------------------------------------------------------------

    def size(self, i: Index) -> str:
        return py.integer(i, self.symbol_text).text

    def sizes(self, extents: Iterable[Index]) -> str:
        texts = [self.size(e) for e in extents]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def extents_of(self, names: IndexNames) -> list[Index]:
        return [self._extents[n] for n in names]

    def tree(self, order: IndexNames, fixed: IndexNames = ()) -> TreeText:
        return TreeText(self, order, {n: self.names("index", n) for n in fixed})

    def loops(self, taps: Axes, inner: list[str]) -> list[str]:
        """The lines inside a loop over every tap."""
        for b in reversed(taps):
            inner = [
                f"for {self.names('index', b.name)} in range({self.size(b.extent)}):",
                *(INDENT + x for x in inner),
            ]
        return inner

    # -- instructions --------------------------------------------------------------------------------------------------

    def lines(self, i: Instruction) -> list[str]:
        """The statements that make an instruction's register."""
        bound = [*i.axes, *getattr(i, "taps", ()), *getattr(i, "over", ()), *getattr(i, "cells", ())]
        bound += [m.position for m in getattr(i, "moves", ())]
        self._extents = {b.name: b.extent for b in bound}
        return _RULES[type(i)](self, i, self.register(i.target))

    def is_exact(self, i: Instruction) -> bool:
        """Whether integers give integers."""
        bodies = [b for b in (getattr(i, "body", None),) if isinstance(b, Expr)]
        return not any(_leaves_integers(n) for b in bodies for n in walk(b))

    def pad(self, i: Pad, target: str) -> list[str]:
        pads = ", ".join(f"({self.size(b)}, {self.size(a)})" for b, a in zip(i.before, i.after, strict=True))
        fill = ", fill=lowest" if i.fill == "lowest" else ""
        return [f"{target} = pad({self.register(i.source.tensor)}, {pads}{fill})"]

    def view(self, i: View, target: str) -> list[str]:
        parts = [affine(k, self._extents) for k in i.indices]
        source = self.register(i.source)
        source += _from([self.size(p.rest) if p is not None else "0" for p in parts])
        steps = self.steps(len(i.indices))
        shape = self.sizes(b.extent for b in i.axes)
        found = self.dialect.strided(source, shape, self.strides_of(i.axes, steps, list(i.indices)))
        if i.flipped:
            found = self.dialect.flipped(found, tuple(k for k, b in enumerate(i.axes) if b.name in i.flipped))
        return [self.take_steps(steps, self.register(i.source)), f"{target} = {found}"]

    def steps(self, rank: int) -> list[str]:
        """The identifiers of an array's strides, from one statement to the next."""
        return [self.names("stride", f"s{k}") for k in range(rank)]

    def take_steps(self, steps: list[str], array: str) -> str:
        return f"{', '.join(steps)}{',' if len(steps) == 1 else ''} = {self.dialect.strides(array)}"

    def stride(self, step: Index, along: str) -> Text:
        unit = Text(along, py.ATOM, "number")
        return unit if step == index(1) else py.multiply([py.integer(step, self.symbol_text), unit])

    def copy(self, i: Copy, target: str) -> list[str]:
        order = tuple(b.name for b in i.axes)
        return [f"{target} = {self.dialect.contiguous(self.tree(order).entry(i.source).text)}"]

    def merge(self, i: Merge, target: str) -> list[str]:
        return [f"{target} = {self.register(i.source)}.reshape({self.sizes(b.extent for b in i.axes)})"]

    def gather(self, i: Gather, target: str) -> list[str]:
        """Entries at indices put into range, and 0 where they had to be."""
        order = tuple(b.name for b in i.axes)
        odd = [k for k, e in zip(i.indices, i.extents, strict=True) if not self.certain(k, e)]
        lone = len(odd) == 1 and not any(n in odd[0].names() for k in i.indices if k is not odd[0] for n in k.names())
        # along one axis, its index alone needs places; the other axes stay where they are
        own = tuple(n for n in order if n in odd[0].names()) if lone else order
        tree, whole = self.tree(own), self.tree(order)
        mask = self.names("register", f"{i.target}_inside")
        inside = [
            whole.integral(py.both([py.compare(">=", at, _ZERO), py.compare("<", at, whole.index(e))]), k)
            for k, e in zip(i.indices, i.extents, strict=True)
            if not self.certain(k, e)
            for at in [whole.index(k)]
        ]
        lines, at = [], []
        for k, e in zip(i.indices, i.extents, strict=True):
            if self.certain(k, e):
                at.append(":" if lone else tree.index(k).text)
            else:
                name = self.names("register", f"{i.target}_at{len(at)}")
                lines.append(f"{name} = {self.dialect.clamped(tree.index(k).text, self.size(e))}")
                at.append(name)
        found = f"{self.register(i.source)}[{', '.join(at)}]"
        if not inside:
            return [*lines, f"{target} = {found}"]
        return [*lines, f"{mask} = {py.both(inside).text}", f"{target} = {self.dialect.where(mask, found, '0')}"]

    def certain(self, i: Index, extent: Index) -> bool:
        """Whether an index is one of the loop's names over that very extent."""
        return i.name in self._extents and self._extents[i.name or ""] == extent

    def map(self, i: Map, target: str) -> list[str]:
        order = tuple(b.name for b in i.axes)
        found = self.tree(order).numeric(i.body)
        if found.kind == "number" or not set(order) <= free_names(i.body):
            return [
                f"{target} = {self.dialect.filled(self.sizes(b.extent for b in i.axes), found.text, self.anchor())}"
            ]
        text = found.text
        return [f"{target} = {self.dialect.copied(text) if isinstance(i.body, Entry) else text}"]

    def reduce(self, i: Reduce, target: str) -> list[str]:
        order = _reduced_order(i)
        tree = self.tree(order, tuple(b.name for b in i.taps))
        found = tree.numeric(i.body)
        if i.where:
            mask = py.both([tree.condition(w) for w in i.where])
            other = f"lowest({self.anchor()}.dtype)" if i.kind == "max" else "0"
            found = Text(self.dialect.where(mask.text, found.text, other), py.ATOM, "array")
        text = found
        if i.over:
            reduce = self.dialect.largest if i.kind == "max" else self.dialect.total
            gone = tuple(k for k, n in enumerate(order) if n in {b.name for b in i.over})
            text = Text(reduce(found.within(py.ATOM), gone), py.ATOM, "array")
        if not i.taps:
            return [f"{target} = {text.text}"]
        if i.kind == "sum":
            return [f"{target} = 0", *self.loops(i.taps, [f"{target} += {text.text}"])]
        first = self.dialect.lowest_like(self.sizes(b.extent for b in i.axes), self.anchor())
        return [f"{target} = {first}", *self.loops(i.taps, [self.dialect.merge_largest(target, text.text)])]

    def wins(self, i: Wins, target: str) -> list[str]:
        free = tuple(b.name for b in i.axes if b not in i.cells)
        cells = tuple(b.name for b in i.cells)
        shape = self.sizes(b.extent for b in i.axes)
        if i.along:
            tree = self.tree((*cells, *free))
            equal = self.names("register", f"{i.target}_equal")
            hits = py.both([py.compare("==", tree(i.body), tree.entry(i.best)), *(tree.condition(w) for w in i.where)])
            count = self.dialect.running_count(equal, 0)
            return [f"{equal} = {hits.text}", f"{target} = {equal} & ({count} == 1)"]
        tree = self.tree(free, cells)
        hits = py.both([py.compare("==", tree(i.body), tree.entry(i.best)), *(tree.condition(w) for w in i.where)])
        open_ = self.names("register", f"{i.target}_open")
        here = f"{target}[{', '.join(self.names('index', n) for n in cells)}]"
        return [
            f"{target} = {self.dialect.truths(shape, self.anchor(), None)}",
            f"{open_} = {self.dialect.truths(self.sizes(self.extents_of(free)), self.anchor(), True)}",
            *self.loops(i.cells, [f"{here} = {open_} & {hits.within(py.SUM)}", f"{open_} &= ~{here}"]),
        ]

    def matmul(self, i: Matmul, target: str) -> list[str]:
        product = f"{self.operand(i.left)} @ {self.operand(i.right_operand)}"
        groups = (i.left.rows, i.right_operand.columns)
        if all(len(g) == 1 for g in groups) and len(i.left.stack) <= 1 and len(i.right_operand.stack) <= 1:
            return [f"{target} = {product}"]
        return [f"{target} = ({product}).reshape{self.sizes(b.extent for b in i.axes)}"]

    def operand(self, o: Operand) -> str:
        """A register as matrices: reshaped in place where its axes lie so, transposed or copied where not."""
        names = tuple(k.name or "" for k in o.entry.indices)
        text = self.register(o.entry.tensor)
        across = names[-1:] != o.columns[-1:] if o.columns else bool(o.rows)
        first, last = (o.columns, o.rows) if across else (o.rows, o.columns)
        order = (*o.stack, *first, *last)
        if order != names:
            text = self.dialect.permuted(text, tuple(names.index(n) for n in order))
        if len(first) != 1 or len(last) != 1 or len(o.stack) > 1:
            extent = {n: b.extent for n, b in zip(names, self.axes_of(o.entry.tensor), strict=True)}
            groups = [[extent[n]] for n in o.stack] + [[extent[n] for n in g] for g in (first, last)]
            text += f".reshape({', '.join(self.volume(g) for g in groups)})"
        return self.dialect.transposed(text, len(o.stack) + 2) if across else text

    def axes_of(self, register: str) -> Axes:
        made = self.plan.instruction(register)
        return made.axes if made is not None else dict(self.plan.inputs)[register]

    def volume(self, extents: list[Index]) -> str:
        return py.multiply([py.integer(e, self.symbol_text) for e in extents]).text if extents else "1"

    def scatter(self, i: Scatter, target: str) -> list[str]:
        moved = {m.axis: m for m in i.moves}
        positions = [moved[b.name].position if b.name in moved else b for b in i.axes]
        shape = [b.extent + moved[b.name].before + moved[b.name].after if b.name in moved else b.extent for b in i.axes]
        places = self.names("register", f"{i.target}_places")
        steps = self.steps(len(i.axes))
        strides = self.strides_of((*i.taps, *positions), steps, [moved[b.name].at if b.name in moved else index(b.name)
                                                                 for b in i.axes])  # fmt: skip
        start = [self.size(moved[b.name].start) if b.name in moved else "0" for b in i.axes]
        base = self.dialect.strided(target + _from(start), self.sizes(b.extent for b in (*i.taps, *positions)), strides)
        body = self.tree(tuple(b.name for b in positions), tuple(b.name for b in i.taps)).numeric(i.body)
        at = ", ".join(self.names("index", b.name) for b in i.taps)
        lines = [
            f"{target} = {self.dialect.zeros(self.sizes(shape), self.anchor())}",
            self.take_steps(steps, target),
            f"{places} = {base}",
            *self.loops(i.taps, [f"{places}[{at or '...'}] += {body.text}"]),
        ]
        if any(m.before != index(0) or m.after != index(0) for m in i.moves):
            lines.append(f"{target} = {target}[{', '.join(self.crop(moved.get(b.name), b.extent) for b in i.axes)}]")
        return lines

    def crop(self, m: Move | None, extent: Index) -> str:
        if m is None or (m.before == index(0) and m.after == index(0)):
            return ":"
        before = "" if m.before == index(0) else self.size(m.before)
        return f"{before}:{self.size(m.before + extent)}"

    def strides_of(self, axes: Axes, steps: list[str], indices: list[Index]) -> str:
        """The steps of a view with these axes of an array with the given steps, read at affine indices."""
        parts = [affine(k, self._extents) for k in indices]
        found = []
        for b in axes:
            along = [(step, k) for k, p in enumerate(parts) if p is not None for n, step in p.steps if n == b.name]
            found.append(py.add([self.stride(step, steps[k]) for step, k in along]).text)
        return _tuple(found)


def _reduced_order(i: Reduce) -> IndexNames:
    """The axes before a reduction: as they lie in a register that has them all, so that nothing is transposed."""
    kept, over = tuple(b.name for b in i.axes), tuple(b.name for b in i.over)
    taps = {b.name for b in i.taps}
    for r in reads(i.body):
        own = tuple(k.name or "" for k in r.indices if k.name not in taps)
        if set(own) == {*kept, *over} and tuple(n for n in own if n in kept) == kept:
            return own
    return kept + over


_ZERO = py.number(Fraction(0))


def _from(starts: list[str]) -> str:
    """The subscript that starts every axis at a place, or nothing where all start at 0."""
    return f"[{', '.join(':' if s == '0' else f'{s}:' for s in starts)}]" if any(s != "0" for s in starts) else ""


def _leaves_integers(node: Expr) -> bool:
    """Whether a node makes fractions of integers."""
    if isinstance(node, Num):
        return node.value.denominator != 1
    if isinstance(node, Pow):
        return not (isinstance(node.right, Num) and node.right.value.denominator == 1 and node.right.value >= 0)
    return isinstance(node, Div | Fn)


def _tuple(parts: list[str]) -> str:
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


_RULES: dict[type, Callable[..., list[str]]] = {
    Pad: Scribe.pad,
    View: Scribe.view,
    Copy: Scribe.copy,
    Merge: Scribe.merge,
    Gather: Scribe.gather,
    Map: Scribe.map,
    Reduce: Scribe.reduce,
    Wins: Scribe.wins,
    Matmul: Scribe.matmul,
    Scatter: Scribe.scatter,
}
