"""Guards in products: a mask is multiplied in where the other factors always have a value, else it chooses.

Multiplying is many times faster than choosing; but 0 times an undefined quotient is not 0, and a false guard must be.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.expressions.build import total
from derive.expressions.expr import GUARDS, ONE, ZERO, Cases, Div, Entry, Expr, Fn, Mul, Num
from derive.expressions.traversal import reads, walk
from numeric.plans.build import Build
from numeric.plans.plan import Pad, Reduce, holds_truths


def product(build: Build, items: Iterable[Expr]) -> Expr:
    """The product of trees, flat, its number first; 0 where a guard is false, whatever the rest is there.

    Factors 1/r are put below one line, so that x and 1/r are divided once.
    """
    above: list[Expr] = []
    below: list[Expr] = []
    guards: list[Expr] = []
    for item in items:
        _collect(build, item, above, below, guards)
    numbers: list[Expr] = [f for f in above if isinstance(f, Num)]
    rest = _joined(numbers + [f for f in above if not isinstance(f, Num)])
    if below:
        rest = Div(rest, _joined(below))
    if not guards:
        return rest
    if not defined(build, rest):
        return Cases(_joined(guards), rest, ZERO)
    return _joined([*(rest.items if isinstance(rest, Mul) else (rest,)), *guards])


def _collect(build: Build, e: Expr, above: list[Expr], below: list[Expr], guards: list[Expr]) -> None:
    """Sort the factors of a tree; a guard above a line guards the whole quotient, and a choice against 0 is a guard."""
    if isinstance(e, Mul):
        for f in e.items:
            _collect(build, f, above, below, guards)
    elif isinstance(e, Div) and (e.left == ONE or _guarded(build, e.left)):
        _collect(build, e.left, above, below, guards)
        below.append(e.right)
    elif isinstance(e, Cases) and e.other == ZERO:
        _collect(build, e.condition, above, below, guards)
        _collect(build, e.then, above, below, guards)
    elif is_mask(build, e):
        guards.append(e)
    elif e != ONE:
        above.append(e)


def _guarded(build: Build, e: Expr) -> bool:
    if isinstance(e, Mul | Div):
        return any(_guarded(build, f) for f in (e.items if isinstance(e, Mul) else (e.left,)))
    if isinstance(e, Cases):
        return e.other == ZERO
    return is_mask(build, e)


def _joined(factors: list[Expr]) -> Expr:
    flat = [f for f in factors if f != ONE]
    return flat[0] if len(flat) == 1 else Mul(tuple(flat)) if flat else ONE


def is_mask(build: Build, e: Expr) -> bool:
    """Whether a tree is true or false."""
    return isinstance(e, GUARDS) or (isinstance(e, Entry) and holds_truths(build.made_by, e.tensor))


def defined(build: Build, e: Expr) -> bool:
    """Whether a tree is a finite number whatever finite inputs are, but for sums and products that overflow.

    Nothing in it, or in what it reads, is divided by data, is an exponential, or is a maximum that may have no cell.
    """
    if not total(e) or any(isinstance(n, Fn) and n.name == "exp" for n in walk(e)):
        return False
    for r in reads(e):
        made = build.made_by(r.tensor)
        if made is not None:
            if (isinstance(made, Pad) and made.fill == "lowest") or (isinstance(made, Reduce) and _may_be_empty(made)):
                return False
            body = getattr(made, "body", None)
            bodies = [body] if isinstance(body, Expr) else [Entry(s, ()) for s in made.sources]
            if not all(defined(build, b) for b in bodies):
                return False
    return True


def _may_be_empty(made: Reduce) -> bool:
    return made.kind == "max" and bool(made.where)
