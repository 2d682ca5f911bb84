"""The law of division undone: where a bracket says that s divides a, s*(a/s) is a."""

from __future__ import annotations

from derive.expressions.build import factors, product
from derive.expressions.expr import Expr, InRange, Select, Winner
from derive.expressions.index import Composite, Index, atom_index
from derive.expressions.traversal import binders_of, map_all_indices, walk
from derive.laws.law import Site, law


@law("undo a division", "[0<=a/s<I]*f(s*(a/s)) = [0<=a/s<I]*f(a): the bracket is 0 where s does not divide a")
def undo(node: Expr, site: Site) -> Expr | None:
    """A quotient goes from an index and none comes, so it ends. What a maximum ranges over keeps its form."""
    parts = factors(node)
    for guard, n in parts:
        quotient = _exact(guard) if n > 0 else None
        if quotient is not None:
            changed = [(e if e == guard else _without(e, quotient), exponent) for e, exponent in parts]
            if changed != parts:
                return product(changed)
    return None


def _exact(e: Expr) -> Composite | None:
    """The quotient of `[0<=a/s<I]`."""
    atoms = list(e.index.atoms()) if isinstance(e, InRange) else []
    alone = len(atoms) == 1 and isinstance(e, InRange) and e.index == Index((((atoms[0],), 1),))
    match atoms:
        case [Composite("exact") as quotient] if alone:
            return quotient
    return None


def _without(e: Expr, quotient: Composite) -> Expr:
    """An expression in which every index s*(a/s) + r is a + r."""
    bound = {b.name for n in walk(e) for b in binders_of(n)}
    if bound & atom_index(quotient).names() or any(isinstance(n, Select | Winner) for n in walk(e)):
        return e
    return map_all_indices(e, lambda i: _undone(i, quotient))


def _undone(i: Index, quotient: Composite) -> Index:
    times = [(tuple(a for a in m if a != quotient), c) for m, c in i.terms if quotient in m]
    if Index(tuple(times)) != quotient.divisor:
        return i
    return quotient.dividend + (i - quotient.divisor * atom_index(quotient))


DIVISION = (undo,)
