"""The equations of a text as they are written, one by one: each line judged by the last that has its left side."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from derive.conventions import WINNING, by_rule, chooses_by_values, rules
from derive.errors import NotationError
from derive.expressions.expr import Binder, D, Entry, Expr
from derive.expressions.index import ZERO, Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, walk
from derive.language.show import show
from derive.operation import Op, with_values
from numeric.audit.comparison import BRANCHES, compare, unfolded
from numeric.audit.derivation_consequences import assuming
from numeric.audit.derivation_mistakes import Line, diagnosis
from numeric.audit.derivation_prose import Given, symbols
from numeric.audit.derivation_reading import EXPLICIT, Let, Reader
from numeric.audit.derivation_subject import Statement
from numeric.audit.derivation_verdict import LineVerdict
from numeric.audit.verdict import REFUTED, UNDECIDED, VERIFIED, Verdict

NO_TIES = "no zeros and no ties, where a convention decides"


@dataclass(slots=True)
class Fact:
    """The last right side of an equation, as written and what it means, and its line."""

    written: Expr
    right: Expr
    number: int


@dataclass(slots=True)
class Sheet:
    """The equations so far, by left side; one of them is being written."""

    op: Op
    reader: Reader
    facts: dict[Expr, Fact] = field(default_factory=dict)
    current: Expr | None = None
    wrong: dict[Expr, int] = field(default_factory=dict)
    """The equations that left the truth, and in which line."""
    supposed: tuple[str, ...] = ()
    """The numbers that the text has put in since its first line."""
    named: set[str] = field(default_factory=set)
    """The arguments that the text has named so far."""

    def suppose(self, given: Given) -> None:
        """Goes on at a number for an argument or a size: what was written before is put there."""
        values = {n: index(given.value) for n in (given.name, *symbols(self.op, given.name))}
        reader = self.reader
        self.op = reader.op = with_values(self.op, values)
        reader.sizes |= values
        for name, let in reader.lets.items():
            axes = tuple(Binder(b.name, b.extent.substitute(values)) for b in let.axes)
            reader.lets[name] = Let(axes, substitute(let.body, values))
        for fact in self.facts.values():
            fact.written, fact.right = substitute(fact.written, values), substitute(fact.right, values)
        self.facts = {substitute(left, values): fact for left, fact in self.facts.items()}
        self.wrong = {substitute(left, values): number for left, number in self.wrong.items()}
        self.current = substitute(self.current, values) if self.current else None
        self.supposed = (*self.supposed, f"{given.name} = {given.value}")

    def line(self, step: int, s: Statement) -> LineVerdict:
        """The verdict on one line, under what is supposed so far."""
        found = self._line(step, s)
        return replace(found, verdict=found.verdict.under(*self.supposed)) if self.supposed else found

    def _line(self, step: int, s: Statement) -> LineVerdict:
        number = s.link.number
        if s.left:
            name = self._new_name(s.left)
            if name:
                return self._introduced(step, s, name)
            self.current = self.reader.closed(self.reader.parse(s.left))
        assert self.current is not None
        left, fact = self.current, self.facts.get(self.current)
        right = self.reader.closed(self.reader.parse(s.right), self.reader.free(left))
        axes = self.reader.axes(left, right)
        before = fact.right if fact else self.reader.meaning(left, axes)
        self.named |= free_names(left) | free_names(right)
        got, verdict = self._compared(right, before, axes)
        if fact and NO_TIES in verdict.hypothesis:
            verdict = replace(
                verdict, hypothesis=f"{verdict.hypothesis}: lines {fact.number} and {number} differ there"
            )
        follows = self._follows(left, got, axes) if verdict.verdict == REFUTED and fact is None else 0
        if follows:
            verdict = Verdict(VERIFIED, layer=verdict.layer, reason="follows from a wrong line").under(
                f"line {follows}"
            )
        elif verdict.verdict == REFUTED:
            line = Line(self.reader, axes, got, before, right, fact.written if fact else left, left)
            said = self._undone(left, got, axes, fact) or diagnosis(line)
            verdict = replace(verdict, diagnosis=said, right=show(before, bounds=False))
            self.wrong.setdefault(left, number)
        self.facts[left] = Fact(right, got, number)
        return LineVerdict(number, step, s.link.text, s.notation, fact.number if fact else 0, verdict, follows)

    def _follows(self, left: Expr, got: Expr, axes: tuple[Binder, ...]) -> int:
        """The wrong line that an equation follows from: with that line for the truth it is right."""
        for wrong, number in self.wrong.items():
            expected = assuming(self.reader, wrong, self.facts[wrong].right, left)
            if expected is not None and compare(self.op, axes, got, expected).good:
                return number
        return 0

    def _undone(self, left: Expr, got: Expr, axes: tuple[Binder, ...], fact: Fact | None) -> str:
        """What is said of a line that is true although the one before is not."""
        if fact is None or not compare(self.op, axes, got, self.reader.meaning(left, axes)).good:
            return ""
        return f"it makes up for a mistake before: true of {show(left)}, but it does not follow from line {fact.number}"

    def _compared(self, right: Expr, before: Expr, axes: tuple[Binder, ...]) -> tuple[Expr, Verdict]:
        """What a right side means, in the reading of its derivatives in which it is true, if it is in one."""
        got = self.reader.meaning(right, axes)
        verdict = self._judged(got, before, axes)
        if verdict.verdict == REFUTED and self.reader.computed and any(isinstance(n, D) for n in walk(right)):
            explicit = self.reader.meaning(right, axes, explicit=True)
            other = self._judged(explicit, before, axes)
            if other.good:
                return explicit, other.under(EXPLICIT)
        return got, verdict

    def _judged(self, got: Expr, before: Expr, axes: tuple[Binder, ...]) -> Verdict:
        """Whether two sides are equal; what a convention makes equal holds where there are no zeros and no ties.

        Numbers that differ at zeros and ties alone prove nothing of the others: both sides are put under one rule.
        """
        verdict = compare(self.op, axes, got, before)
        if verdict.verdict == REFUTED and (values := self._not_yet_named()):
            one = compare(with_values(self.op, values), axes, substitute(got, values), substitute(before, values))
            if one.good:
                return one.under(*(f"{n} = {v.constant}" for n, v in values.items()))
        if verdict.verdict != REFUTED or verdict.layer != BRANCHES or not chooses_by_values(self.op, got, before):
            return verdict
        refuted = True
        for rule in rules(self.op):
            left, right = (by_rule(self.op, unfolded(self.op, e), rule) for e in (got, before))
            one = compare(self.op, axes, left, right)
            if one.good:
                return replace(verdict, verdict=VERIFIED, reason=one.reason).under(NO_TIES)
            if one.verdict == REFUTED and one.layer != BRANCHES:
                return one
            refuted = refuted and one.verdict == REFUTED and rule not in WINNING
        if refuted:
            return verdict  # at a zero that no choice of the law decides, the two are different functions
        return Verdict(UNDECIDED, layer=BRANCHES, reason="differs at zeros and ties; not proved for other numbers")

    def _not_yet_named(self) -> dict[str, Index]:
        """The defaults of the arguments that the text names only later: a line before it has torch's."""
        left = {p.name: p.default for p in self.op.parameters if p.name not in self.named}
        return {n: index(d) for n, d in left.items() if isinstance(d, int)}

    # names of the text's own

    def _new_name(self, left: str) -> str:
        """The name that a left side introduces, if it does."""
        name = left.partition("[")[0]
        fresh = name.isidentifier() and name not in self.reader.tensors and name not in self.op.symbols
        return name if fresh and "/" not in left else ""

    def _introduced(self, step: int, s: Statement, name: str) -> LineVerdict:
        """`delta[i] = ...` where nothing is called delta yet: a definition, true by itself."""
        inside = s.left[len(name) :].strip("[] ")
        names = [n.strip() for n in inside.split(",")] if inside else []
        right = self.reader.closed(self.reader.parse(s.right), names)
        axes = self.reader.axes(right)
        known = {b.name: b for b in axes}
        missing = known.keys() - set(names)
        if missing or len(set(names)) < len(names) or not all(n in known for n in names):
            expected = f"{name}[{','.join(sorted(known))}]" if known else name
            raise NotationError(f"got the definition of {s.left}, expected {expected} = ...; name the indices it has")
        body = self.reader.meaning(right, axes)
        own = tuple(known[n] for n in names)
        computed = self._computed_as(own, body)
        if computed:
            self.reader.aliases[name] = computed
        else:
            self.reader.lets[name] = Let(own, body)
        self.current = self.reader.parse(s.left)
        self.facts[self.current] = Fact(right, body, s.link.number)
        reason = f"{name} is {computed} of {self.op.name}" if computed else f"introduces {name}"
        return LineVerdict(s.link.number, step, s.link.text, s.notation, 0, Verdict(VERIFIED, reason=reason))

    def _computed_as(self, axes: tuple[Binder, ...], body: Expr) -> str:
        """The tensor that the operation computes so, if there is one."""
        at = tuple(index(b.name) for b in axes)
        for t in self.op.tensors:
            here = Entry(t.name, (*(ZERO,) * (len(t.axes) - len(at)), *at))
            fits = t.role != "input" and tuple(b.extent for b in t.axes)[len(t.axes) - len(at) :] == tuple(
                b.extent for b in axes
            )
            if fits and len(at) <= len(t.axes) and compare(self.op, axes, body, here).good:
                return t.name
        return ""
