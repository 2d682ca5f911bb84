"""Does a condition on integers follow from others, for all sizes; and if not, where does it fail first?"""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.expr import Binder, Expr, InRange
from derive.expressions.index import index
from derive.expressions.traversal import free_names
from derive.operation import Op
from numeric.proof import solver
from numeric.proof.hypotheses import Facts
from numeric.proof.verdict import Counterexample, Outcome, Outside, Proved, Unknown


def implied(
    op: Op, indices: Sequence[Binder], given: Sequence[Expr], then: Sequence[Expr], hypotheses: Sequence[Expr] = ()
) -> Outcome:
    """Whether all of `then` hold wherever `given` does and the indices are in their ranges, for all sizes.

    Assumed are what the operation requires of its sizes, and the hypotheses; the verdict tells those that matter.
    """
    ranges = tuple(InRange(index(b.name), b.extent) for b in indices)
    facts = Facts(op, ranges, tuple(hypotheses))
    try:
        for guard in then:
            found = _one(facts, tuple(given), guard)
            if found is not None:
                return found
    except Outside as reason:
        return Unknown(str(reason))
    return Proved(facts.told((*given, *then)))


def _one(facts: Facts, given: tuple[Expr, ...], then: Expr) -> Outcome | None:
    """None where it follows."""
    if solver.follows(facts, (*_about(facts, (*given, then)), *given), then) == solver.YES:
        return None
    return _failing(facts, given, then)


def _about(facts: Facts, guards: Sequence[Expr]) -> tuple[Expr, ...]:
    names = {n for g in guards for n in free_names(g)}
    return tuple(r for r in facts.ranges if free_names(r) & names)


def _failing(facts: Facts, given: tuple[Expr, ...], then: Expr) -> Outcome:
    ranges = _about(facts, (*given, then))
    names = sorted({n for g in (*ranges, *given, then) for n in free_names(g)} - facts.op.symbols)

    def fails(t: solver.Translation) -> solver.Z3:
        return t.all([*map(t.guard, (*ranges, *given)), t.no(t.guard(then))])

    used = {n for g in (*ranges, *given, then, *facts.assumed) for n in free_names(g)}
    sized = used | {n for symbol, size in facts.op.sizes if symbol in used for n in size.names()}
    sizes = sorted(sized & facts.op.symbols)
    found = solver.smallest(facts, names, sizes, fails)
    if found is None:
        return Unknown(solver.BEYOND)
    return Counterexample({n: found[n] for n in sizes}, {n: found[n] for n in names})
