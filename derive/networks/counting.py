"""How much work a law is: its multiply-adds, counted from the law itself.

A sum over n terms of a product of k entries takes n*(k - 1) multiply-adds for every entry of its result.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.expressions.expr import GUARDS, Binding, Expr, Mul, Winner
from derive.expressions.index import Index, index
from derive.expressions.traversal import reads
from derive.networks.fitting import evaluate, product
from derive.operation import Op


def multiply_adds(op: Op, sizes: Mapping[str, Index]) -> Index:
    """The multiply-adds of one forward pass, every equation worked out once; sizes that are not given stay symbols.

    Comparisons, quotients and functions are not counted.
    """
    total = index(0)
    for e in op.equations:
        entries = product(b.extent for b in op.tensor(e.target).axes)
        total = total + _inside(e.body, entries)
    return evaluate(total, sizes)


def _inside(e: Expr, times: Index) -> Index:
    """The multiply-adds of an expression that is worked out so many times."""
    if isinstance(e, Binding) and not isinstance(e, Winner):
        times = times * product(b.extent for b in e.binders)
    total = index(0)
    if isinstance(e, Mul):
        data = [f for f in e.items if not isinstance(f, GUARDS) and any(True for _ in reads(f))]
        total = times * max(len(data) - 1, 0)
    return sum((_inside(p, times) for p in e.parts), total)
