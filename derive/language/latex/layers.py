"""What a label above a letter says: which layer, l, l+1 or 3."""

from __future__ import annotations

from collections.abc import Iterable

from derive.language.latex.nodes import Node, Number, Symbol, Terms, walk


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
