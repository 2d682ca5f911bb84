"""A letter of the writer's own in the limits of two sums is one size: their axes have to be of one length."""

from __future__ import annotations

from dataclasses import dataclass, field

from derive.expressions.expr import Expr
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads
from derive.language.latex.arrays import spatial_axes
from derive.language.latex.names import COTANGENT
from derive.operation import Op


@dataclass(slots=True)
class EqualLimits:
    """The extents of the axes over which sums to a letter run, for each letter."""

    op: Op
    found: dict[str, set[Index]] = field(default_factory=dict)

    def differ(self, letter: str, name: str, body: Expr) -> bool:
        """Whether a sum over `name` to a letter runs over an axis other than an earlier sum to that letter.

        Axes that a window slides over may be equal, as in a square image; a number of samples and one of classes are
        not.
        """
        axes = self.axes(name, body)
        before = self.found.get(letter, set())
        self.found[letter] = axes | before
        return bool(axes and before) and not axes & before and not (axes | before) <= self.slid()

    def axes(self, name: str, body: Expr) -> set[Index]:
        """The extents of the axes that an index reads by itself, of entries that have all their indices."""
        found = set()
        known = {t.name: t for t in self.op.tensors}
        for e in reads(body):
            tensor = known.get(e.tensor.removeprefix(COTANGENT))
            whole = tensor is not None and len(e.indices) in (len(tensor.axes), spatial_axes(self.op, tensor.name))
            axes = tensor.axes[-len(e.indices) :] if tensor is not None and whole and e.indices else ()
            found |= {b.extent for i, b in zip(e.indices, axes, strict=False) if i == index(name)}
        return found

    def slid(self) -> set[Index]:
        """The extents of the axes that a window slides over."""
        counts = ((t, spatial_axes(self.op, t.name)) for t in self.op.tensors)
        return {b.extent for t, count in counts for b in t.axes[len(t.axes) - count :]}
