"""Conditions as values that are 1 or 0, and values by cases."""

from __future__ import annotations

from collections.abc import Sequence

from derive.expressions.expr import ZERO, Cases, Compare, Divides, Expr, InRange, Winner, val
from derive.expressions.index import Index, index
from derive.language.latex.arrays import multiplied, together
from derive.language.latex.nodes import Binding, Choice, Guard, Node, Relation, Symbol, Tuple, walk
from derive.language.latex.setting import Setting, Value

_FLIPPED = {">": "<", ">=": "<="}


class Guards(Setting):
    """Reads relations; a chain `a <= b < c` is one bracket where its sides are integers."""

    def guard(self, node: Guard) -> Value:
        found = [g for r in node.relations for g in self.relation(r)]
        return found[0] if len(found) == 1 else together(found, multiplied)

    def relation(self, node: Node) -> list[Value]:
        """The brackets that a chain of comparisons stands for."""
        if not isinstance(node, Relation):
            self.fail(node, "no relation", "a condition", "compare two values")
        if node.signs == ("|",):
            divisor, dividend = (self.integers.of(i, self.env) for i in node.items)
            return [Divides(divisor, dividend)]
        if any(isinstance(i, Binding) and i.sign == "argmax" for i in node.items):
            return [self.winner(node)]
        if len(node.items) == 3 and set(node.signs) <= {"<", "<="} and (found := self.in_range(node)):
            return [found]
        pairs = zip(node.signs, node.items[:-1], node.items[1:], strict=True)
        return [self.compare(sign, a, b) for sign, a, b in pairs]

    def in_range(self, node: Relation) -> Expr | None:
        low, middle, high = (self.integer(i) for i in node.items)
        if low is None or middle is None or high is None:
            return None
        low = low + 1 if node.signs[0] == "<" else low
        high = high + 1 if node.signs[1] == "<=" else high
        return InRange(middle - low, high - low)

    def integer(self, node: Node) -> Index | None:
        """The integer that a side of a comparison is; a name of a tensor is none, unless that holds labels."""
        for s in walk(node):
            free = isinstance(s, Symbol) and not s.subs and self.integers.name_of(s) not in self.env
            if isinstance(s, Symbol) and free and self.words.tensor(s) and self.words.label_of(s) is None:
                return None
        return self.integers.maybe(node, self.env)

    def compare(self, sign: str, a: Node, b: Node) -> Value:
        if sign == "|":
            self.fail(a, "a divisibility in a chain", "it alone", r"write [s \mid h]")
        i, j = self.integer(a), self.integer(b)
        sides: list[Value] = [self.of(a), self.of(b)] if i is None or j is None else list(_without_shift(i, j))
        if sign in _FLIPPED:
            sides.reverse()
        return together(sides, lambda p: Compare(_FLIPPED.get(sign, sign), p[0], p[1]))

    def winner(self, node: Relation) -> Expr:
        left, right = node.items[0], node.items[-1]
        if node.signs != ("==",) or not isinstance(right, Binding):
            self.fail(node, "argmax in another relation", "p = argmax", r"write [p = \operatorname{argmax}_p X_p]")
        at = left.items if isinstance(left, Tuple) else (left,)
        places = tuple(self.integers.of(a, self.env) for a in at)
        with self.bound(right.bounds) as binders:
            if len(binders) != len(places):
                self.fail(node, f"{len(places)} indices", f"{len(binders)} as under argmax", "compare as many")
            starts = [self.env[b.name] - index(b.name) for b in binders]
            body = self.scalar(right.body)
        return Winner(binders, body, tuple(p - s for p, s in zip(places, starts, strict=True)))

    def choice(self, node: Choice) -> Value:
        """The first case whose condition holds; the last one counts for all that is left."""
        *cases, last = node.cases
        if last.conditions:
            if not cases:
                self.fail(last, "one case", "two cases or more", r"add \text{otherwise}")
            self.words.notes.add("the last case is read as: otherwise")
        result = self.of(last.value)
        for case in reversed(cases):
            if not case.conditions:
                self.fail(case, "a case without a condition", "one at the end only", "put otherwise last")
            result = self.chosen(case.conditions, self.of(case.value), result)
        return result

    def chosen(self, conditions: Sequence[Node], then: Value, other: Value) -> Value:
        """`then` where all conditions hold: their product is not 0."""
        guards = [g for c in conditions for g in self.relation(c)]
        one = guards[0] if len(guards) == 1 else together(guards, lambda p: Compare("!=", multiplied(p), ZERO))
        return together([one, then, other], lambda p: Cases(p[0], p[1], p[2]))


def _without_shift(i: Index, j: Index) -> tuple[Expr, Expr]:
    """Two integers without the constant that both have: i + 1 = j + 1 is i = j."""
    shared = {c for m, c in i.terms if not m} & {c for m, c in j.terms if not m}
    common = min(shared, default=0)
    return val(i - common), val(j - common)
