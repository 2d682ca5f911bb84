"""The shapes of a graph: the sizes of a node's law, found by laying its tensors' axes over what feeds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod

from derive.errors import OperationError
from derive.expressions.index import Composite, Index, divide, index
from derive.language.show import show_index
from derive.operation import Op, Tensor

Shape = tuple[Index, ...]
LEADING = "..."


class Fit:
    """The extents of one node's symbols, found by laying its tensors' axes over shapes."""

    def __init__(self, where: str, known: dict[str, Index]) -> None:
        self.where, self.known = where, known
        self.leading: Shape = ()

    def read(self, tensor: Tensor, shape: Shape) -> None:
        """Lay a tensor over the shape that feeds it. Raises: OperationError where they do not fit."""
        axes = tensor.axes
        spread = next((k for k, b in enumerate(axes) if b.name == LEADING), None)
        if spread is not None:
            own = len(shape) - len(axes) + 1
            self.leading = shape[spread : spread + own]
            shape = (*shape[:spread], product(self.leading), *shape[spread + own :])
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
        """The shape of a tensor, leading axes spread out. Raises: OperationError where an extent is not known."""
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


def product(shape: Iterable[Index]) -> Index:
    """The product of extents; 1 where there is none."""
    return prod(shape, start=index(1))
