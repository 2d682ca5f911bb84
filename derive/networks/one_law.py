"""A graph as one law: its nodes' equations under the names of its tensors, so that one derivation runs through all.

The law of `a = w*x; h = s(a)` is what the graph of these two nodes computes; E is its output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from derive.errors import OperationError
from derive.expressions.build import rebuild
from derive.expressions.expr import Binder, Binding, Entry, Expr, Num
from derive.expressions.index import Index, index
from derive.expressions.substitution import fresh, retensor, substitute
from derive.expressions.traversal import all_names, map_indices
from derive.language.notation import Equation
from derive.networks.composition import Graph, Node
from derive.networks.fitting import LEADING, evaluate
from derive.operation import Op, Tensor

Spread = tuple[tuple[str, Index], ...]
"""The names that stand for the leading axes `...`, with their extents."""

LETTERS = ("n", "m", "l", "q", "r")


def one_law(graph: Graph) -> Op:
    """The whole graph as one operation with the graph's inputs and parameters, its last node the output.

    Raises: OperationError for a size whose symbol is an index of one of the laws.
    """
    _refuse_clashes(graph)
    last = _spelled(graph.nodes[-1].name)
    made = [pair for node in graph.nodes for pair in _equations(node, _leading(graph, node))]
    inner = tuple(replace(t, role="output") if t.name == last else t for _, t in made)
    given = tuple(_input(graph, name) for name in (*graph.inputs, *graph.parameters))
    conventions = tuple(dict.fromkeys(c for n in graph.nodes for c in n.op.conventions))
    requirements = tuple(_at(r, dict(n.sizes)) for n in graph.nodes for r in n.op.require)
    equations = tuple(e for e, _ in made)
    return Op(_spelled(graph.name), equations, (*given, *inner), require=requirements, conventions=conventions)


def _refuse_clashes(graph: Graph) -> None:
    symbols = {n for shape in graph.shapes.values() for extent in shape for n in extent.names()}
    for node in graph.nodes:
        bound = {n for e in node.op.equations for n in (*e.names, *all_names(e.body))} - node.op.symbols
        for name in sorted(symbols & (bound | {*LETTERS})):
            raise OperationError(f"{graph.name}: got the size {name}, expected another letter, as {name} is an index of"
                                 " its laws; rename the size")  # fmt: skip


def _spelled(name: str) -> str:
    """A graph's name as one of the notation."""
    return name.replace(".", "_").replace("-", "_").replace(" ", "_")


def _input(graph: Graph, name: str) -> Tensor:
    """A tensor from outside, its axes called as the first node calls them that reads it."""
    integer = name in graph.integers
    for node in graph.nodes:
        for letter, source in node.feeds:
            if source == name:
                axes = _axes(node.op.tensor(letter), _leading(graph, node), dict(node.sizes))
                return Tensor(_spelled(name), axes, "input", name, integer)
    return Tensor(_spelled(name), tuple(map(Binder, LETTERS, graph.shapes[name])), "input", name, integer)


def _leading(graph: Graph, node: Node) -> Spread:
    """What the axis `...` of a node's law stands for."""
    taken = {n for e in node.op.equations for n in (*e.names, *all_names(e.body))} | {n for n, _ in node.sizes}
    for letter, source in node.feeds:
        axes = node.op.tensor(letter).axes
        at = next((k for k, b in enumerate(axes) if b.name == LEADING), None)
        if at is not None:
            shape = graph.shapes[source]
            own = shape[at : at + len(shape) - len(axes) + 1]
            letters = [n for n in (*LETTERS, *(fresh("l", (*taken, *LETTERS)) for _ in own)) if n not in taken]
            return tuple(zip(letters, own, strict=False))
    return ()


def _axes(t: Tensor, spread: Spread, sizes: Mapping[str, Index]) -> tuple[Binder, ...]:
    pairs = (pair for b in t.axes for pair in (spread if b.name == LEADING else ((b.name, b.extent),)))
    return tuple(Binder(name, evaluate(extent, sizes)) for name, extent in pairs)


def _equations(node: Node, spread: Spread) -> list[tuple[Equation, Tensor]]:
    """The equations of one node with its sizes, its leading axes and the names of the graph put in."""
    op, sizes = node.op, dict(node.sizes)
    names = {letter: _spelled(source) for letter, source in node.feeds}
    names |= {e.target: _spelled(f"{node.name}_{e.target}") for e in op.equations}
    names[op.output.name] = _spelled(node.name)
    absent = {t.name: Num(Fraction(t.absent)) for t in op.inputs if t.name not in names}
    found = []
    for e in op.equations:
        body = retensor(_at(_spread(_without(e.body, absent), spread), sizes), names)
        axes = _axes(op.tensor(e.target), spread, sizes)
        equation = Equation(names[e.target], tuple(b.name for b in axes), body)
        found.append((equation, Tensor(equation.target, axes, "intermediate", equation.target)))
    return found


def _at(e: Expr, sizes: Mapping[str, Index]) -> Expr:
    """The expression with sizes put in, quotients of numbers carried out."""
    return _worked_out(substitute(e, sizes))


def _worked_out(e: Expr) -> Expr:
    parts = tuple(map(_worked_out, e.parts))
    return map_indices(e.with_parts(parts) if parts else e, lambda i: evaluate(i, {}))


def _without(e: Expr, absent: Mapping[str, Num]) -> Expr:
    """The expression with their numbers for the tensors that are left out."""
    if isinstance(e, Entry):
        return absent.get(e.tensor, e)
    return rebuild(e, tuple(_without(p, absent) for p in e.parts)) if e.parts and absent else e


def _spread(e: Expr, spread: Spread) -> Expr:
    """The expression with names in place of the leading axes."""
    parts = tuple(_spread(p, spread) for p in e.parts)
    e = e.with_parts(parts) if parts else e
    if isinstance(e, Binding):
        binders = (spread if b.name == LEADING else ((b.name, b.extent),) for b in e.binders)
        e = replace(e, binders=tuple(Binder(*pair) for each in binders for pair in each))
    return _entry(e, spread) if isinstance(e, Entry) else map_indices(e, lambda i: _inside(i, spread))


def _entry(e: Entry, spread: Spread) -> Entry:
    indices = ([index(n) for n, _ in spread] if i.name == LEADING else [_inside(i, spread)] for i in e.indices)
    return Entry(e.tensor, tuple(i for each in indices for i in each))


def _inside(i: Index, spread: Spread) -> Index:
    return i.substitute({}, lambda entry: _entry(entry, spread))
