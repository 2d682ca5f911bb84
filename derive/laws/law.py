"""What a law is: a named equality with its statement, a function from a node to what it equals, and its conditions.

What each law makes smaller, so that rewriting ends, stands in `derive.laws.termination`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.expressions.expr import Binder, Div, Expr, Mul, Pow
from derive.expressions.index import Index
from derive.expressions.traversal import binders_of
from derive.operation import Op


@dataclass(frozen=True, slots=True)
class Condition:
    """A side condition: what must hold and why it does.

    `kind` is "range" (a dropped guard, with a witness that adds up to its two bounds), "positive" (a divisor that is at
    least 1), "hypothesis" (assumed, and said so) or "convention" (which derivative counts at a kink).
    `witness` holds, for a range, the two lists of products (coefficient, factors) whose sums are the bounds.
    """

    kind: str
    statement: str
    about: tuple[Index, ...] = ()
    witness: tuple[tuple[tuple[int, tuple[str, ...]], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """Where a law is tried: the operation, the result's free indices, the binders in force.

    `factor` says that the node is a factor of a larger product: what it is guarded by may guard its neighbours too.
    """

    op: Op
    free: tuple[Binder, ...]
    binders: tuple[Binder, ...]
    factor: bool = False

    def inside(self, parent: Expr) -> Site:
        """The site of a part of `parent`, which stands here."""
        return Site(self.op, self.free, self.binders + binders_of(parent), isinstance(parent, Mul | Div | Pow))

    def extent(self, name: str) -> Index | None:
        """The extent of an index in force, the innermost one of that name."""
        return next((b.extent for b in reversed((*self.free, *self.binders)) if b.name == name), None)

    @property
    def names(self) -> frozenset[str]:
        """The indices in force."""
        return frozenset(b.name for b in (*self.free, *self.binders))

    def axes(self, tensor: str) -> tuple[Binder, ...]:
        """The axes of a tensor of the operation, or of the cotangent `dE/dX` of one."""
        return self.op.tensor(tensor.removeprefix(COTANGENT)).axes

    def minimum(self, name: str) -> int | None:
        """The least value of a parameter or extent, or None for a real parameter."""
        for p in self.op.parameters:
            if p.name == name:
                return None if p.real else p.minimum
        return 0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What a law makes of a node, and on which conditions."""

    after: Expr
    conditions: tuple[Condition, ...] = ()


COTANGENT = "dE/d"
"""How the name of a cotangent begins: dE/dO is one name."""

HYPOTHESIS, NAMING_STAGE = "hypothesis", "naming"
Rule = Callable[[Expr, Site], "Rewrite | Expr | None"]


@dataclass(frozen=True, slots=True)
class Law:
    """A registered law."""

    name: str
    statement: str
    rule: Rule
    stage: str = ""

    def __call__(self, node: Expr, site: Site) -> Rewrite | None:
        found = self.rule(node, site)
        if found is None or isinstance(found, Rewrite):
            return found
        return None if found == node else Rewrite(found)


LAWS: dict[str, Law] = {}


def law(name: str, statement: str, stage: str = "") -> Callable[[Rule], Law]:
    """Register a function as a law under its name, with its statement in notation; `stage` groups the naming laws."""

    def register(rule: Rule) -> Law:
        if name in LAWS:
            raise ValueError(f"law {name!r} is registered twice")
        LAWS[name] = Law(name, statement, rule, stage)
        return LAWS[name]

    return register
