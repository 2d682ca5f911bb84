"""All formulas of a training step, forwards and backwards, over the graph's own tensors, with numbers for all sizes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod

from derive.expressions.expr import ONE, Add, Binder, Binding, Entry, Expr, Num, Val, val
from derive.expressions.index import Index, index
from derive.expressions.substitution import retensor, substitute
from derive.expressions.traversal import map_indices
from derive.networks.composition import Graph, Node
from derive.operation import Op
from derive.sweep import gradient
from numeric.backend import Formula, cotangent, forward_formulas
from numeric.calling.binding import LEADING, Value, defaults

Shape = tuple[int, ...]


def cotangent_of(tensor: str) -> str:
    """The name of dE/dS in the formulas of a step."""
    return f"dE/d{tensor}"


@dataclass(frozen=True, slots=True)
class Assembly:
    """Formulas in the order of their work; `along_batch` are the tensors whose first axis counts samples.

    They are of `batch` samples, one of so many equal `chunks` of the caller's batch: where the number of all samples
    divides, it is that of all chunks.
    """

    graph: Graph
    batch: int
    chunks: int
    formulas: tuple[Formula, ...]
    shapes: Mapping[str, Shape]
    along_batch: frozenset[str]
    wanted: frozenset[str]

    @property
    def weights(self) -> frozenset[str]:
        """Parameters and their gradients: they lie as the caller reads them."""
        own = self.graph.parameters
        return frozenset((*own, *map(cotangent_of, own)))


def training(graph: Graph, sizes: Mapping[str, int], chunks: int = 1) -> Assembly:
    """The loss and dE/dw of every parameter; `sizes` are the numbers of the graph's symbols."""
    a = _Assembler(graph, sizes, chunks)
    wanted = {graph.nodes[-1].name, *map(cotangent_of, graph.parameters)}
    return a.assembly([*a.forward(graph.nodes), *a.backward()], frozenset(wanted))


def reading(graph: Graph, sizes: Mapping[str, int], chunks: int = 1) -> Assembly:
    """The scores alone."""
    a = _Assembler(graph, sizes, chunks)
    stop = [n.name for n in graph.nodes].index(graph.scores) + 1
    return a.assembly(list(a.forward(graph.nodes[:stop])), frozenset({graph.scores}))


def batch_of(graph: Graph) -> Index | None:
    """How many samples there are, in the graph's own words: the first extent of its first input that has axes."""
    return next((graph.shapes[i][0] for i in graph.inputs if graph.shapes[i]), None)


class _Assembler:
    def __init__(self, graph: Graph, sizes: Mapping[str, int], chunks: int) -> None:
        self.graph, self.chunks = graph, chunks
        self.whole = {name: index(n) for name, n in sizes.items()}
        self.symbol = batch_of(graph)
        self.batch = 1 if self.symbol is None else evaluated(self.symbol, self.whole) // chunks
        self.sizes = dict(self.whole)
        if chunks > 1 and self.symbol is not None and self.symbol.name is not None:
            self.sizes[self.symbol.name] = index(self.batch)
        self.nodes = {n.name: _Numbers(n, self) for n in graph.nodes}

    def number(self, i: Index) -> int:
        """An extent of the graph."""
        return evaluated(i, self.sizes)

    def forward(self, nodes: tuple[Node, ...]) -> Iterator[Formula]:
        for n in nodes:
            numbers = self.nodes[n.name]
            for f in forward_formulas(law(n)):
                yield numbers.formula(numbers.own[f.target], f.axes, f.body)

    def backward(self) -> Iterator[Formula]:
        for c in self.graph.backward():
            target, parts = cotangent_of(c.of), list[Formula]()
            for use in c.uses:
                found = gradient(law(use.node), use.letter)
                parts.append(self.nodes[use.node.name].formula(target, found.axes, found.formula))
            yield _summed(parts)

    def assembly(self, formulas: list[Formula], wanted: frozenset[str]) -> Assembly:
        shapes = {t: tuple(map(self.number, s)) for t, s in self.graph.shapes.items()}
        shapes |= {f.target: tuple(b.extent.constant or 0 for b in f.axes) for f in formulas}
        weights = {*self.graph.parameters, *map(cotangent_of, self.graph.parameters)}
        first = {t: s[:1] for t, s in self.graph.shapes.items()}
        first |= {cotangent_of(t): s for t, s in first.items()}
        for n in self.nodes.values():
            first |= {n.own[t]: extents for t, extents in n.first.items()}
        along = {t for t, s in first.items() if self.symbol is not None and s == (self.symbol,)} - weights
        return Assembly(
            self.graph, self.batch, self.chunks, tuple(formulas), shapes, frozenset(along & shapes.keys()), wanted
        )


class _Numbers:
    """What the letters of one node's law are: tensors of the graph, numbers, the leading axes of its tensors."""

    def __init__(self, node: Node, whole: _Assembler) -> None:
        op, graph = node.op, whole.graph
        self.own = dict(node.feeds) | {op.output.name: node.name}
        self.own[cotangent(op)] = cotangent_of(node.name)
        for f in forward_formulas(op):
            self.own.setdefault(f.target, f"{node.name}.{f.target}")
        self.absent = {t.name: val(t.absent) for t in op.inputs if t.name not in self.own}
        self.integers = {t.name for t in op.tensors if t.integer}
        self.last = cotangent(op) if node is graph.nodes[-1] else ""
        self.symbolic = dict(node.sizes)
        self.sizes = _closed(node, whole.sizes)
        self.values = _closed(node, whole.whole)
        self.reals: dict[str, Value] = {k: v for k, v in defaults(op, {}).items() if k not in self.sizes}
        whole_numbers = {k: index(v) for k, v in self.reals.items() if isinstance(v, int)}
        self.sizes |= whole_numbers
        self.values |= whole_numbers
        self._lead(node, whole)

    def _lead(self, node: Node, whole: _Assembler) -> None:
        """The leading axes, as those of the graph's tensors, and the first extent of every tensor of the law."""
        shapes = {
            t.name: whole.graph.shapes[self.own[t.name]]
            for t in node.op.tensors
            if self.own.get(t.name) in whole.graph.shapes
        }
        spread = [
            (shapes[t.name], len(t.axes) - 1)
            for t in node.op.tensors
            if t.name in shapes and t.axes and t.axes[0].name == LEADING
        ]
        lead = spread[0][0][: len(spread[0][0]) - spread[0][1]] if spread else ()
        self.lead = tuple(Binder(f"lead{k}", index(whole.number(i))) for k, i in enumerate(lead))
        self.first: dict[str, tuple[Index, ...]] = {}
        for f in forward_formulas(node.op):
            if f.axes:
                axis = f.axes[0]
                self.first[f.target] = lead[:1] if axis.name == LEADING else (axis.extent.substitute(self.symbolic),)

    def formula(self, target: str, axes: tuple[Binder, ...], body: Expr) -> Formula:
        """A formula of the law over the graph's tensors."""
        return Formula(target, self._binders(axes), retensor(self._put_in(body), self.own))

    def _binders(self, binders: tuple[Binder, ...]) -> tuple[Binder, ...]:
        spread = [self.lead if b.name == LEADING else (Binder(b.name, self._size(b.extent)),) for b in binders]
        return tuple(b for found in spread for b in found)

    def _size(self, i: Index) -> Index:
        return i.substitute(self.sizes, self._entry)

    def _indices(self, indices: tuple[Index, ...]) -> tuple[Index, ...]:
        spread = [tuple(index(b.name) for b in self.lead) if i.name == LEADING else (self._size(i),) for i in indices]
        return tuple(i for found in spread for i in found)

    def _entry(self, e: Entry) -> Entry:
        return Entry(e.tensor, self._indices(e.indices))

    def _put_in(self, e: Expr) -> Expr:
        if isinstance(e, Entry):
            return ONE if e.tensor == self.last else self.absent.get(e.tensor) or self._entry(e)
        if isinstance(e, Val):
            real = e.index.names() & self.reals.keys() - self.values.keys()
            if real:
                return Num(_real(e.index, self.reals, self.values))
            return _as_read(val(e.index.substitute(self.values, self._entry)), self.integers)
        found = e.with_parts(tuple(map(self._put_in, e.parts)))
        if isinstance(e, Binding):
            assert isinstance(found, Binding)
            return replace(map_indices(found, self._size), binders=self._binders(e.binders))
        return map_indices(found, self._size)


def _as_read(e: Expr, integers: Collection[str]) -> Expr:
    """A real entry that a law writes where an index may stand, as a number: `[S[n] != 0]`."""
    match e:
        case Val(Index(terms=(((Entry() as read,), 1),))) if read.tensor not in integers:
            return read
    return e


def _summed(parts: list[Formula]) -> Formula:
    """The sum over the uses of a tensor: dE/dS is what all of them contribute."""
    first, *others = parts
    if not others:
        return first
    names = [index(b.name) for b in first.axes]
    bodies = [substitute(f.body, {b.name: n for b, n in zip(f.axes, names, strict=True)}) for f in others]
    return replace(first, body=Add((first.body, *bodies)))


def law(node: Node) -> Op:
    """A node's operation for any data: a hypothesis on data makes a formula shorter and less general."""
    return replace(node.op, hypotheses=())


def evaluated(i: Index, sizes: Mapping[str, Index]) -> int:
    """The number that an extent is."""
    found = i.substitute(sizes).constant
    assert found is not None, i
    return found


def _closed(node: Node, sizes: Mapping[str, Index]) -> dict[str, Index]:
    """The numbers of a law's sizes, those included that follow from others."""
    found = {k: index(evaluated(v, sizes)) for k, v in node.sizes}
    waiting = dict(node.op.sizes)
    while ready := [k for k, v in waiting.items() if v.names() <= found.keys()]:
        for k in ready:
            found[k] = waiting.pop(k).substitute(found)
    return found


def _real(i: Index, reals: Mapping[str, Value], sizes: Mapping[str, Index]) -> Fraction:
    """A polynomial of settings that are real numbers, such as eps."""
    total = Fraction(0)
    for monomial, c in i.terms:
        factors = (Fraction(reals[str(a)]) if a in reals else Fraction(sizes[str(a)].constant or 0) for a in monomial)
        total += c * prod(factors, start=Fraction(1))
    return total
