"""An operation at sizes small enough to be written out: a number for every symbol, and the axes worth an index."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from derive.errors import OperationError
from derive.expressions.expr import Compare, D, Entry, Expr, Num, Val, val
from derive.expressions.traversal import map_indices
from derive.meaning.denote import World
from derive.networks.instance import Instance, Shape
from derive.operation import Op, Tensor
from numeric.calling.binding import Value, bind, defaults
from numeric.checks.samples import points
from reports.mathematics.names import COTANGENT, LEADING

MOST_TERMS, MOST_DIGITS, UNNAMED = 2_000, 4, 2
_SHAPE = re.compile(r"[0-9]{1,4}(x[0-9]{1,4})*")


def parse_shapes(text: str) -> tuple[Shape, ...]:
    """The shapes that `3x3,2x2` names. Raises: OperationError."""
    shapes = []
    for part in text.split(","):
        if not _SHAPE.fullmatch(part.strip()):
            raise OperationError(f"sizes: got {part.strip()[:40]!r} in {text[:80]!r}, expected shapes such as 3x3,2x2;"
                                 " write numbers with x between them")  # fmt: skip
        shapes.append(tuple(int(n) for n in part.strip().split("x")))
    return tuple(shapes)


@dataclass(frozen=True, slots=True, eq=False)
class Scale(Instance):
    """An operation at sizes that a reader is shown; axes whose extent is among `hidden` have one entry and no index."""

    hidden: frozenset[str] = frozenset()

    def kept(self, tensor: str) -> tuple[int, ...]:
        """The positions of the axes that are shown."""
        return tuple(k for k, b in enumerate(self.axes(tensor)) if b.extent.name not in self.hidden)

    def first(self, tensor: str) -> int:
        """What is added to a tensor's numbers where they are shown: labels count from 1, as indices do."""
        return int(not tensor.startswith(COTANGENT) and self.op.tensor(tensor).integer)

    def labels(self, e: Expr) -> bool:
        """Whether an expression is an index that reads labels."""
        atoms = e.index.atoms() if isinstance(e, Val) else ()
        return any(isinstance(a, Entry) and self.op.tensor(a.tensor).integer for a in atoms)

    def shown(self, e: Expr) -> Expr:
        """The expression as it is shown: indices count from 1, hidden axes are left out."""
        if isinstance(e, Entry):
            return self._shown_entry(e)
        if isinstance(e, Compare) and any(map(self.labels, e.parts)):  # a label counts from 1 as the index does
            sides = tuple(self.shown(s) if self.labels(s) else one_more(s) for s in e.parts)
            return e.with_parts(sides)
        if isinstance(e, D):
            return D(self.shown(e.expr), self._shown_entry(e.wrt))
        parts = tuple(self.shown(p) for p in e.parts)
        return map_indices(e.with_parts(parts) if parts else e, lambda i: i.substitute({}, self._shown_entry))

    def _shown_entry(self, e: Entry) -> Entry:
        kept = [e.indices[k] for k in self.kept(e.tensor)]
        return Entry(
            e.tensor, tuple(i + 1 if i.constant is not None else i.substitute({}, self._shown_entry) for i in kept)
        )


def one_more(e: Expr) -> Expr:
    """A number or an index as it counts from 1."""
    return Num(e.value + 1) if isinstance(e, Num) else val(e.index + 1) if isinstance(e, Val) else e


# -- from shapes -------------------------------------------------------------------------------------------------------


def scale(op: Op, shapes: Sequence[Shape], wanted: Collection[str] = ()) -> Scale:
    """The operation with its inputs in these shapes, in order; leading axes that are not given have one entry.

    Shapes that are left over go to arguments without a default, such as the window of a pooling. A tensor without a
    shape gets the extents that others settle, and 2 where none does. Optional tensors that are not `wanted` are absent.
    Raises: OperationError for shapes that do not fit, or that are too large to be written out.
    """
    _refuse_symbols(op)
    inputs = [t for t in op.inputs if not t.optional and not t.integer]
    values = defaults(op, _arguments(op, shapes[len(inputs) :]))
    given = {t.name: _with_leading(op, t, shape) for t, shape in zip(inputs, shapes, strict=False)}
    own = {
        b.extent for t, shape in zip(inputs, shapes, strict=False) for b in t.axes[max(len(t.axes) - len(shape), 0) :]
    }
    leading = {b.extent for t in inputs[: len(shapes)] for b in t.axes} - own
    for t in inputs[len(shapes) :]:
        given[t.name] = _completed(op, t, given, values)
    names = {n: int(v) for n, v in bind(op, given, values).names.items()}
    most = max(points(op, names))
    if most > MOST_TERMS:
        raise OperationError(f"{op.name}: got sizes with {most} products, expected at most {MOST_TERMS} to write out;"
                             " choose smaller ones")  # fmt: skip
    hidden = frozenset(e.name for e in leading if e.name)
    absent = frozenset(t.name for t in op.inputs if t.optional and t.name not in wanted)
    return Scale(op, names, absent, hidden)


def _refuse_symbols(op: Op) -> None:
    """Raises: OperationError for an argument that was set to a name without a number."""
    known = {n for t in op.inputs for b in t.axes for n in b.extent.names()} | {p.name for p in op.parameters}
    for name, value in op.settings:
        if value in op.symbols - known - {n for n, _ in op.sizes}:
            raise OperationError(f"{op.name}: got {name} = {value}, expected a number; only numbers can be written out")


def _arguments(op: Op, shapes: Sequence[Shape]) -> dict[str, Value]:
    """Shapes for the arguments that have no default."""
    wanted: dict[str, list[str]] = {}
    for p in op.parameters:
        if p.default is None:
            wanted.setdefault(p.argument, []).append(p.name)
    if len(shapes) > len(wanted):
        raise OperationError(f"{op.name}: got {len(shapes)} shapes more than inputs, expected {len(wanted)}; leave the"
                             " rest out")  # fmt: skip
    values: dict[str, Value] = {}
    for (argument, symbols), shape in zip(wanted.items(), shapes, strict=False):
        if len(shape) != len(symbols):
            raise OperationError(f"{op.name}: {argument}: got {'x'.join(map(str, shape))}, expected {len(symbols)}"
                                 " numbers; give one an axis")  # fmt: skip
        values |= dict(zip(symbols, shape, strict=True))
    return values


def _with_leading(op: Op, t: Tensor, shape: Shape) -> Shape:
    """The shape with one entry along each axis in front of it, or more axes than the law names as its leading one."""
    missing = len(t.axes) - len(shape)
    if missing < 0 and t.axes[0].name == LEADING:
        return (prod(shape[: 1 - missing]), *shape[1 - missing :])
    if missing < 0:
        letters = ", ".join(b.name for b in t.axes)
        raise OperationError(f"{op.name}: {t.argument}: got {'x'.join(map(str, shape))}, expected at most {len(t.axes)}"
                             f" axes ({letters}); give fewer")  # fmt: skip
    return (1,) * missing + shape


def _completed(op: Op, t: Tensor, given: Mapping[str, Shape], values: Mapping[str, Value]) -> Shape:
    known: dict[str, Value] = dict(values)
    for name, shape in given.items():
        for b, n in zip(op.tensor(name).axes, shape, strict=True):
            if b.extent.name:
                known[b.extent.name] = n
    for b in t.axes:
        for symbol in b.extent.names():
            known.setdefault(symbol, UNNAMED)
    return tuple(World(known, {}).size(b.extent, {}) for b in t.axes)
