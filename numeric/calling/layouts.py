"""A call's axes: from the order and number in which a user passes them to those of the law, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from derive.errors import OperationError
from derive.layout import ANY
from derive.operation import Op, Tensor
from numeric.calling.binding import LEADING, Shape

Labels = tuple[str, ...]
MANY = frozenset({ANY, LEADING})
"""What stands for any number of axes."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all tensors of a call agree on: what `*` and `...` stand for, and whether the batch was left out."""

    star: Shape = ()
    leading: Shape = ()
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Arrangement:
    """An operation's layout with torch's arguments for it: where the named axis stands, the extents of `*`."""

    op: Op
    dim: int | None = None
    shape: Shape = ()

    @property
    def settings(self) -> dict[str, Any]:
        """torch's arguments that say how tensors lie."""
        given = {"dim": self.dim, self.op.layout.shape: self.shape}
        return {name: given[name] for name in self.op.layout.arguments}

    def tokens(self, tensor: Tensor) -> Labels:
        """What a user passes for the axes of a tensor."""
        return self.op.layout.tokens(tuple(b.name for b in tensor.axes))

    def moves(self, tensor: Tensor) -> bool:
        """Whether a user passes other axes than the law has."""
        return self.tokens(tensor) != tuple(b.name for b in tensor.axes)

    def labels(self, tensor: Tensor, shape: Shape) -> Labels:
        """What each axis of a user's tensor is: a name of the law's, or `*` or `...`.

        Raises: OperationError for axes that do not fit.
        """
        if self.op.layout.shape and not self.shape:
            wanted = f"{self.op.layout.shape}, expected the extents of the last axes; give it"
            raise OperationError(f"{self.op.name}: got no {wanted}")
        tokens, rank = self.tokens(tensor), len(shape)
        spare = rank - sum(t not in MANY and not t.endswith("?") for t in tokens)
        may = sum(t.endswith("?") for t in tokens)
        rest = spare - min(spare, may)
        if spare < 0 or (rest and not MANY & {*tokens}) or (ANY in tokens and rest < len(self.shape)):
            self._refuse_rank(tensor, shape)
        if self.dim is not None and not -rank <= self.dim < rank:
            raise OperationError(f"{self.op.name}: {tensor.argument}: got {rank} axes, expected an axis {self.dim};"
                                 " choose dim within the input's axes")  # fmt: skip
        many = self._many(tokens, rest)
        found: list[str] = []
        for t in tokens:
            count = next(many) if t in MANY else min(spare, may) if t.endswith("?") else 1
            found += [t.removesuffix("?")] * count
        star = tuple(n for label, n in zip(found, shape, strict=True) if label == ANY)
        if self.shape and ANY in tokens and star != self.shape:
            raise OperationError(f"{self.op.name}: {tensor.argument}: got shape {shape}, expected {self.shape} at its"
                                 f" end as {self.op.layout.shape} says; change one of the two")  # fmt: skip
        return tuple(found)

    def _many(self, tokens: Labels, rest: int) -> Iterator[int]:
        """How many axes each of the tokens of `MANY` stands for, of `rest` in all."""
        first = rest
        if self.dim is not None:
            first = self.dim % (rest + 1)
        elif LEADING in tokens and ANY in tokens:
            first = rest - len(self.shape)
        yield from (first, rest - first)

    def _refuse_rank(self, tensor: Tensor, shape: Shape) -> None:
        tokens = self.tokens(tensor)
        least = sum(t not in MANY and not t.endswith("?") for t in tokens) + len(self.shape) * (ANY in tokens)
        optional = [t.removesuffix("?") for t in tokens if t.endswith("?")]
        counts = f"{least} or {least + 1}" if optional and not MANY & {*tokens} else f"{least}"
        more = "at least " if MANY & {*tokens} else ""
        shown = ",".join(t.removesuffix("?") for t in tokens)
        without = f"; {optional[0]} may be left out" if optional else ""
        raise OperationError(f"{self.op.name}: {tensor.argument}: got {len(shape)} axes in shape {shape}, expected"
                             f" {more}{counts} ({tensor.name}[{shown}]{without}); reshape it")  # fmt: skip

    def shared(self, tensor: Tensor, labels: Labels, shape: Shape) -> dict[str, Shape | bool]:
        """What a tensor says of the axes that it has in common with others: fields of `Shared`."""
        tokens = self.tokens(tensor)
        found: dict[str, Shape | bool] = {
            kind: tuple(n for label, n in zip(labels, shape, strict=True) if label == token)
            for kind, token in (("star", ANY), ("leading", LEADING))
            if token in tokens
        }
        optional = [t.removesuffix("?") for t in tokens if t.endswith("?")]
        return {**found, "left_out": optional[0] not in labels} if optional else found

    def owner(self, label: str) -> str:
        """The law's axis that a user's axis belongs to."""
        return self.op.layout.star if label == ANY else label

    def order(self, tensor: Tensor, labels: Labels) -> Shape:
        """A user's axes in the order of the law's."""
        own = [b.name for b in tensor.axes]
        return tuple(sorted(range(len(labels)), key=lambda k: (own.index(self.owner(labels[k])), k)))

    def inner(self, tensor: Tensor, labels: Labels, shape: Shape) -> Shape:
        """A user's shape as the law has it, every axis of the law's one."""
        owners = [self.owner(label) for label in labels]
        return tuple(math.prod(n for o, n in zip(owners, shape, strict=True) if o == b.name) for b in tensor.axes)

    def outer(self, tensor: Tensor, sizes: Mapping[str, int], shared: Shared) -> tuple[Labels, Shape]:
        """The axes that a user has of a tensor, and their extents, from the extents of the law's axes."""
        tokens = self.tokens(tensor)
        star = math.prod(shared.star)
        at = 0 if self.dim is None else self.dim % (len(shared.star) + 1)
        stars = iter((shared.star[:at], shared.star[at:]) if tokens.count(ANY) > 1 else (shared.star,))
        found: list[tuple[str, int]] = []
        for t in tokens:
            name = t.removesuffix("?")
            if t in MANY:
                found += [(t, n) for n in (next(stars) if t == ANY else shared.leading)]
            elif not (t.endswith("?") and shared.left_out):
                found.append((name, sizes[name] // (star if name == self.op.layout.star else 1)))
        return tuple(n for n, _ in found), tuple(n for _, n in found)


def arrangement(op: Op, settings: Mapping[str, Any]) -> Arrangement:
    """The arrangement of an operation under torch's arguments for it.

    Raises: OperationError for an argument that is none of its, or no integers.
    """
    for name, value in settings.items():
        if name not in op.layout.arguments:
            raise OperationError(f"{op.name}: got argument {name!r}, expected none; leave it out")
        numbers = (value,) if name == "dim" else value if isinstance(value, tuple | list) else (None,)
        if any(isinstance(n, bool) or not isinstance(n, int) for n in numbers):
            wanted = "an integer" if name == "dim" else "a tuple with an integer for each axis"
            raise OperationError(f"{op.name}: got {name}={value!r}, expected {wanted}; change it")
    if settings.get(op.layout.shape) in ((), []):
        raise OperationError(f"{op.name}: got {op.layout.shape}=(), expected an extent at least; give the last axes")
    shape = settings.get(op.layout.shape, ())
    return Arrangement(
        op, settings.get("dim", op.layout.dim), tuple(shape if isinstance(shape, tuple | list) else [shape])
    )
