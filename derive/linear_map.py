"""A law that is linear in one of its tensors as a matrix: M[a, b] = dO[a]/dX[b], read off the law itself.

With both tensors written as columns, O = M X + what does not read X; dE/dX is M transposed times dE/dO. A correlation's
matrix is Toeplitz, and its transpose is the transposed convolution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod

from derive.errors import OperationError
from derive.expressions.build import add, div, mul, rebuild
from derive.expressions.expr import ONE, ZERO, Add, Div, Entry, Expr, Fn, Maximum, Minimum, Mul, Pow
from derive.expressions.traversal import reads
from derive.meaning.small_sizes import sizes_of
from derive.networks.expansion import expand
from derive.networks.instance import Instance, Place
from derive.operation import Op

MOST_CELLS = 1 << 24
"""Rows times columns: what is more is no matrix that one writes out."""

Row = dict[Place, Expr]


@dataclass(frozen=True, slots=True, eq=False)
class LinearMap:
    """The matrix of `at.op` in `wrt` at these sizes; `cells` holds the entries that are not 0, by output and input."""

    at: Instance
    wrt: str
    cells: Mapping[tuple[Place, Place], Expr]

    @property
    def rows(self) -> tuple[Place, ...]:
        """The outputs, row-major."""
        return tuple(self.at.places(self.at.op.output.name))

    @property
    def columns(self) -> tuple[Place, ...]:
        """The entries of the tensor, row-major."""
        return tuple(self.at.places(self.wrt))

    @property
    def is_toeplitz(self) -> bool:
        """Whether an entry depends on how far its column is from its row alone, along every axis."""
        if len(self.at.axes(self.wrt)) != len(self.at.axes(self.at.op.output.name)):
            return False
        found: dict[Place, Expr] = {}
        for row in self.rows:
            for column in self.columns:
                apart = tuple(b - a for a, b in zip(row, column, strict=True))
                cell = self.cells.get((row, column), ZERO)
                if found.setdefault(apart, cell) != cell:
                    return False
        return True


def linear_map(at: Instance, wrt: str) -> LinearMap:
    """The matrix of an operation in one of its inputs, its entries written in those of the others.

    Raises: OperationError for a tensor in which the law is not linear, or a matrix too large to write out.
    """
    tensor, output = at.op.tensor(wrt), at.op.output.name
    cells = prod(at.shape(tensor.name)) * prod(at.shape(output))
    if cells > MOST_CELLS:
        raise OperationError(f"{at.op.name}: got a matrix of {cells:,} entries, expected at most {MOST_CELLS:,}; choose"
                             " smaller sizes")  # fmt: skip
    reader = _Reader(at, tensor.name)
    found = {(a, b): e for a in at.places(output) for b, e in reader.row(at.entry(output, a)).items() if e != ZERO}
    return LinearMap(at, tensor.name, found)


def instance(op: Op, sizes: Mapping[str, int]) -> Instance:
    """The operation at these sizes and parameters, optional tensors left out. Raises: OperationError for others."""
    derived = {n for n, _ in op.sizes}
    for symbol in sorted(op.symbols - derived - sizes.keys()):
        raise OperationError(f"{op.name}: got no number for {symbol}, expected one; give {symbol}=...")
    for symbol in sizes:
        if symbol not in op.symbols - derived:
            known = ", ".join(sorted(op.symbols - derived))
            raise OperationError(f"{op.name}: got {symbol}={sizes[symbol]}, expected one of {known}; leave it out")
    return Instance(op, sizes_of(op, sizes), frozenset(t.name for t in op.inputs if t.optional))


@dataclass(slots=True)
class _Reader:
    """The coefficients with which an expression over entries at numbers reads the tensor."""

    at: Instance
    tensor: str
    rows: dict[Entry, Row] = field(default_factory=dict)
    bodies: dict[Entry, Expr] = field(default_factory=dict)

    def row(self, e: Expr) -> Row:
        """X[b] -> coefficient; raises OperationError where there is none."""
        rule = _RULES.get(type(e))
        if rule is not None:
            return rule(self, e)
        if self.moves(e):
            self.refuse(f"in {e.name if isinstance(e, Fn) else _WORDS.get(type(e), 'a choice')}")
        return {}

    def moves(self, e: Expr) -> bool:
        """Whether an expression depends on the tensor, intermediates looked into."""
        return any(self._moves(r) for r in reads(e))

    def _moves(self, e: Entry) -> bool:
        if self.at.op.equation(e.tensor) is None:
            return e.tensor == self.tensor
        return self.moves(self.body(e))

    def body(self, e: Entry) -> Expr:
        """An intermediate's entry as its equation has it."""
        if e not in self.bodies:
            equation = self.at.op.equation(e.tensor)
            assert equation is not None
            point = {n: i.constant or 0 for n, i in zip(equation.names, e.indices, strict=True)}
            self.bodies[e] = expand(equation.body, self.at, point)
        return self.bodies[e]

    def plain(self, e: Expr) -> Expr:
        """A factor that does not depend on the tensor, intermediates put in."""
        if isinstance(e, Entry) and self.at.op.equation(e.tensor) is not None:
            return self.plain(self.body(e))
        return rebuild(e, tuple(map(self.plain, e.parts))) if e.parts else e

    def refuse(self, where: str) -> None:
        op = self.at.op
        raise OperationError(f"{op.name}: got wrt={op.tensor(self.tensor).argument!r}, which stands {where}, expected a"
                             " tensor in which the law is linear; only a linear law is a matrix")  # fmt: skip


def _entry(reader: _Reader, e: Entry) -> Row:
    if e.tensor == reader.tensor:
        return {tuple(i.constant or 0 for i in e.indices): ONE}
    if reader.at.op.equation(e.tensor) is None:
        return {}
    if e not in reader.rows:
        reader.rows[e] = reader.row(reader.body(e))
    return reader.rows[e]


def _add(reader: _Reader, e: Add) -> Row:
    found: dict[Place, list[Expr]] = {}
    for part in e.items:
        for place, coefficient in reader.row(part).items():
            found.setdefault(place, []).append(coefficient)
    return {place: add(terms) for place, terms in found.items()}


def _mul(reader: _Reader, e: Mul) -> Row:
    moving = [k for k, f in enumerate(e.items) if reader.moves(f)]
    if not moving:
        return {}
    if len(moving) > 1:
        reader.refuse("in a product with itself")
    others = [reader.plain(f) for k, f in enumerate(e.items) if k != moving[0]]
    return {place: mul((*others, c)) for place, c in reader.row(e.items[moving[0]]).items()}


def _div(reader: _Reader, e: Div) -> Row:
    if reader.moves(e.right):
        reader.refuse("in a divisor")
    divisor = reader.plain(e.right)
    return {place: div(c, divisor) for place, c in reader.row(e.left).items()}


_WORDS: dict[type[Expr], str] = {Maximum: "a maximum", Minimum: "a minimum", Pow: "a power"}
_RULES: dict[type, Callable[..., Row]] = {Entry: _entry, Add: _add, Mul: _mul, Div: _div}
