"""Guards in products: a mask is multiplied in where the other factors always have a value, else it chooses.

Multiplying is many times faster than choosing; but 0 times an undefined quotient is not 0, and a false guard must be.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.build import total
from derive.expr import GUARDS, ONE, ZERO, Cases, Entry, Expr, Mul, Num
from derive.traversal import reads
from numeric.build import Build
from numeric.plan import Map, Wins


def product(build: Build, items: Iterable[Expr]) -> Expr:
    """The product of trees, flat, its number first; 0 where a guard is false, whatever the rest is there."""
    flat = [f for item in items for f in (item.items if isinstance(item, Mul) else (item,)) if f != ONE]
    guards = [f for f in flat if is_mask(build, f)]
    rest: list[Expr] = [f for f in flat if isinstance(f, Num)]
    rest += [f for f in flat if not isinstance(f, Num) and not is_mask(build, f)]
    if guards and not all(defined(build, f) for f in rest):
        return Cases(_joined(guards), _joined(rest), ZERO)
    return _joined([*rest, *guards])


def _joined(factors: list[Expr]) -> Expr:
    return factors[0] if len(factors) == 1 else Mul(tuple(factors))


def is_mask(build: Build, e: Expr) -> bool:
    """Whether a tree is true or false."""
    return isinstance(e, GUARDS) or (isinstance(e, Entry) and isinstance(build.made_by(e.tensor), Wins))


def defined(build: Build, e: Expr) -> bool:
    """Whether a tree has a value whatever the inputs are: nothing in it, or in what it reads, is divided by data."""
    if not total(e):
        return False
    for r in reads(e):
        made = build.made_by(r.tensor)
        if made is not None:
            bodies = [made.body] if isinstance(made, Map) else [Entry(s, ()) for s in made.sources]
            if not all(defined(build, b) for b in bodies):
                return False
    return True
