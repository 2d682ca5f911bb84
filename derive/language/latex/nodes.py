"""What a formula in LaTeX says, before it is known which names are tensors and from where subscripts count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a formula and where it stands in the text."""

    at: int

    @property
    def parts(self) -> Iterator[Node]:
        """The pieces that it is made of."""
        for f in fields(self):
            value = getattr(self, f.name)
            yield from _nodes(value)


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for v in value:
            yield from _nodes(v)


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: Fraction
    text: str = ""


@dataclass(frozen=True, slots=True)
class Symbol(Node):
    """A name with what is written on it: subscripts (`called`: in round brackets), a label above, primes."""

    name: str
    subs: tuple[Node, ...] = ()
    label: tuple[Node, ...] = ()
    primes: int = 0
    called: bool = False


@dataclass(frozen=True, slots=True)
class Run(Node):
    """Letters or digits side by side in a subscript: several indices, or one product."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Terms(Node):
    """Terms with their signs, +1 or -1."""

    signs: tuple[int, ...]
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    """Two factors and the sign between them: `` (none), ., *, x, odot, corr, otimes, /, mod."""

    sign: str
    left: Node
    right: Node
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Ratio(Node):
    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Power(Node):
    base: Node
    exponent: Node


@dataclass(frozen=True, slots=True)
class Transposed(Node):
    base: Node


@dataclass(frozen=True, slots=True)
class Indexed(Node):
    """An entry of an expression: `(A)_{i,j}`."""

    base: Node
    subs: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """An index bound by a sum, with its limits where they are written."""

    name: str
    low: Node | None = None
    high: Node | None = None
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Binding(Node):
    """`\\sum` or `\\max` with what stands under it; `guards` are conditions there."""

    sign: str
    bounds: tuple[Bound, ...]
    body: Node
    guards: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function by its name, or one of max and min, of arguments; `primes` count derivatives."""

    name: str
    arguments: tuple[Node, ...]
    primes: int = 0
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Partial(Node):
    """`\\partial of / \\partial wrt`."""

    of: Node
    wrt: Symbol


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """`a < b <= c`."""

    signs: tuple[str, ...]
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Guard(Node):
    """`[relation]`: 1 where all hold, else 0."""

    relations: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tuple(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Case(Node):
    value: Node
    conditions: tuple[Node, ...]  # none: otherwise


@dataclass(frozen=True, slots=True)
class Choice(Node):
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, without recursion."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting += reversed(list(here.parts))
