"""The index relations of a derivation: deltas, formula and named result say the same, and inverses are inverses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.derivation import Derivation
from derive.expressions.build import integral
from derive.expressions.expr import ONE, Binder, Compare, D, Expr, Num, Val
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.traversal import binders_of, walk
from derive.language.show import show, show_index
from derive.laws.law import HYPOTHESIS
from numeric.proof.equality import Claim
from numeric.proof.from_law import is_polynomial, of_the_law
from numeric.proof.implication import implied
from numeric.proof.obligation import INVERSE, RELATION, Obligation
from numeric.proof.verdict import Outcome, Proved


def relations(d: Derivation) -> Iterator[Obligation]:
    """Forward relation against gather form, gather form against named result, and every solved delta."""
    forward = next(line for line in d.lines if not any(isinstance(n, D) for n in walk(line)))
    yield Obligation(RELATION, f"the deltas of {d.target.tensor} and its formula relate the same indices",
                     Claim(d.op, d.axes, forward, d.formula).outcome())  # fmt: skip
    if is_polynomial(d.op, d.wrt.name):
        said = f"the formula of {d.target.tensor} is the derivative of the law, read off its products"
        yield Obligation(RELATION, said, of_the_law(d, forward).outcome())
    if d.result != d.formula:
        yield Obligation(RELATION, f"the formula of {d.target.tensor} is {d.name or 'what it is called'}", _named(d))
    yield from inverses(d, forward)


def _named(d: Derivation) -> Outcome:
    """The last line against the formula, with what hypotheses on data make 1 put in: they are told in the verdict."""
    assumed = [s for s in d.steps if s.law == HYPOTHESIS]
    explicit = assumed[-1].after if assumed else d.formula
    found = Claim(d.op, d.axes, explicit, d.result).outcome()
    if not assumed or not isinstance(found, Proved):
        return found
    return Proved((*found.hypotheses, *(show(Compare("==", h, ONE)) for h in d.op.hypotheses)))


def inverses(d: Derivation, forward: Expr) -> Iterator[Obligation]:
    """[s*i + r == h] says of i that it is (h - r)/s, and nothing else, wherever a delta is solved for a bound index."""
    seen = set()
    for guard, free in _deltas(forward, d.axes):
        for name, value in _solutions(guard, {b.name for b in free} - {b.name for b in d.axes}):
            said = f"{show(guard)} = [{name}=={show_index(value)}]"
            if said not in seen:
                seen.add(said)
                yield Obligation(INVERSE, said, bijective(d, free, guard, name, value))


def bijective(d: Derivation, free: Sequence[Binder], guard: Expr, name: str, value: Index) -> Outcome:
    """Whether a delta holds exactly where an index has a value."""
    solved = Compare("==", Val(index(name)), Val(value))
    there = implied(d.op, free, (guard,), (solved,))
    back = implied(d.op, free, (solved,), (guard,))
    return there if not isinstance(there, Proved) else back


def _deltas(e: Expr, free: tuple[Binder, ...]) -> Iterator[tuple[Compare, tuple[Binder, ...]]]:
    """Every equation between indices, with the indices in force."""
    if isinstance(e, Compare) and e.op == "==" and all(isinstance(p, Val | Num) for p in e.parts):
        yield e, free
    names = {b.name for b in binders_of(e)}
    inner = (*(b for b in free if b.name not in names), *binders_of(e))
    for part in e.parts:
        yield from _deltas(part, inner)


def _solutions(guard: Compare, bound: set[str]) -> Iterator[tuple[str, Index]]:
    """name and value for every bound index that enters linearly, where it is not plain what it is."""
    left, right = (_side(p) for p in guard.parts)
    if left.name is not None and right.name is not None:
        return
    zero = _cleared(left, right)
    for name in sorted(zero.names() & bound):
        parts = zero.split(name)
        if parts is not None and parts[0].terms and integral(parts[0]) and integral(parts[1]):
            yield name, divide("exact", -parts[1] * _sign(parts[0]), parts[0] * _sign(parts[0]))


def _side(e: Expr) -> Index:
    assert isinstance(e, Val | Num)
    return e.index if isinstance(e, Val) else index(int(e.value))


def _cleared(left: Index, right: Index) -> Index:
    """What is 0 where two indices are equal: a - s*b for a/s and b."""
    for a, b in ((left, right), (right, left)):
        match a.terms:
            case ((((Composite("exact", dividend, divisor),)), 1),):
                return dividend - divisor * b
    return left - right


def _sign(slope: Index) -> int:
    return -1 if all(c < 0 for _, c in slope.terms) else 1
