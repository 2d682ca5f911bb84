"""A graph of operations: who feeds whom, what shapes follow, and the reverse sweep over it with fan-out.

dE/dS[a] = sum over the uses u of S:  sum[i] dE/dO_u[i] * dO_u[i]/dS[a]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from derive.catalogue import RECIPES, with_defaults
from derive.derivation import Derivation
from derive.errors import OperationError
from derive.expressions.index import Index, index
from derive.language.show import show_index
from derive.networks.counting import multiply_adds
from derive.networks.fitting import Fit, Shape, product
from derive.operation import Op
from derive.size_formula import SizeFormula, size_formulas
from derive.sweep import gradient


@dataclass(frozen=True, slots=True)
class Node:
    """One operation of a graph: which tensor feeds each of its inputs, and the sizes of its law, by the law's letters.

    An optional input that nothing feeds is left out: it counts as zeros.
    """

    name: str
    op: Op
    feeds: tuple[tuple[str, str], ...]
    sizes: tuple[tuple[str, Index], ...] = ()

    @property
    def operation(self) -> str:
        """The name of a catalogue operation; the law itself where it has none."""
        return self.op.name if self.op.name in RECIPES else self.op.text

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
    """One line of a network's table: a node, its output's shape, the parameters it reads, its work, its sizes."""

    name: str
    op: str
    shape: Shape
    weights: tuple[tuple[str, Shape], ...]
    parameters: Index
    multiply_adds: Index
    sizes: tuple[SizeFormula, ...]

    @property
    def formula(self) -> str:
        """How its parameters are counted: `6*1*5*5 + 6`."""
        return " + ".join("*".join(map(show_index, shape)) or "1" for _, shape in self.weights)


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
        return product(self.shapes[tensor])

    @property
    def parameter_count(self) -> Index:
        """How many numbers are trained."""
        return sum((self.size(p) for p in self.parameters), index(0))

    def table(self) -> tuple[Row, ...]:
        """The shape and parameter table, a row a node."""
        return tuple(map(self._row, self.nodes))

    def _row(self, n: Node) -> Row:
        own = tuple((s, self.shapes[s]) for s in dict.fromkeys(n.sources) if s in self.parameters)
        count = sum((product(shape) for _, shape in own), index(0))
        work = multiply_adds(n.op, dict(n.sizes))
        return Row(n.name, n.operation, self.shapes[n.name], own, count, work, size_formulas(n.op, dict(n.sizes)))

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

    def parameter(self, name: str, *shape: int | str) -> str:
        """A trained tensor under a name of its own, which any number of nodes may read: a shared weight."""
        self._refuse_taken(name)
        self.shapes[name] = tuple(index(n) for n in shape)
        self.parameters.append(name)
        return name

    def add(self, name: str, op: Op, feeds: Mapping[str, str | None] | str, **extents: int) -> str:
        """A node: `feeds` says which tensor enters where (one name feeds the first input).

        An input that is not mentioned is a new parameter, named `node.argument`; an optional one that is fed None, such
        as a bias, is left out. `extents` gives the sizes that no input has, such as the number of filters.
        Returns the node's name. Raises: OperationError where shapes do not fit.
        """
        op = with_defaults(op)
        self._refuse_taken(name)
        for symbol in extents:
            if symbol not in op.symbols:
                known = ", ".join(sorted(op.symbols))
                raise OperationError(f"{self.name}: {name}: got extent {symbol}, expected one of {known}; leave it out")
        given = self._given(name, op, {op.inputs[0].argument: feeds} if isinstance(feeds, str) else feeds)
        fit = Fit(f"{self.name}: {name}", {n: index(v) for n, v in extents.items()})
        for letter, source in given.items():
            if source is not None:
                fit.read(op.tensor(letter), self.shapes[source])
        for t in op.inputs:
            if t.name not in given:
                given[t.name] = self.parameter(f"{name}.{t.argument}")
                self.shapes[f"{name}.{t.argument}"] = fit.shape(t)
        fit.close(op)
        self.shapes[name] = fit.shape(op.output)
        fed = [(t, given[t.name]) for t in op.inputs]
        self.integers |= {source for t, source in fed if t.integer and source is not None}
        feeds_of_node = tuple((t.name, source) for t, source in fed if source is not None)
        self.nodes.append(Node(name, op, feeds_of_node, tuple(fit.known.items())))
        return name

    def _given(self, name: str, op: Op, feeds: Mapping[str, str | None]) -> dict[str, str | None]:
        """What is fed, by the law's letters. Raises: OperationError for a tensor that is not there, or not optional."""
        for argument, source in feeds.items():
            if source is None and not op.tensor(argument).optional:
                raise OperationError(
                    f"{self.name}: {name}: {argument}: got None, expected a tensor; leave out optional inputs only"
                )
            if source is not None and source not in self.shapes:
                known = f"one of {known}" if (known := ", ".join(self.shapes)) else "an input or node of the graph"
                raise OperationError(f"{self.name}: {name} reads {source!r}, expected {known}; add it before")
        return {op.tensor(argument).name: source for argument, source in feeds.items()}

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


def graph(name: str) -> Builder:
    """Start a graph: add inputs and nodes, then `build`."""
    return Builder(name)
