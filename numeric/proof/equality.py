"""Two formulas with the same free indices: proved equal, told apart by the smallest sizes, or neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import lcm
from random import Random

from derive.errors import MeaningError
from derive.expressions.expr import Binder, Compare, Expr, InRange, Val
from derive.expressions.index import index
from derive.expressions.traversal import free_names
from derive.laws.definitions import unfolder
from derive.laws.law import COTANGENT
from derive.meaning.denote import denote
from derive.meaning.worlds import drawn
from derive.operation import Op
from numeric.proof import solver
from numeric.proof.definedness import needed
from numeric.proof.hypotheses import Facts
from numeric.proof.intermediates import unfolded
from numeric.proof.normal import cleared, contracted, counts_apart
from numeric.proof.reals import labels_of, reals_of
from numeric.proof.relation import Relation, in_order, known, names_of, orders, parts_of, put_in, relation, solved
from numeric.proof.terms import Expansion, Term
from numeric.proof.verdict import Counterexample, Outcome, Outside, Proved, Unknown

DRAWS = 3


@dataclass(frozen=True)
class Claim:
    """a == b for all values of the free indices `axes`, all tensors, and all sizes under the hypotheses."""

    op: Op
    axes: tuple[Binder, ...]
    a: Expr
    b: Expr
    hypotheses: tuple[Expr, ...] = ()

    def outcome(self) -> Outcome:
        """The verdict; intermediates stay what they are where that is enough, else their equations are put in."""
        reason, waiting = "", []
        for a, b in unfolded(self.op, self.axes, self.a, self.b):
            try:
                for kinds in replace(self, a=a, b=b)._forms():
                    if all(k.balanced for k in kinds):
                        if all(k.plainly_proved() for k in kinds):
                            return Proved(self._told(kinds))
                        waiting.append(kinds)
            except Outside as found:
                reason = reason or str(found)
        return self._asked(waiting, reason)

    def _asked(self, waiting: Sequence[Sequence[Kind]], reason: str) -> Outcome:
        """The verdict where it takes z3 to see that relations are the same, or that they are not."""
        try:
            for kinds in waiting:
                if all(k.proved() for k in kinds):
                    return Proved(self._told(kinds))
            found = self._refuted()
        except Outside as outside:
            return Unknown(reason or str(outside))
        return Unknown(reason) if reason and isinstance(found, Unknown) else found

    def _forms(self) -> Iterator[list[Kind]]:
        """The terms of a - b by what they are products of; then those of (a - b) times the denominators.

        Raises: Outside.
        """
        signed = {p.name for p in self.op.parameters if p.minimum < 0}
        expand = Expansion(self._whole, self._whole - signed, self._real, unfolder(self.op), labels_of(self.op))
        terms = [*self.left_terms(expand), *(replace(t, number=-t.number) for t in expand(self.b))]
        yield self._kinds([counts_apart(t) for t in terms])
        pointwise = [contracted(t) for t in terms]
        without = cleared(pointwise, expand)
        if without != pointwise:
            yield self._kinds([counts_apart(t) for t in without])

    def left_terms(self, expand: Expansion) -> list[Term]:
        """The terms of a. Raises: Outside."""
        return expand(self.a)

    def _kinds(self, terms: Sequence[Term]) -> list[Kind]:
        return [Kind(self, tuple(t for t in terms if t.kind == k)) for k in dict.fromkeys(t.kind for t in terms)]

    @cached_property
    def _real(self) -> frozenset[str]:
        return reals_of(self.op)

    @cached_property
    def _whole(self) -> frozenset[str]:
        return self.op.symbols - self._real

    @cached_property
    def ranges(self) -> tuple[InRange, ...]:
        return tuple(InRange(index(b.name), b.extent) for b in self.axes)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.op, self.ranges, self.hypotheses)

    def axes_of(self, tensor: str) -> tuple[Binder, ...]:
        """The axes of a tensor or cotangent."""
        return self.op.tensor(tensor.removeprefix(COTANGENT)).axes

    def _told(self, kinds: Sequence[Kind]) -> tuple[str, ...]:
        return self.facts.told(g for k in kinds for r in k.relations for g in r[0].holds)

    # -- refuting ------------------------------------------------------------------------------------------------------

    def _refuted(self) -> Outcome:
        """Where the two differ, confirmed by their values there."""
        kinds = [k for k in next(self._forms()) if not (k.balanced and k.proved())]
        if all(k.vanishes() for k in kinds):
            return Proved(self._told(kinds))
        names = [b.name for b in self.axes]
        sizes = sorted(self._whole)

        def differ(t: solver.Translation) -> solver.Z3:
            return self.inside(t, t.any(k.differ(t) for k in kinds))

        found = solver.smallest(self.facts, names, sizes, differ)
        if found is None:
            return Unknown(solver.BEYOND)
        at_sizes, at = ({n: found[n] for n in some} for some in (sizes, names))
        values = self._values(at_sizes, at)
        if values is None:
            return Unknown("their summands differ, yet not their values where that was looked for")
        return Counterexample(at_sizes, at, *values)

    def inside(self, t: solver.Translation, statement: solver.Z3) -> solver.Z3:
        """A statement where the free indices are in their ranges."""
        return t.all([*map(t.guard, self.ranges), statement])

    def _values(self, sizes: Mapping[str, int], at: Mapping[str, int]) -> tuple[str, str] | None:
        """The values of both sides for numbers at which they differ; None where none are found."""
        for seed in range(DRAWS):
            world, _ = drawn(self.op, {**dict.fromkeys(self._real, 2), **sizes}, Random(seed))
            if world is None:
                return None
            try:
                got, want = (denote(e, world, dict(at)) for e in (self.a, self.b))
            except MeaningError:
                continue
            if got != want:
                return str(got), str(want)
        return None


@dataclass(frozen=True)
class Kind:
    """Terms that read the same tensors under the same functions; their sum is to be 0."""

    claim: Claim
    terms: tuple[Term, ...]

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        return names_of(in_order(self.terms[0]))

    @cached_property
    def indices(self) -> frozenset[str]:
        return frozenset(b.name for b in self.claim.axes) | {v for row in self.names for v in row}

    @cached_property
    def relations(self) -> tuple[tuple[Relation, ...], ...]:
        """Of each term, in every order of its factors. Raises: Outside."""
        return tuple(
            tuple(relation(t, order, self.names, self.claim.axes_of) for order in orders(t)) for t in self.terms
        )

    @property
    def balanced(self) -> bool:
        """Whether the numbers before the terms cancel, as they do where all relate the same indices."""
        total: Counter[tuple[tuple[str, int], ...]] = Counter()
        for t in self.terms:
            total[t.powers] += t.number  # type: ignore[assignment]  # a counter of fractions
        return not any(total.values())

    def plainly_proved(self) -> bool:
        """Whether terms cancel whose relations say the same in the same words. Raises: Outside."""
        return not self._different

    def proved(self) -> bool:
        """Whether terms with the same relation cancel, for all sizes. Raises: Outside."""
        return not self._not_cancelled(self._different, self._same)

    def vanishes(self) -> bool:
        """Whether the terms add up to 0 wherever their relations hold, asked of z3 as one question. Raises: Outside."""
        return not self._different or solver.never(self.claim.facts, lambda t: self.claim.inside(t, self.differ(t)))

    @cached_property
    def _different(self) -> list[int]:
        """The terms that do not plainly cancel. Raises: Outside where a relation is not sound."""
        for r in self.relations:
            self._sound(r[0])
        for t in self.terms:
            self._defined(t)
        return self._not_cancelled(range(len(self.terms)), self._plainly_same)

    def _not_cancelled(self, left: Iterable[int], same: Callable[[int, int], bool]) -> list[int]:
        """The terms without those that cancel with others of the same relation."""
        waiting, kept = list(left), []
        while waiting:
            first, *rest = waiting
            alike = [first, *(k for k in rest if same(first, k))]
            if not Kind(self.claim, tuple(self.terms[k] for k in alike)).balanced:
                kept += alike
            waiting = [k for k in rest if k not in alike]
        return kept

    def _sound(self, r: Relation) -> None:
        """Raises: Outside where a relation may count a tuple twice, or read between two entries under a function."""
        for guard in r.unique:
            if self._follows(r.holds, guard) != solver.YES:
                raise Outside("a bound index may have several values for one tuple of reads")
        for i in r.defined:
            if self._follows(r.holds, Compare("==", Val(i), Val(i))) != solver.YES:
                raise Outside("what is under a function may be read between two entries")

    def _defined(self, t: Term) -> None:
        """Raises: Outside where a factor may have no value beside one that is 0."""
        for given, then in needed(t, self.claim.axes_of):
            if then not in self.claim.ranges and self._follows(given, then) != solver.YES:
                raise Outside("what must not be 0 may be read outside its tensor")

    @cached_property
    def _plain(self) -> tuple[tuple[object, ...], ...]:
        read = self.indices - {b.name for b in self.claim.axes}
        return tuple(tuple(solved(r.holds, read) for r in several) for several in self.relations)

    def _plainly_same(self, one: int, other: int) -> bool:
        """Whether two relations say the same once what they say of what is read is put in."""
        return self._plain[one][0] in self._plain[other]

    def _same(self, one: int, other: int) -> bool:
        """Whether two relations are the same in some order of the factors."""
        return any(self._equals(self.relations[one][0], r) for r in self.relations[other])

    def _equals(self, one: Relation, other: Relation) -> bool:
        """Asked of z3, each independent group of indices for itself."""
        parts = (*parts_of((*one.holds, *other.holds), self.indices), frozenset[str]())
        return all(self._within(one, other, part) and self._within(other, one, part) for part in parts)

    def _within(self, one: Relation, other: Relation, part: frozenset[str]) -> bool:
        """Whether what one says about a part of the indices implies what the other says about it."""
        ranges = [r for r in self.claim.ranges if free_names(r) & part]
        given = ranges + [g for g in one.holds if self._is_about(g, part)]
        wanted = [g for g in other.holds if self._is_about(g, part)]
        while values := known(given, part):
            given, wanted = ([put_in(g, values) for g in guards] for guards in (given, wanted))
        return all(g in given or self._follows(given, g) == solver.YES for g in wanted)

    def _is_about(self, g: Expr, part: frozenset[str]) -> bool:
        return bool(free_names(g) & part) if part else not free_names(g) & self.indices

    def _follows(self, given: Sequence[Expr], then: Expr) -> str:
        return solver.follows(self.claim.facts, (*self._ranges(given, then), *given), then)

    def _ranges(self, given: Sequence[Expr], then: Expr) -> Iterator[Expr]:
        """The ranges of the free indices that a question is about are part of it."""
        names = {n for g in (*given, then) for n in free_names(g)}
        yield from (r for r in self.claim.ranges if free_names(r) & names)

    # -- refuting ------------------------------------------------------------------------------------------------------

    def differ(self, t: solver.Translation) -> solver.Z3:
        """That some product of entries does not cancel."""
        for row in self.names:
            for v in row:
                t.name(v)
        scale = lcm(*(x.number.denominator for x in self.terms))
        lowest = {n: min(dict(x.powers).get(n, 0) for x in self.terms) for x in self.terms for n, _ in x.powers}
        total = t.integer(0)
        for x, relations in zip(self.terms, self.relations, strict=True):
            weight = t.integer(int(x.number * scale))
            for name, low in lowest.items():
                for _ in range(dict(x.powers).get(name, 0) - min(low, 0)):
                    weight = weight * t.name(name)
            for r in relations:
                total = total + t.number_if(t.all(map(t.guard, r.holds)), weight)
        return total != 0
