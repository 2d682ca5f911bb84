"""What a proof for all sizes may assume: parameters at least their least value, no extent below 0, labels in range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from derive.expressions.expr import Compare, Expr, InRange, Val, val
from derive.expressions.index import Index, index
from derive.expressions.traversal import free_names, reads
from derive.language.show import show
from derive.laws.law import COTANGENT
from derive.meaning.worlds import label_extents
from derive.operation import Op
from numeric.proof.reals import reals_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the sizes of an operation, and of the free indices of a formula.

    `sized` says whether the formulas of the output's extents are among it; without them they may be anything.
    """

    op: Op
    ranges: tuple[InRange, ...] = ()
    hypotheses: tuple[Expr, ...] = ()
    sized: bool = True

    def about(self, name: str) -> Iterator[Expr]:
        """The guards that are asked for when a name appears in a question."""
        parameter = next((p for p in self.op.parameters if p.name == name), None)
        if parameter is not None:
            yield Compare("<=", val(parameter.minimum), val(name))
        elif name in self.op.symbols:
            yield Compare("<=", val(0), val(name))
        for symbol, size in self.op.sizes if self.sized else ():
            if symbol == name:
                yield Compare("==", val(symbol), Val(size))
        yield from (r for r in self.ranges if r.index == index(name))
        yield from (h for h in self.assumed if name in free_names(h))

    @property
    def assumed(self) -> tuple[Expr, ...]:
        """The requirements that are about sizes alone, and further hypotheses, as far as they are about integers."""
        about_sizes = (r for r in self.op.require if not list(reads(r)))
        return tuple(g for g in (*about_sizes, *self.hypotheses) if not free_names(g) & reals_of(self.op))

    def extents(self, tensor: str) -> tuple[Index, ...]:
        return tuple(b.extent for b in self.op.tensor(tensor.removeprefix(COTANGENT)).axes)

    def labels(self, tensor: str) -> Sequence[Index]:
        """What the entries of an integer tensor are below."""
        return tuple(label_extents(self.op, tensor))

    @property
    def spared(self) -> tuple[str, ...]:
        """The parameters that a label may also be: those of labels that do not count."""
        return tuple(p.name for p in self.op.parameters if p.argument == "ignore_index")

    def told(self, about: Iterable[Expr]) -> tuple[str, ...]:
        """The hypotheses in notation that concern these guards, labels among them."""
        guards = list(about)
        names = {n for g in guards for n in free_names(g)}
        found = [show(h) for h in self.assumed if free_names(h) & names]
        for tensor in sorted({r.tensor for g in guards for r in reads(g)}):
            or_spared = "".join(f" or {tensor}=={g}" for g in self.spared)
            found += [f"[0<={tensor}<{show(Val(n))}]{or_spared}" for n in self.labels(tensor)]
        return tuple(dict.fromkeys(found))
