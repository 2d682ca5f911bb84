"""A graph of operations: who feeds whom, what shapes follow, and the reverse sweep over it with fan-out.

dE/dS[a] = sum over the uses u of S:  sum[i] dE/dO_u[i] * dO_u[i]/dS[a]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from derive.catalogue import with_defaults
from derive.derivation import Derivation
from derive.errors import OperationError
from derive.index import Composite, Index, divide, index
from derive.operation import Op, Tensor
from derive.show import show_index
from derive.sweep import gradient

Shape = tuple[Index, ...]
LEADING = "..."


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a graph: which tensor feeds each of its inputs, by the law's letters."""

    name: str
    op: Op
    feeds: tuple[tuple[str, str], ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The tensors that this node reads, in the order of its law."""
        return tuple(s for _, s in self.feeds)


@dataclass(frozen=True, slots=True)
class Use:
    """One path of the chain rule: a tensor enters `node` as `letter`, and `derivation` says what that contributes."""

    node: Node
    letter: str
    derivation: Derivation


@dataclass(frozen=True, slots=True)
class Cotangent:
    """dE/dS as the sum over the uses of S."""

    of: str
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a network's table: a node, its output's shape, and how many parameters it owns."""

    name: str
    op: str
    shape: Shape
    parameters: Index


@dataclass(frozen=True, slots=True)
class Graph:
    """Operations in topological order; `shapes` holds every tensor's shape, `parameters` the trained ones.

    The last node is the graph's value E (a loss); `scores` names the tensor that predictions are read from.
    """

    name: str
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    nodes: tuple[Node, ...]
    shapes: Mapping[str, Shape]
    scores: str
    integers: frozenset[str] = frozenset()

    def node(self, name: str) -> Node:
        """The node that makes a tensor. Raises: OperationError."""
        for n in self.nodes:
            if n.name == name:
                return n
        known = ", ".join(n.name for n in self.nodes)
        raise OperationError(f"{self.name}: got node {name!r}, expected one of {known}; name a node of the graph")

    def size(self, tensor: str) -> Index:
        """How many entries a tensor has."""
        total = index(1)
        for extent in self.shapes[tensor]:
            total = total * extent
        return total

    @property
    def parameter_count(self) -> Index:
        """How many numbers are trained."""
        total = index(0)
        for p in self.parameters:
            total = total + self.size(p)
        return total

    def table(self) -> tuple[Row, ...]:
        """The shape and parameter table, a row a node."""
        rows = []
        for n in self.nodes:
            own = index(0)
            for s in n.sources:
                own = own + (self.size(s) if s in self.parameters else 0)
            rows.append(Row(n.name, n.op.name, self.shapes[n.name], own))
        return tuple(rows)

    def backward(self, wanted: Iterable[str] | None = None) -> tuple[Cotangent, ...]:
        """The reverse sweep: the cotangent of every tensor on a path from a wanted one to E, the last node first.

        `wanted` defaults to all parameters. The same law is derived once, however many nodes use it.
        """
        needed = set(self.parameters if wanted is None else wanted)
        for name in sorted(needed - self.shapes.keys()):
            raise OperationError(
                f"{self.name}: got no tensor {name!r}, expected one of {', '.join(self.shapes)}; name one"
            )
        for n in self.nodes:
            if needed & set(n.sources):
                needed.add(n.name)
        found: list[Cotangent] = []
        for tensor in [*(n.name for n in reversed(self.nodes[:-1])), *self.parameters, *self.inputs]:
            if tensor not in needed or (tensor in self.inputs and tensor not in (wanted or ())):
                continue
            uses = tuple(
                Use(n, letter, gradient(n.op, letter))
                for n in self.nodes
                for letter, source in n.feeds
                if source == tensor and n.name in needed
            )
            found.append(Cotangent(tensor, uses))
        return tuple(found)


@dataclass(slots=True)
class Builder:
    """Composes a graph node by node; shapes are inferred, and refused where they do not fit, as each node is added."""

    name: str
    shapes: dict[str, Shape] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    integers: set[str] = field(default_factory=set)

    def input(self, name: str, *shape: int | str) -> str:
        """A tensor from outside; a name in its shape is a symbol, such as the batch size N."""
        self._refuse_taken(name)
        self.shapes[name] = tuple(index(n) for n in shape)
        self.inputs.append(name)
        return name

    def add(self, name: str, op: Op, feeds: Mapping[str, str] | str, **extents: int) -> str:
        """A node: `feeds` says which tensor enters where (one name feeds the first input).

        An input that nothing feeds is a parameter, named `node.argument`; `extents` gives the sizes that no input has,
        such as the number of filters. Returns the node's name. Raises: OperationError where shapes do not fit.
        """
        op = with_defaults(op)
        self._refuse_taken(name)
        for symbol in extents:
            if symbol not in op.symbols:
                known = ", ".join(sorted(op.symbols))
                raise OperationError(f"{self.name}: {name}: got extent {symbol}, expected one of {known}; leave it out")
        given = (
            {op.inputs[0].name: feeds} if isinstance(feeds, str) else {op.tensor(k).name: v for k, v in feeds.items()}
        )
        for source in given.values():
            if source not in self.shapes:
                known = ", ".join(self.shapes)
                raise OperationError(f"{self.name}: {name} reads {source!r}, expected one of {known}; add it before")
        fit = _Fit(f"{self.name}: {name}", {n: index(v) for n, v in extents.items()})
        for letter, source in given.items():
            fit.read(op.tensor(letter), self.shapes[source])
        all_feeds = dict(given)
        for t in op.inputs:
            if t.name not in given:
                parameter = f"{name}.{t.argument}"
                self.shapes[parameter] = fit.shape(t)
                self.parameters.append(parameter)
                all_feeds[t.name] = parameter
            elif t.integer:
                self.integers.add(given[t.name])
        fit.close(op)
        self.shapes[name] = fit.shape(op.output)
        self.nodes.append(Node(name, op, tuple((t.name, all_feeds[t.name]) for t in op.inputs)))
        return name

    def _refuse_taken(self, name: str) -> None:
        if name in self.shapes:
            raise OperationError(f"{self.name}: got the name {name!r} twice, expected new ones; rename the node")

    def build(self, scores: str) -> Graph:
        """The graph. Raises: OperationError where the last node is no number, or no tensor has the scores' name."""
        if not self.nodes or self.shapes[self.nodes[-1].name]:
            raise OperationError(f"{self.name}: got a last node that is no single number, expected a loss; add one")
        if scores not in self.shapes:
            known = ", ".join(self.shapes)
            raise OperationError(f"{self.name}: got scores={scores!r}, expected one of {known}; name a tensor")
        order = tuple(self.parameters)
        return Graph(
            self.name, tuple(self.inputs), order, tuple(self.nodes), dict(self.shapes), scores, frozenset(self.integers)
        )


class _Fit:
    """The extents of one node's symbols, found by laying its tensors' axes over shapes."""

    def __init__(self, where: str, known: dict[str, Index]) -> None:
        self.where, self.known = where, known
        self.leading: Shape = ()

    def read(self, tensor: Tensor, shape: Shape) -> None:
        axes = tensor.axes
        spread = next((k for k, b in enumerate(axes) if b.name == LEADING), None)
        if spread is not None:
            own = len(shape) - len(axes) + 1
            self.leading = shape[spread : spread + own]
            shape = (*shape[:spread], _product(self.leading), *shape[spread + own :])
        if len(shape) != len(axes):
            text = ", ".join(show_index(n) for n in shape)
            names = ",".join(b.name for b in axes)
            raise OperationError(
                f"{self.where}: {tensor.argument}: got shape ({text}), expected {len(axes)} axes"
                f" ({tensor.name}[{names}]); reshape it or flatten before"
            )
        for b, n in zip(axes, shape, strict=True):
            symbol = b.extent.name
            old = self.known.setdefault(symbol, n) if symbol else evaluate(b.extent, self.known)
            if old != n:
                raise OperationError(
                    f"{self.where}: {tensor.argument}: got extent {show_index(n)} on axis {b.name}, expected"
                    f" {show_index(old)}; change the layer before or this one"
                )

    def close(self, op: Op) -> None:
        """Work out the sizes that the operation derives. Raises: OperationError for an empty output."""
        for symbol, size in op.sizes:
            value = evaluate(size, self.known)
            if value.constant is not None and value.constant < 1:
                raise OperationError(f"{self.where}: got an output of extent {value.constant}, expected at least 1;"
                                     " use a larger input or a smaller window")  # fmt: skip
            self.known[symbol] = value

    def shape(self, tensor: Tensor) -> Shape:
        found: list[Index] = []
        for b in tensor.axes:
            if b.name == LEADING:
                found += self.leading
                continue
            extent = evaluate(b.extent, self.known)
            if extent.name == b.extent.name and b.extent.name not in self.known and b.extent.constant is None:
                raise OperationError(
                    f"{self.where}: {tensor.argument}: got no extent {b.extent.name}, expected a number;"
                    " give it to the node"
                )
            found.append(extent)
        return tuple(found)


def evaluate(i: Index, known: Mapping[str, Index]) -> Index:
    """An index with sizes put in, quotients of numbers carried out."""
    total = index(0)
    for monomial, c in i.substitute(known).terms:
        term = index(c)
        for atom in monomial:
            if isinstance(atom, Composite):
                term = term * divide(atom.kind, evaluate(atom.dividend, known), evaluate(atom.divisor, known))
            else:
                term = term * Index((((atom,), 1),))
        total = total + term
    return total


def _product(shape: Shape) -> Index:
    total = index(1)
    for n in shape:
        total = total * n
    return total


def graph(name: str) -> Builder:
    """Start a graph: add inputs and nodes, then `build`."""
    return Builder(name)
