"""Python lines of one instruction: a rule a kind of instruction, in the words of a dialect."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.expressions.expr import Add, Div, Entry, Expr, Fn, Mul, Num, Pow
from derive.expressions.traversal import free_names, reads, walk
from numeric.plans.plan import (
    Copy,
    Gather,
    Instruction,
    Map,
    Matmul,
    Merge,
    Names,
    Pad,
    Reduce,
    Scatter,
    Split,
    View,
    Wins,
)
from numeric.printing import python_text as py
from numeric.printing.matrix_text import matmul
from numeric.printing.python_text import Text
from numeric.printing.scribe import Scribe
from numeric.printing.strided_text import scatter, view


def statements(s: Scribe, i: Instruction) -> list[str]:
    """The statements that make an instruction's register."""
    return _RULES[type(i)](s, i, s.begin(i))


def is_exact(i: Instruction) -> bool:
    """Whether integers give integers."""
    bodies = [b for b in (getattr(i, "body", None),) if isinstance(b, Expr)]
    return not any(leaves_integers(n) for b in bodies for n in walk(b))


def _pad(s: Scribe, i: Pad, target: str) -> list[str]:
    pads = ", ".join(f"({s.size(b)}, {s.size(a)})" for b, a in zip(i.before, i.after, strict=True))
    fill = ", fill=lowest" if i.fill == "lowest" else ""
    return [f"{target} = pad({s.register(i.source.tensor)}, {pads}{fill})"]


def _copy(s: Scribe, i: Copy, target: str) -> list[str]:
    order = tuple(b.name for b in i.axes)
    return [f"{target} = {s.dialect.contiguous(s.tree(order).entry(i.source).text)}"]


def _reshape(s: Scribe, i: Merge | Split, target: str) -> list[str]:
    return [f"{target} = {s.register(i.source)}.reshape({s.sizes(b.extent for b in i.axes)})"]


def _gather(s: Scribe, i: Gather, target: str) -> list[str]:
    """Entries at indices put into range, and 0 where they had to be."""
    order = tuple(b.name for b in i.axes)
    odd = [k for k, e in zip(i.indices, i.extents, strict=True) if not s.certain(k, e)]
    lone = len(odd) == 1 and not any(n in odd[0].names() for k in i.indices if k is not odd[0] for n in k.names())
    # along one axis, its index alone needs places; the other axes stay where they are
    own = tuple(n for n in order if n in odd[0].names()) if lone else order
    tree, whole = s.tree(own), s.tree(order)
    mask = s.names("register", f"{i.target}_inside")
    inside = [
        whole.integral(py.both([py.compare(">=", at, _ZERO), py.compare("<", at, whole.index(e))]), k)
        for k, e in zip(i.indices, i.extents, strict=True)
        if not s.certain(k, e)
        for at in [whole.index(k)]
    ]
    lines, at = [], []
    for k, e in zip(i.indices, i.extents, strict=True):
        if s.certain(k, e):
            at.append(":" if lone else tree.index(k).text)
        else:
            name = s.names("register", f"{i.target}_at{len(at)}")
            place, size = tree.index(k), s.size(e)
            fixed = f"min(max({place.text}, 0), {size} - 1)"
            lines.append(f"{name} = {fixed if place.kind == 'number' else s.dialect.clamped(place.text, size)}")
            at.append(name)
    found = f"{s.register(i.source)}[{', '.join(at)}]"
    if not inside:
        return [*lines, f"{target} = {found}"]
    nothing = "False" if s.is_mask(i.source) else "0"
    return [*lines, f"{mask} = {py.both(inside).text}", f"{target} = {s.dialect.where(mask, found, nothing)}"]


def _map(s: Scribe, i: Map, target: str) -> list[str]:
    order = tuple(b.name for b in i.axes)
    in_place = _in_place(s, i, target, order)
    if in_place is not None:
        return in_place
    found = s.tree(order).numeric(i.body)
    if found.kind == "number" or not set(order) <= free_names(i.body):
        return [f"{target} = {s.dialect.filled(s.sizes(b.extent for b in i.axes), found.text, s.anchor())}"]
    text = found.text
    return [f"{target} = {s.dialect.copied(text) if isinstance(i.body, Entry) else text}"]


def _in_place(s: Scribe, i: Map, target: str, order: Names) -> list[str] | None:
    """The map as an update of the large array that nobody else reads, where it is one."""
    parts = i.body.parts if isinstance(i.body, Add | Mul | Div) else (i.body,)
    first = parts[0]
    if not isinstance(first, Entry) or first.tensor not in s.reusable or len(parts) > 2:
        return None
    names = tuple(k.name or "" for k in first.indices)
    if set(names) != set(order):
        return None
    whole = f"{target} = {s.tree(order).entry(first).text}"
    if len(parts) == 1:
        return [whole]
    other = s.tree(names).numeric(parts[1])
    sign, rest = {Add: "+", Mul: "*", Div: "/"}[type(i.body)], other.text
    if isinstance(i.body, Add) and rest.startswith("-") and other.binds > py.SUM:
        sign, rest = "-", rest[1:]
    return [f"{s.register(first.tensor)} {sign}= {rest}", whole]


def _reduce(s: Scribe, i: Reduce, target: str) -> list[str]:
    order = _reduced_order(i)
    tree = s.tree(order, tuple(b.name for b in i.taps))
    found = tree.numeric(i.body)
    if i.where:
        mask = py.both([tree.condition(w) for w in i.where])
        other = f"lowest({s.anchor()}.dtype)" if i.kind == "max" else "0"
        found = Text(s.dialect.where(mask.text, found.text, other), py.ATOM, "array")
    text = found
    if i.over:
        reduce = s.dialect.largest if i.kind == "max" else s.dialect.total
        gone = tuple(k for k, n in enumerate(order) if n in {b.name for b in i.over})
        text = Text(reduce(found.within(py.ATOM), gone), py.ATOM, "array")
    if not i.taps:
        return [f"{target} = {text.text}"]
    if i.kind == "sum":
        # a loop of no turns leaves an array, too
        some = all(b.extent.constant for b in i.taps)
        start = "0" if some else s.dialect.zeros(s.sizes(b.extent for b in i.axes), s.anchor())
        return [f"{target} = {start}", *s.loops(i.taps, [f"{target} += {text.text}"])]
    first = s.dialect.lowest_like(s.sizes(b.extent for b in i.axes), s.anchor())
    return [f"{target} = {first}", *s.loops(i.taps, [s.dialect.merge_largest(target, text.text)])]


def _wins(s: Scribe, i: Wins, target: str) -> list[str]:
    free = tuple(b.name for b in i.axes if b not in i.cells)
    cells = tuple(b.name for b in i.cells)
    shape = s.sizes(b.extent for b in i.axes)
    if i.along:
        tree = s.tree((*cells, *free))
        equal = s.names("register", f"{i.target}_equal")
        hits = py.both([py.compare("==", tree(i.body), tree.entry(i.best)), *(tree.condition(w) for w in i.where)])
        count = s.dialect.running_count(equal, 0)
        return [f"{equal} = {hits.text}", f"{target} = {equal} & ({count} == 1)"]
    tree = s.tree(free, cells)
    hits = py.both([py.compare("==", tree(i.body), tree.entry(i.best)), *(tree.condition(w) for w in i.where)])
    open_ = s.names("register", f"{i.target}_open")
    here = f"{target}[{', '.join(s.names('index', n) for n in cells)}]"
    return [
        f"{target} = {s.dialect.truths(shape, s.anchor(), None)}",
        f"{open_} = {s.dialect.truths(s.sizes(s.extents_of(free)), s.anchor(), True)}",
        *s.loops(i.cells, [f"{here} = {open_} & {hits.within(py.SUM)}", f"{open_} &= ~{here}"]),
    ]


def _reduced_order(i: Reduce) -> Names:
    """The axes before a reduction: as they lie in a register that has them all, so that nothing is transposed."""
    kept, over = tuple(b.name for b in i.axes), tuple(b.name for b in i.over)
    taps = {b.name for b in i.taps}
    for r in reads(i.body):
        own = tuple(k.name or "" for k in r.indices if k.name not in taps)
        if set(own) == {*kept, *over} and tuple(n for n in own if n in kept) == kept:
            return own
    return kept + over


_ZERO = py.number(Fraction(0))


def leaves_integers(node: Expr) -> bool:
    """Whether a node makes fractions of integers."""
    if isinstance(node, Num):
        return node.value.denominator != 1
    if isinstance(node, Pow):
        return not (isinstance(node.right, Num) and node.right.value.denominator == 1 and node.right.value >= 0)
    return isinstance(node, Div | Fn)


_RULES: dict[type, Callable[..., list[str]]] = {
    Pad: _pad,
    View: view,
    Copy: _copy,
    Merge: _reshape,
    Split: _reshape,
    Gather: _gather,
    Map: _map,
    Reduce: _reduce,
    Wins: _wins,
    Matmul: matmul,
    Scatter: scatter,
}
