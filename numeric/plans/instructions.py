"""The instructions of a loop plan. One line an array, in notation.

A register is read at plain index names, so `X_windows[n,c,i,p]` is an array with an axis for each; what is not plain
(padding, strides, windows, labels) has become an instruction of its own. No instruction knows numpy or torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from derive.expressions.expr import Binder, Entry, Expr
from derive.expressions.index import Composite, Index
from derive.expressions.traversal import reads
from derive.language.show import show, show_index
from numeric.plans.signs import show_size

Axes = tuple[Binder, ...]
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instruction:
    """`target[axes] = ...`; all but the target is what makes two instructions the same."""

    target: str
    axes: Axes

    @property
    def sources(self) -> Names:
        """The registers that are read."""
        found: dict[str, None] = {}
        for f in fields(self):
            found.update(dict.fromkeys(_registers(getattr(self, f.name))))
        return tuple(found)

    @property
    def right(self) -> str:
        """The right-hand side, in notation."""
        raise NotImplementedError

    def __str__(self) -> str:
        return f"{_head(self.target, self.axes)} = {self.right}"


@dataclass(frozen=True, slots=True)
class Pad(Instruction):
    """The source with cells around it, `before` and `after` each axis; the array itself where there are none."""

    source: Entry
    before: tuple[Index, ...]
    after: tuple[Index, ...]
    fill: str = "0"

    @property
    def right(self) -> str:
        pads = ", ".join(f"{show_size(b)}..{show_size(a)}" for b, a in zip(self.before, self.after, strict=True))
        return f"pad {show(self.source)} by {pads} with {self.fill}"


@dataclass(frozen=True, slots=True)
class View(Instruction):
    """The source read at affine indices that are all in range: no data moves, an axis's step is a sum of steps.

    Axes in `flipped` run backwards, so that every step is positive.
    """

    source: str
    indices: tuple[Index, ...]
    flipped: Names = ()

    @property
    def sources(self) -> Names:
        return (self.source,)

    @property
    def right(self) -> str:
        backwards = f", {', '.join(self.flipped)} backwards" if self.flipped else ""
        return f"view {self.source}[{','.join(map(show_size, self.indices))}]{backwards}"


@dataclass(frozen=True, slots=True)
class Copy(Instruction):
    """The source in the order of the axes, contiguous: what a matrix product wants of a view."""

    source: Entry

    @property
    def right(self) -> str:
        return f"copy {show(self.source)}"


@dataclass(frozen=True, slots=True)
class Merge(Instruction):
    """Runs of neighbouring axes of the source, each read as one axis, row-major."""

    source: str
    runs: tuple[tuple[int, ...], ...]

    @property
    def sources(self) -> Names:
        return (self.source,)

    @property
    def right(self) -> str:
        return f"reshape {self.source}, axes {' '.join('(' + ','.join(map(str, r)) + ')' for r in self.runs)}"


@dataclass(frozen=True, slots=True)
class Split(Instruction):
    """Axes of the source each as several, row-major."""

    source: str
    digits: tuple[Names, ...]

    @property
    def sources(self) -> Names:
        return (self.source,)

    @property
    def right(self) -> str:
        return (
            f"reshape {self.source}[{','.join('(' + ','.join(d) + ')' if len(d) > 1 else d[0] for d in self.digits)}]"
        )


@dataclass(frozen=True, slots=True)
class Gather(Instruction):
    """The source at any indices, 0 where they are not integral or not in range: right for every access, and slower."""

    source: str
    indices: tuple[Index, ...]
    extents: tuple[Index, ...]

    @property
    def sources(self) -> Names:
        return (self.source, *(r for i in self.indices for r in _registers(i)))

    @property
    def right(self) -> str:
        return f"gather {show(Entry(self.source, self.indices))}"


@dataclass(frozen=True, slots=True)
class Map(Instruction):
    """One value an entry, from registers at the same entry; a false guard makes its product 0."""

    body: Expr

    @property
    def right(self) -> str:
        return show(self.body)


@dataclass(frozen=True, slots=True)
class Reduce(Instruction):
    """A sum or maximum: a loop over `taps` (cells of a window), a reduction of the array over the axes `over`.

    Entries where a guard of `where` is false do not count.
    """

    kind: str
    taps: Axes
    over: Axes
    body: Expr
    where: tuple[Expr, ...] = ()

    @property
    def right(self) -> str:
        loop = f"for {_binders(self.taps)}: " if self.taps else ""
        counted = f" where {'*'.join(map(show, self.where))}" if self.where else ""
        return f"{loop}{self.kind}[{_binders(self.over)}] {show(self.body)}{counted}"


@dataclass(frozen=True, slots=True)
class Wins(Instruction):
    """Whether an entry of `body` is the first, row-major over `cells`, that equals the maximum `best` of its window.

    A loop over the cells, or, with `along`, a running count along the one axis that they are.
    """

    cells: Axes
    body: Expr
    best: Entry
    where: tuple[Expr, ...] = ()
    along: bool = False

    @property
    def right(self) -> str:
        counted = f" where {'*'.join(map(show, self.where))}" if self.where else ""
        return f"first[{_binders(self.cells)}] {show(self.body)} == {show(self.best)}{counted}"


@dataclass(frozen=True, slots=True)
class Operand:
    """A register as a stack of matrices: the axes of the stack, of the rows, of the columns."""

    entry: Entry
    stack: Names
    rows: Names
    columns: Names

    def __str__(self) -> str:
        stack = f"{','.join(self.stack)} | " if self.stack else ""
        return f"{self.entry.tensor}[{stack}{','.join(self.rows)} ; {','.join(self.columns)}]"


@dataclass(frozen=True, slots=True)
class Matmul(Instruction):
    """A product of two stacks of matrices."""

    left: Operand
    right_operand: Operand

    @property
    def right(self) -> str:
        return f"{self.left} @ {self.right_operand}"


@dataclass(frozen=True, slots=True)
class Move:
    """Where a scatter puts things along one axis: entry `position` of the body goes to index `at`.

    The buffer has `before` and `after` cells around the axis, and the first place is at its cell `start`.
    """

    axis: str
    position: Binder
    at: Index
    before: Index
    after: Index
    start: Index


@dataclass(frozen=True, slots=True)
class Scatter(Instruction):
    """Zeros, to which for every tap the body is added at the places that `moves` say; places outside are dropped."""

    taps: Axes
    moves: tuple[Move, ...]
    body: Expr

    @property
    def right(self) -> str:
        places = ", ".join(f"{m.axis} = {show_index(m.at)}" for m in self.moves)
        loop = f"for {_binders(self.taps)}: " if self.taps else ""
        return f"{loop}add {show(self.body)} at {places}"


def _registers(value: object) -> Iterator[str]:
    if isinstance(value, Expr):
        yield from (r.tensor for r in reads(value))
    elif isinstance(value, Index):
        for atom in value.atoms():
            if isinstance(atom, Entry):
                yield from _registers(atom)
            elif isinstance(atom, Composite):
                yield from _registers(atom.dividend)
                yield from _registers(atom.divisor)
    elif isinstance(value, Operand):
        yield value.entry.tensor
    elif isinstance(value, tuple):
        for v in value:
            yield from _registers(v)


def _head(target: str, axes: Axes) -> str:
    return target + (f"[{','.join(b.name for b in axes)}]" if axes else "")


def _binders(axes: Axes) -> str:
    return ",".join(f"{b.name}<{show_index(b.extent)}" for b in axes)
