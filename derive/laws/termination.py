"""Why every stage of a derivation ends: quantities of a line that its laws make smaller, first things first.

A stage has measures in an order. Each of its laws makes one of them smaller at every move and none before it larger, so
the list of their values falls in lexicographic order, and a list of natural numbers cannot fall for ever. Fuel
(`derive.rewrite.Fuel`) is the net below, for laws that somebody writes without such an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from derive.expressions.build import factors, negative
from derive.expressions.expr import (
    ONE,
    ZERO,
    Add,
    Cases,
    Compare,
    Contract,
    D,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Mul,
    Num,
)
from derive.expressions.index import Composite, is_exact
from derive.expressions.traversal import own_indices, walk
from derive.laws.naming import backwards
from derive.operation import Op


@dataclass(frozen=True, slots=True)
class Measure:
    """A natural number that a line has, what it counts in words, and the laws that make it smaller."""

    counts: str
    of: Callable[[Expr, Op], int]
    laws: tuple[str, ...]


# -- differentiate and contract ----------------------------------------------------------------------------------------


def derivatives(line: Expr, op: Op) -> int:
    """The work that all d/dX together still have to do."""
    return sum(_work(n.expr, n.wrt.tensor, op) for n in walk(line) if isinstance(n, D))


def _work(e: Expr, tensor: str, op: Op) -> int:
    """The nodes of an expression, each read of an equation counted as what it stands for."""
    equation = op.equation(e.tensor) if isinstance(e, Entry) and e.tensor != tensor else None
    inner = (equation.body,) if equation is not None else e.parts
    return 1 + sum(_work(p, tensor, op) for p in inner)


def weight(line: Expr, op: Op) -> int:
    """A product weighs the product of its factors, a sum of terms 2 a term more than they do, a sum twice its body.

    So it weighs less to multiply out, a*(b + c) against a*b + a*c, and less to move a sum outwards, and a delta weighs
    more than the range that it leaves.
    """
    if isinstance(line, Num):
        return 1 if line == ONE else 2
    if isinstance(line, Compare | InRange | Divides):
        return {Compare: 5, Divides: 4, InRange: 3}[type(line)]
    if isinstance(line, Add):
        return 2 * len(line.items) + sum(weight(t, op) for t in line.items)
    if isinstance(line, Contract):
        return 1 + 2 * weight(line.body, op)
    found = factors(line)
    if found == [(line, 1)]:
        return 2 + sum(weight(p, op) for p in line.parts)
    numbers = any(isinstance(f, Num) and f != ONE for f, _ in found)
    return (1 + numbers) * prod(int(weight(f, op) ** abs(n)) for f, n in found if not isinstance(f, Num))


def choices(line: Expr, op: Op) -> int:
    """Choices between a value and 0."""
    return sum(isinstance(n, Cases) and n.other == ZERO for n in walk(line))


def exact_quotients(line: Expr, op: Op) -> int:
    """Exact quotients in indices."""
    found = (a for n in walk(line) for i in own_indices(n) for a in i.atoms())
    return sum(map(is_exact, found))


def divided_in_deltas(line: Expr, op: Op) -> int:
    """Quotients and rests that deltas ask for."""
    deltas = (n for n in walk(line) if isinstance(n, Compare) and n.op == "==")
    found = (a for n in deltas for side in n.parts for i in own_indices(side) for a in i.atoms())
    return sum(isinstance(a, Composite) and a.kind in ("floor", "mod") for a in found)


# -- write it down -----------------------------------------------------------------------------------------------------


def completable(line: Expr, op: Op) -> int:
    """Products f/(c + f)^n that repeat a term of their own denominator."""
    return sum(_repeats(n) for n in walk(line) if isinstance(n, Mul | Div))


def _repeats(e: Expr) -> bool:
    parts = factors(e)
    sums = [base.items for base, n in parts if n < -1 and isinstance(base, Add)]
    return any(f in terms for f, n in parts if n == 1 and not isinstance(f, Num) for terms in sums)


def nodes(line: Expr, op: Op) -> int:
    """Nodes, products aside: how factors are grouped does not count."""
    return sum(not isinstance(n, Mul) for n in walk(line))


def under_sums(line: Expr, op: Op) -> int:
    """Nodes under a sum over indices, once for each sum that they are under."""
    return sum(nodes(n.body, op) for n in walk(line) if isinstance(n, Contract))


def quotients(line: Expr, op: Op) -> int:
    """Quotients among the factors of a product, a number in front left out."""
    return sum(
        sum(isinstance(f, Div) for f in n.items) for n in walk(line) if isinstance(n, Mul) and not _is_one_quotient(n)
    )


def _is_one_quotient(e: Mul) -> bool:
    return len(e.items) == 2 and isinstance(e.items[0], Num) and isinstance(e.items[1], Div)


def minus_signs(line: Expr, op: Op) -> int:
    """Terms and products that begin with a minus sign."""
    return sum(negative(n) for n in walk(line))


def reads_that_turn(line: Expr, op: Op) -> int:
    """Indices of reads that fall as an index in force grows."""
    found = (i for n in walk(line) if isinstance(n, Entry) for i in n.indices)
    return sum(any(c < 0 and {a for a in m if isinstance(a, str)} - op.symbols for m, c in i.terms) for i in found)


# -- name it -----------------------------------------------------------------------------------------------------------


def read_backwards(line: Expr, op: Op) -> int:
    """Indices of sums along which one tensor is read backwards and another by the bare index."""
    return sum(len(backwards(n)) for n in walk(line) if isinstance(n, Contract))


def plain_reads(line: Expr, op: Op) -> int:
    """Reads of tensors, those of named results left out."""
    return sum(isinstance(n, Entry) for n in walk(line))


# -- a shift cancels ---------------------------------------------------------------------------------------------------


def expansions(line: Expr, op: Op) -> int:
    """The nodes that reads of equations stand for."""
    return sum(_work(n, "", op) - 1 for n in walk(line) if isinstance(n, Entry))


def mixed_exponents(line: Expr, op: Op) -> int:
    """Exponentials of sums in which some terms have a minus sign and some have none."""
    sums = [n.arg.items for n in walk(line) if isinstance(n, Fn) and n.name == "exp" and isinstance(n.arg, Add)]
    return sum(len({negative(t) for t in terms}) == 2 for terms in sums)


def under_logarithms(line: Expr, op: Op) -> int:
    """Nodes under a logarithm, once for each that they are under."""
    return sum(nodes(n.arg, op) for n in walk(line) if isinstance(n, Fn) and n.name == "log")


# -- the stages --------------------------------------------------------------------------------------------------------

CALCULUS = (
    "independent", "definition", "linearity", "constant factor", "power rule", "product rule", "quotient rule",
    "chain rule", "maximum", "selection", "cases", "same tensor",
)  # fmt: skip
DELTAS = ("mixed radix", "divide with a rest", "contract a delta", "range", "labels", "zero outside")
ALGEBRA = ("merge sums", "distribute", "deviations", *DELTAS)

DERIVING = (
    Measure("nodes, equations written out, that d/dX still has to go through", derivatives, CALCULUS),
    Measure("choices between a value and 0", choices, ("zero branch",)),
    Measure("the weight of products, sums and deltas", weight, ALGEBRA),
    Measure("exact quotients", exact_quotients, ("undo a division", "clear a quotient")),
    Measure("quotients and rests in deltas", divided_in_deltas, ("block by block",)),
)
PRESENTING = (
    Measure("products that repeat a term of their denominator", completable, ("complete the denominator",)),
    Measure("nodes under sums", under_sums, ("pull out",)),
    # a delta or guard that comes to light goes; what was merged or multiplied out is left so by the laws of this stage
    Measure("nodes", nodes, ("fold", "factor out", "zero branch", *DELTAS)),
    Measure("quotients among factors", quotients, ("one quotient",)),
    Measure("minus signs", minus_signs, ("factor out",)),
    Measure("exact quotients", exact_quotients, ("whole windows",)),
    Measure("reads that turn", reads_that_turn, ("whole windows",)),
)
NAMING = (
    Measure("nodes", nodes, ("hypothesis", "name")),
    Measure("indices that are read backwards", read_backwards, ("reverse",)),
    Measure("reads without a name", plain_reads, ("introduce",)),
)
SHIFTING = (
    Measure("nodes that equations stand for", expansions, ("unfold",)),
    Measure("exponentials of differences", mixed_exponents, ("exponential",)),
    Measure("nodes under sums", under_sums, ("pull out",)),
    Measure("nodes under logarithms", under_logarithms, ("logarithm",)),
    Measure("nodes", nodes, ("cancel",)),
)
STAGES = (DERIVING, PRESENTING, NAMING)
"""What falls, in lexicographic order, in each stage of `derive.sweep`; of `derive.laws.stability` it is SHIFTING."""


def falls(law: str, before: Expr, after: Expr, stage: tuple[Measure, ...], op: Op) -> bool:
    """Whether a move makes a measure of its law smaller, and the first of all measures that it changes."""
    values = [(measure, measure.of(before, op), measure.of(after, op)) for measure in stage]
    first = next((new < old for _, old, new in values if new != old), False)
    return first and any(new < old for measure, old, new in values if law in measure.laws)
