"""What a label above a letter says: which layer, l, l+1 or 3; and which side of a layer a size belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from derive.language.latex.nodes import Node, Number, Run, Symbol, Terms, walk
from derive.operation import Op

_BEFORE = ("1", "in", "prev", "old")
_AFTER = ("2", "out", "new", "next")
_EXTENTS = ("H", "W", "h", "w")


def layer(label: tuple[Node, ...]) -> int:
    """How far a layer's label is from l: (l+1) is 1, (l-1) is -1, (3) is 3."""
    match label[-1] if label else None:
        case Number(value=value):
            return int(value)
        case Terms(signs=(_, sign), items=(_, Number(value=value))):
            return sign * int(value)
    return 0


def layer_word(node: Node) -> str:
    offset = layer((node,))
    match node:
        case Number(text=text):
            return text
        case Terms(items=(Symbol(name=name), Number())) if offset:
            return f"{name}{'p' if offset > 0 else 'm'}{abs(offset)}"
        case Symbol(name=name):
            return name
    return "k"


def layers(nodes: Iterable[Node]) -> dict[str, frozenset[int]]:
    """Each letter with the labels of layers that it has."""
    found: dict[str, set[int]] = {}
    for node in nodes:
        for s in walk(node):
            if isinstance(s, Symbol) and s.label:
                found.setdefault(s.name, set()).add(layer(s.label))
    return {n: frozenset(o) for n, o in found.items()}


def size_name(s: Symbol, op: Op | None) -> str | None:
    """`H_in` for what lecturers call H_1, H_{prev} or n_H^{[l-1]}, `H_out` for H_2, `P_h` for padding[0]; else None."""
    if op is None or not op.sizes or not (s.subs or s.label):
        return None
    own = [p.name for p in op.parameters if p.argument == s.name]
    if s.name == "kernel_size" and not own:
        own = [str(b.extent.name) for t in op.inputs if t.argument == "weight" for b in t.axes[2:]]
    if own and len(s.subs) == 1 and isinstance(s.subs[0], Number):
        return own[min(int(s.subs[0].value), len(own) - 1)]
    words = [w for sub in (*s.subs, *s.label) for w in _words(sub)]
    if s.name in ("n", "N") and words and words[0][:1] in _EXTENTS:
        return f"{words[0][0]}_in"
    if s.name not in _EXTENTS:
        return None
    if any(w in _BEFORE for w in words) or layer(s.label) < 0:
        return f"{s.name}_in"
    return f"{s.name}_out" if any(w in _AFTER for w in words) else None


def _words(node: Node) -> list[str]:
    """A subscript in words: `H`, `H_{prev}`, the letters of `Hprev` side by side."""
    match node:
        case Number(text=text):
            return [text]
        case Symbol(name=name, subs=subs):
            return [name, *(w for sub in subs for w in _words(sub))]
        case Run(items=items):
            return ["".join(w for i in items for w in _words(i))]
    return []
