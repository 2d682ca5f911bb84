"""When a result is a gradient handed back to the windows that it came from, and whether cells get even shares."""

from __future__ import annotations

from derive.expressions.build import Factor, factors
from derive.expressions.expr import GUARDS, Contract, Entry, Expr, Num, Pow, Val
from derive.expressions.index import Composite, atom_index
from derive.expressions.traversal import binders_of, reads
from derive.operation import Op

COTANGENT = "dE/d"


def spreading(e: Expr, op: Op) -> str:
    """What such a result is called; empty where it is none.

    The cotangent is read at the windows that hold a cell: at exact quotients under a sum over the places in a window,
    or at floors where windows lie side by side. Nothing else is read there but what the operation computes itself.
    """
    outside = [(f, n) for f, n in _telling(factors(e)) if not _weight(f)]
    weighed = len(outside) < len(_telling(factors(e)))
    under = len(outside) == 1 and isinstance(outside[0][0], Contract)
    inside = _telling(factors(outside[0][0].parts[0])) if under else outside
    cotangents = [f for f, n in inside if isinstance(f, Entry) and f.tensor.startswith(COTANGENT) and n == 1]
    bound = {b.name for f, _ in outside for b in binders_of(f)}
    if len(cotangents) != 1 or not _at_windows(cotangents[0], "exact" if under else "floor", bound):
        return ""
    others = [(f, n) for f, n in inside if f is not cotangents[0]]
    if any(op.tensor(r.tensor).role == "input" for f, _ in others for r in reads(f)):
        return ""
    even = "" if weighed or any(n > 0 for _, n in others) else " evenly"
    return f"spreading {cotangents[0].tensor}{even} over each window"


def _weight(e: Expr) -> bool:
    """Whether a factor is the cell's own entry, or a power of it."""
    read = e.left if isinstance(e, Pow) else e
    return isinstance(read, Entry) and all(i.name is not None for i in read.indices)


def _telling(parts: list[Factor]) -> list[Factor]:
    """The factors that are no guards and no numbers."""
    return [(f, n) for f, n in parts if not isinstance(f, (*GUARDS, Num, Val))]


def _at_windows(e: Entry, kind: str, bound: set[str]) -> bool:
    """Whether every index is a name that is not bound or a quotient of this kind, and one of them is a quotient."""
    quotients = [a for i in e.indices for a in i.atoms() if isinstance(a, Composite)]
    alone = all(
        (i.name or "") not in bound and (i.name is not None or any(i == atom_index(a) for a in quotients))
        for i in e.indices
    )
    return alone and bool(quotients) and all(a.kind == kind for a in quotients)
