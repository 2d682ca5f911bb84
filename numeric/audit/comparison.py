"""Two formulas for one tensor: refuted by the smallest witness, or proved equal for all sizes, or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from derive.errors import NotDerived
from derive.expressions.build import add, div, negate
from derive.expressions.expr import ONE, Apply, Binder, Compare, Contract, Entry, Expr, Fn, Maximum, Minimum
from derive.expressions.index import ZERO, Index, atom_index
from derive.expressions.match import Unknowns, match
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, reads, walk
from derive.laws.definitions import unfolder
from derive.lazy import LazyModule
from derive.meaning.denote import World
from derive.meaning.small_sizes import Sizes, cost, fitted
from derive.operation import Op
from derive.rational import rationally_equal
from derive.rewrite import run
from derive.sweep import STAGES
from numeric.audit.canonical import canonical, same
from numeric.audit.sides import Difference, Sides
from numeric.audit.small_worlds import bare, fractional, generic, growing, least_sizes, special, telling, told
from numeric.audit.verdict import REFUTED, UNDECIDED, VERIFIED, Verdict, Witness
from numeric.proof.hypotheses import Facts
from numeric.proof.reals import as_meant

if TYPE_CHECKING:
    from numeric import prove
else:
    prove = LazyModule("numeric.prove")  # what the laws prove needs no solver

SMALLER, FEW = 2500, 15
"""Sizes tried for a smaller witness than the one in hand, and before a proof is tried."""

STEPS, INDICES, ALGEBRA, FUNCTIONS, BRANCHES, NUMBERS = (
    "1 steps",
    "2 indices",
    "3 algebra",
    "4 exp, log",
    "5 branches",
    "tested",
)
SIGMOID = "sigmoid"
MOST = 1_000_000
"""Of a counterexample that is confirmed, the multiplications at most."""
Worlds = Callable[[Op, Mapping[str, int]], Iterator[World]]


def compare(op: Op, axes: tuple[Binder, ...], got: Expr, expected: Expr, hypotheses: tuple[Expr, ...] = ()) -> Verdict:
    """Whether two formulas with the free indices `axes` are equal wherever the guards `hypotheses` hold.

    Refuted by exact numbers at the smallest sizes that were found; proved for all sizes by the engine's own laws, then
    by `numeric.prove`; else undecided. Raises: OperationError where no small sizes fit the operation.
    """
    sides = _sides(op, axes, got, expected, hypotheses)
    held = sides.op
    witness, layer, tried = _refuted(sides)
    if witness is not None:
        return Verdict(REFUTED, witness=witness, layer=layer)
    if same(_normal(held, axes, sides.got), _normal(held, axes, sides.expected)):
        return Verdict(VERIFIED, layer=STEPS, reason="proved for all sizes, by the laws of derivations")
    return (
        _solved(sides, tuple(h for h in hypotheses if not any(True for _ in reads(h))))
        or _rational(sides)
        or Verdict(UNDECIDED, layer=NUMBERS, reason=f"no difference on {tried} sizes; not proved for all")
    )


def unfolded(op: Op, e: Expr) -> Expr:
    """The expression with its named results written out, and with exponentials for sigmoid where the law has them.

    Conditions on real numbers are read as such.
    """
    parts = tuple(unfolded(op, p) for p in e.parts)
    e = as_meant(op, e.with_parts(parts) if parts else e)
    if isinstance(e, Fn) and e.name == SIGMOID and not _has(op, SIGMOID):
        return div(ONE, add((ONE, Fn("exp", negate(e.arg)))))
    return unfolded(op, unfolder(op)(e)) if isinstance(e, Apply) else e


def _has(op: Op, function: str) -> bool:
    return any(isinstance(n, Fn) and n.name == function for e in op.equations for n in walk(e.body))


# -- refutation --------------------------------------------------------------------------------------------------------


def _refuted(sides: Sides) -> tuple[Witness | None, str, int]:
    """The smallest witness of a difference and the layer that found it; without one, at how many sizes there is none.

    Numbers that are all different come first: what differs only at zeros and ties is a matter of convention.
    """
    known = _telling_difference(sides)
    if known is not None:
        sizes, kind = known
        found = _smallest(sides, sizes, kind)
        return sides.witness(found), _layer(found, kind), 0
    smallest, tried = _among_growing(sides)
    return (sides.witness(smallest), ALGEBRA, tried) if smallest else (None, "", tried + len(telling(sides.op)))


def _telling_difference(sides: Sides) -> tuple[Sizes, Worlds] | None:
    """Sizes that expose mistakes and the kind of numbers at which the two differ; None where no tensor is read."""
    kinds = (generic, fractional, special) if _chooses(sides) else (generic, special)
    for kind in kinds if sides.reading else ():
        for sizes, worlds in told(sides.op, kind):
            if sides.differ(worlds):
                return sizes, kind
    return None


def _chooses(sides: Sides) -> bool:
    """Whether one of the two compares what it reads."""
    nodes = (n for e in (sides.got, sides.expected) for n in walk(e))
    return any(isinstance(n, Compare | Maximum | Minimum) and any(True for _ in reads(n)) for n in nodes)


def differ(op: Op, axes: tuple[Binder, ...], got: Expr, expected: Expr, hypotheses: tuple[Expr, ...] = ()) -> bool:
    """Whether `compare` would refute the claim: the same numbers, but no smallest witness is looked for."""
    sides = _sides(op, axes, got, expected, hypotheses)
    return _telling_difference(sides) is not None or _among_growing(sides)[0] is not None


def _sides(op: Op, axes: tuple[Binder, ...], got: Expr, expected: Expr, hypotheses: tuple[Expr, ...]) -> Sides:
    held = replace(op, require=(*op.require, *hypotheses)) if hypotheses else op
    return Sides(held, axes, unfolded(op, got), unfolded(op, expected))


def _among_growing(sides: Sides) -> tuple[Difference | None, int]:
    """The first difference at sizes that grow from the least, and how many were tried: more where no tensor is read."""
    kind, most = (generic, FEW) if sides.reading else (bare, FEW if sides.axes else SMALLER)
    tried = 0
    for sizes in islice(growing(sides.op, None if sides.reading else sides.symbols), most):
        tried += 1
        if found := sides.differ(kind(sides.op, sizes)):
            return found, tried
    return None, tried


def agree(op: Op, axes: tuple[Binder, ...], a: Expr, b: Expr) -> bool:
    """Whether no difference was found at the sizes that expose mistakes: where one has a value, so has the other."""
    both = (Sides(op, axes, a, b), Sides(op, axes, b, a))
    if not both[0].reading:
        return _among_growing(both[0])[0] is None
    worlds = [world for kind in (generic, special) for _, found in told(op, kind) for world in found]
    return not any(sides.differ(worlds) for sides in both)


def _smallest(sides: Sides, known: Sizes, kind: Worlds) -> Difference:
    """The first difference among growing sizes, as far as they are tried; else at the known ones, lowered."""
    known = _lowered(sides, known, kind)
    for sizes in islice(growing(sides.op), SMALLER):
        if _above_least(sides.op, sizes) > _above_least(sides.op, known):
            break
        if found := sides.differ(kind(sides.op, sizes)):
            return found
    last = sides.differ(kind(sides.op, known))
    assert last is not None
    return last


def _lowered(sides: Sides, known: Sizes, kind: Worlds) -> Sizes:
    """Sizes at which the two still differ, none of which can be lowered by itself."""
    least = least_sizes(sides.op)
    names = iter(least)
    while (name := next(names, None)) is not None:
        for value in range(least[name], known[name]):
            sizes = fitted(sides.op, {n: known[n] for n in least} | {name: value})
            if sizes is not None and sides.differ(kind(sides.op, sizes)):
                known, names = sizes, iter(least)
                break
    return known


def _above_least(op: Op, sizes: Sizes) -> int:
    return sum(sizes[n] - low for n, low in least_sizes(op).items())


def _layer(found: Difference, kind: Worlds) -> str:
    if kind is special:
        return BRANCHES
    return ALGEBRA if isinstance(found.expected, int) and isinstance(found.got, int) else FUNCTIONS


# -- proof -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _normal(op: Op, axes: tuple[Binder, ...], e: Expr) -> Expr:
    """The last line that the engine's laws lead to, or the line itself where they do not end."""
    try:
        steps = list(run(e, STAGES, op, axes))
    except NotDerived:
        return e
    return steps[-1].after if steps else e


def _solved(sides: Sides, hypotheses: tuple[Expr, ...]) -> Verdict | None:
    """A proof by `numeric.prove`, or its counterexample if exact numbers confirm it; None where it finds none."""
    try:
        found = prove.equal(sides.op, sides.axes, sides.got, sides.expected, hypotheses)
    except ImportError:
        return None
    if isinstance(found, prove.Proved):
        further = (h for h in found.hypotheses if h not in _required(sides.op))
        return Verdict(VERIFIED, layer=INDICES, reason="proved for all sizes, by z3").under(*further)
    return _confirmed(sides, found.sizes) if isinstance(found, prove.Counterexample) else None


def _required(op: Op) -> tuple[str, ...]:
    """What an operation requires of its sizes and labels, as a proof tells it."""
    labels = (Entry(t.name, (ZERO,) * len(t.axes)) for t in op.tensors if t.integer)
    return Facts(op).told((*op.require, *labels))


def _confirmed(sides: Sides, found: Mapping[str, int]) -> Verdict | None:
    """The verdict that the two differ at these sizes, no extent being 0, where they do in exact numbers."""
    sizes = fitted(sides.op, {n: max(found.get(n, low), low) for n, low in least_sizes(sides.op).items()})
    if sizes is None or cost(sides.op, sizes) > MOST:
        return None
    for kind in (generic, special):
        if difference := sides.differ(kind(sides.op, sizes)):
            return Verdict(REFUTED, witness=sides.witness(difference), layer=BRANCHES if kind is special else INDICES)
    return None


def _rational(sides: Sides) -> Verdict | None:
    """A proof that both sides are one rational function, with computed tensors as variables or written out."""
    op, axes = sides.op, sides.axes
    extents = {b.name: b.extent for b in axes}
    for out, first in ((False, True), (True, False), (True, True)):
        got, expected = (_normal(op, axes, e) if first else e for e in (sides.got, sides.expected))
        if out:
            got, expected = written_out(op, got), written_out(op, expected)
        if rationally_equal(got, expected, canonical, extents, assumed_to_be_one(op)):
            return Verdict(VERIFIED, layer=FUNCTIONS, reason="proved for all sizes, as one rational function")
    return None


def assumed_to_be_one(op: Op) -> Callable[[Expr], bool]:
    """Whether a sum is one that the operation requires to be 1, as that of probabilities."""
    sums = [g.left for g in op.require if isinstance(g, Compare) and g.op == "==" and g.right == ONE]
    patterns = [(s, Unknowns(free_names(s) - op.symbols)) for s in sums if isinstance(s, Contract)]
    return lambda e: any(match(s, e, unknowns) is not None for s, unknowns in patterns)


def written_out(op: Op, e: Expr) -> Expr:
    """The expression with computed tensors by their equations, down to inputs."""
    e = e.with_parts(tuple(written_out(op, p) for p in e.parts)) if e.parts else e
    equation = op.equation(e.tensor) if isinstance(e, Entry) else None
    if equation is None or not isinstance(e, Entry) or not all(_in_range(op, i) for i in e.indices):
        return e  # at an index that is computed an entry may be out of range, and its equation not be 0 there
    return written_out(op, substitute(equation.body, dict(zip(equation.names, e.indices, strict=True))))


def _in_range(op: Op, i: Index) -> bool:
    """Whether an index is a name, a number, or a label of those that all count."""
    labels = [a for a in i.atoms() if isinstance(a, Entry) and op.tensor(a.tensor).integer]
    label = bool(labels) and i == atom_index(labels[0]) and not Facts(op).spared
    return label or i.name is not None or i.constant is not None
