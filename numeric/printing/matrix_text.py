"""Python lines of matrix products: registers reshaped to matrices, without a copy where their axes lie so."""

from __future__ import annotations

from numeric.plans.plan import Matmul, Operand
from numeric.printing.scribe import Scribe


def matmul(s: Scribe, i: Matmul, target: str) -> list[str]:
    product = f"{_operand(s, i.left)} @ {_operand(s, i.right_operand)}"
    groups = (i.left.rows, i.right_operand.columns)
    if all(len(g) == 1 for g in groups) and len(i.left.stack) <= 1 and len(i.right_operand.stack) <= 1:
        return [f"{target} = {product}"]
    return [f"{target} = ({product}).reshape{s.sizes(b.extent for b in i.axes)}"]


def _operand(s: Scribe, o: Operand) -> str:
    """A register as matrices: reshaped in place where its axes lie so, transposed or copied where not."""
    names = tuple(k.name or "" for k in o.entry.indices)
    text = s.register(o.entry.tensor)
    across = names[-1:] != o.columns[-1:] if o.columns else bool(o.rows)
    first, last = (o.columns, o.rows) if across else (o.rows, o.columns)
    order = (*o.stack, *first, *last)
    if order != names:
        text = s.dialect.permuted(text, tuple(names.index(n) for n in order))
    if len(first) != 1 or len(last) != 1 or len(o.stack) > 1:
        extent = {n: b.extent for n, b in zip(names, s.axes_of(o.entry.tensor), strict=True)}
        groups = [[extent[n]] for n in o.stack] + [[extent[n] for n in g] for g in (first, last)]
        text += f".reshape({', '.join(s.volume(g) for g in groups)})"
    return s.dialect.transposed(text, len(o.stack) + 2) if across else text
