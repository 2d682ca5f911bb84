"""What a derivative is where values meet is a choice, and a choice has an author: torch's, JAX's, a deck's.

A law says nothing about it: max(X, 0) has no derivative at 0. The engine's laws choose as torch does; `under` puts
another author's choice into a gradient, so that a formula or a kernel can be right under a convention that is named.

rule     where max(f, g) or min(f, g) meet                      rule    where cells of max[p] f(p) are equal
above    as if f were larger: relu'(0) = 1                      first   the first in row-major order has it all
below    as if f were smaller: relu'(0) = 0                     last    the last one has it all
mean     half of each: relu'(0) = 1/2                           split   they share it equally
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from derive.expressions.build import add, mul
from derive.expressions.expr import (
    Apply,
    Cases,
    Compare,
    Contract,
    Div,
    Entry,
    Expr,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Select,
    Winner,
    delta,
)
from derive.expressions.index import index
from derive.expressions.match import Unknowns, match
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names, reads, walk
from derive.laws.definitions import unfolder
from derive.laws.law import COTANGENT
from derive.operation import Op

MEETING = ("above", "below", "mean")
WINNING = ("first", "last", "split")
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the rules above, and what it comes to, in words."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Convention:
    """An author's choices by operation; about an operation that is not listed it says nothing."""

    name: str
    source: str
    choices: Mapping[str, Choice]

    def of(self, op: Op) -> Choice | None:
        """What it chooses for an operation."""
        return self.choices.get(op.name)


def _pools(rule: str, says: str) -> dict[str, Choice]:
    return {f"max_pool{n}d": Choice(rule, says) for n in (1, 2, 3)}


TORCH = Convention(
    "torch",
    "measured on torch 2.13",
    {
        "relu": Choice("below", "relu'(0) = 0"),
        "leaky_relu": Choice("below", "leaky_relu'(0) is the negative slope"),
        "prelu": Choice("below", "prelu'(0) is the learned slope"),
        "elu": Choice("below", "elu'(0) = alpha"),
        "abs": Choice("mean", "abs'(0) = 0"),
        "clamp": Choice("above", "clamp(min=0)'(0) = 1"),
        "maximum": Choice("mean", "where maximum(a, b) meet, each has 1/2"),
        "minimum": Choice("mean", "where minimum(a, b) meet, each has 1/2"),
        "amax": Choice("split", "equal maxima share the derivative equally"),
        **_pools("first", "of equal cells the first in row-major order has the whole derivative"),
    },
)
JAX = Convention(
    "JAX",
    "its documentation, and as measured for the decks",
    {
        "relu": Choice("below", "relu'(0) = 0"),
        "leaky_relu": Choice("above", "leaky_relu'(0) = 1"),
        "abs": Choice("above", "abs'(0) = 1"),
        "maximum": Choice("mean", "where maximum(a, b) meet, each has 1/2"),
    },
)
D1 = Convention(
    "deck D1",
    "S. Houben, Computer Vision: Shallow and Deep Neural Networks",
    {"relu": Choice("above", "ReLU'(0) = 1")},
)
CONVENTIONS: dict[str, Convention] = {c.name: c for c in (TORCH, JAX, D1)}


def speaking(op: Op) -> tuple[Convention, ...]:
    """The conventions that say something about an operation."""
    return tuple(c for c in CONVENTIONS.values() if c.of(op) is not None)


def under(op: Op, formula: Expr, convention: Convention) -> Expr:
    """A gradient's formula under a convention; the formula itself where the convention says nothing about `op`."""
    choice = convention.of(op)
    return formula if choice is None else by_rule(op, formula, choice.rule)


def by_rule(op: Op, formula: Expr, rule: str) -> Expr:
    """A gradient's formula with a rule of the table above for every max, min or maximum over an index in the law.

    Whatever rule the formula was made with, the guards that compare the two sides of a max or min of the law, and the
    winners, are those of the new one. Raises: ValueError for a word that is no rule.
    """
    if rule in WINNING:
        return _winners(op, _unfolded(op, formula), rule)
    if rule not in MEETING:
        raise ValueError(f"convention: got the rule {rule!r}, expected one of {', '.join(MEETING + WINNING)}")
    return _meetings(formula, tuple(_pairs(op)), rule)


def rules(op: Op) -> tuple[str, ...]:
    """The rules that change anything for an operation: those of its maxima."""
    nodes = [n for e in op.equations for n in walk(e.body)]
    chosen = any(isinstance(n, Select) for n in nodes)
    return (MEETING if any(_pairs(op)) else ()) + (WINNING if chosen else ())


def chooses_by_values(op: Op, *formulas: Expr) -> bool:
    """Whether a law, or a formula about it, chooses between values: a maximum, its winner, a comparison of data.

    Labels are no values: what is chosen by them has one derivative everywhere.
    """
    labels = {t.name for t in op.tensors if t.integer}
    return any(
        isinstance(n, Maximum | Minimum | Select | Winner)
        or (isinstance(n, Compare) and any(r.tensor not in labels for r in reads(n)))
        for e in (*formulas, *(e.body for e in op.equations))
        for n in walk(e)
    )


# -- where two values meet ---------------------------------------------------------------------------------------------

Pair = tuple[Compare, Unknowns]
Weighted = tuple[Fraction, Expr]


def _pairs(op: Op) -> Iterator[Pair]:
    """The two sides of every max, min and data condition of the law, the one that moves first, as patterns."""
    for e in op.equations:
        for node in walk(e.body):
            sides = node.condition if isinstance(node, Cases) else node
            if isinstance(sides, Maximum | Minimum) or (isinstance(sides, Compare) and sides.op in ("<", "<=")):
                f, g = sides.parts if any(True for _ in reads(sides.parts[0])) else sides.parts[::-1]
                if any(True for _ in reads(f)):
                    yield Compare("<", f, g), Unknowns(all_names(f) | all_names(g) | set(e.names))


def _meetings(e: Expr, pairs: tuple[Pair, ...], rule: str) -> Expr:
    if isinstance(e, Compare):
        return add(mul((Num(w), guard)) for w, guard in _weighted(e, pairs, rule))
    if isinstance(e, Cases):
        then, other = (_meetings(p, pairs, rule) for p in (e.then, e.other))
        return add(mul((Num(w), Cases(c, then, other))) for w, c in _weighted(e.condition, pairs, rule))
    if isinstance(e, Mul):
        # a false guard annihilates its product, so that the product is what is weighed
        options = [_weighted(f, pairs, rule) for f in e.items]
        return add(mul(f for w, guard in chosen for f in (Num(w), guard)) for chosen in product(*options))
    return e.with_parts(tuple(_meetings(p, pairs, rule) for p in e.parts)) if e.parts else e


def _weighted(e: Expr, pairs: tuple[Pair, ...], rule: str) -> list[Weighted]:
    """A guard as guards that say what counts where its sides are equal; anything else as it is."""
    if not isinstance(e, Compare):
        return [(Fraction(1), _meetings(e, pairs, rule))]
    larger = _side(e, pairs) if e.op in ("<", "<=") else None
    if larger is None:
        return [(Fraction(1), e)]
    strict, weak = (Compare(op, e.left, e.right) for op in ("<", "<="))
    if rule == "mean":
        return [(_HALF, strict), (_HALF, weak)]
    return [(Fraction(1), weak if (rule == "above") == larger else strict)]


def _side(e: Compare, pairs: tuple[Pair, ...]) -> bool | None:
    """Whether a guard asks that the side that moves be the larger one; None where it compares no two of the law."""
    for pattern, unknowns in pairs:
        if match(pattern, Compare("<", e.right, e.left), unknowns) is not None:
            return True
        if match(pattern, Compare("<", e.left, e.right), unknowns) is not None:
            return False
    return None


# -- where cells are equal ---------------------------------------------------------------------------------------------


def _unfolded(op: Op, e: Expr) -> Expr:
    """The formula with its named results written out: a winner may hide in one."""
    e = e.with_parts(tuple(_unfolded(op, p) for p in e.parts)) if e.parts else e
    return _unfolded(op, unfolder(op)(e)) if isinstance(e, Apply) else e


def _winners(op: Op, e: Expr, rule: str) -> Expr:
    e = e.with_parts(tuple(_winners(op, p, rule) for p in e.parts)) if e.parts else e
    if not isinstance(e, Winner) or rule == "first":
        return e
    return last_winner(e) if rule == "last" else shared(op, e)


def last_winner(w: Winner) -> Winner:
    """1 where `at` is the last tuple at which the maximum is attained: the first one, read from the end."""
    mirrored = {b.name: b.extent - 1 - index(b.name) for b in w.binders}
    at = tuple(b.extent - 1 - i for b, i in zip(w.binders, w.at, strict=True))
    return Winner(w.binders, substitute(w.body, mirrored), at)


def winning(op: Op, w: Winner) -> Expr:
    """1 where the cell at `at` is a maximum, whichever others are."""
    here = substitute(w.body, {b.name: i for b, i in zip(w.binders, w.at, strict=True)})
    return Mul((*_inside(op, here), Compare("==", here, Select(w.binders, w.body))))


def shared(op: Op, w: Winner) -> Expr:
    """The share of the cell at `at`: 1 divided by the number of maxima where it is one, else 0."""
    names = [b.name for b in w.binders]
    other = rename_bound(Contract(w.binders, w.body), names, all_names(w))
    assert isinstance(other, Contract)
    each = Winner(w.binders, w.body, tuple(index(b.name) for b in other.binders))
    return Div(winning(op, w), Contract(other.binders, winning(op, each)))


def untied(op: Op, wrt: str) -> Expr | None:
    """dE/dX[a] = sum[i,p] dE/dO[i]*[X[a]==O[i]]*[a==e(i,p)] of O[i] = max[p] X[e(i,p)]; None of any other law.

    It is the derivative where no two cells of a window are equal, whichever of equal ones an author prefers.
    """
    output, tensor = op.output, op.tensor(wrt)
    equation = op.equation(output.name)
    most = equation.body if equation is not None else None
    if not (isinstance(most, Select) and isinstance(most.body, Entry) and most.body.tensor == wrt):
        return None
    at, own = (tuple(index(b.name) for b in t.axes) for t in (output, tensor))
    product_of_reads = Mul((Entry(COTANGENT + output.name, at), Entry(output.name, at), most.body))
    clashing = [b.name for b in tensor.axes]
    named = rename_bound(Contract((*output.axes, *most.binders), product_of_reads), clashing, clashing)
    assert isinstance(named, Contract)
    cotangent, maximum, cell = named.body.parts
    assert isinstance(cell, Entry)
    here = (delta(i, a) for i, a in zip(cell.indices, own, strict=True))
    return Contract(named.binders, mul((cotangent, Compare("==", Entry(wrt, own), maximum), *here)))


def _inside(op: Op, body: Expr) -> tuple[Expr, ...]:
    """Guards that every read is in range: a cell outside is no candidate."""
    return tuple(
        InRange(i, b.extent)
        for read in dict.fromkeys(reads(body))
        for i, b in zip(read.indices, op.tensor(read.tensor).axes, strict=True)
    )
