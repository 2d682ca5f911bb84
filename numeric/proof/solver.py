"""Questions about integers put to z3, the only file that knows it: does a guard follow, and where does it fail first?

Extents, strides, paddings and dilations are integer variables. A quotient is a variable q with e = q*d + r and
0 <= r < d: with the remainder as a variable of its own z3 decides what it does not with `mod`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

from derive.expressions.expr import Add, Compare, Divides, Entry, Expr, InRange, Maximum, Minimum, Mul, Num, Val
from derive.expressions.index import Composite, Index
from numeric.proof.hypotheses import Facts
from numeric.proof.reals import labels_of, reals_of
from numeric.proof.verdict import Outside

EFFORT = 3_000_000
"""z3's own units of work a question: the same question has the same answer on every machine."""
BEYOND = "z3 found neither a proof nor a counterexample with its effort bounded"
BOUNDS = (2, 3, 4, 6, 9)
"""Sizes up to which a counterexample is looked for, one after the other."""

Z3 = Any
YES, NO, OPEN = "yes", "no", "open"


def z3() -> Z3:
    """The library. Raises: ModuleNotFoundError with the remedy."""
    try:
        import z3 as library
    except ModuleNotFoundError as error:
        text = "proofs for all sizes need z3, which is not installed: pip install 'backproof[proof]'"
        raise ModuleNotFoundError(text, name=error.name) from None
    return library


@dataclass(slots=True)
class Translation:
    """Guards and indices as z3 terms; `definitions` say what the quotients, labels and sizes in them are."""

    facts: Facts
    context: Z3 = field(default_factory=lambda: z3().Context())  # of its own: no question depends on those before it
    definitions: list[Z3] = field(default_factory=list)
    _known: dict[object, Z3] = field(default_factory=dict)
    _divided: dict[str, tuple[Z3, Z3]] = field(default_factory=dict)

    def name(self, name: str) -> Z3:
        """The variable of a name, with what is known of it."""
        if name not in self._known:
            self._known[name] = self.variable(name)
            self.definitions += [self.guard(g) for g in self.facts.about(name)]
        return self._known[name]

    def variable(self, name: str) -> Z3:
        return z3().Int(name, self.context)

    def integer(self, n: int) -> Z3:
        return z3().IntVal(n, self.context)

    def all(self, statements: Iterable[Z3]) -> Z3:
        return z3().And([z3().BoolVal(True, self.context), *statements])

    def any(self, statements: Iterable[Z3]) -> Z3:
        return z3().Or([z3().BoolVal(False, self.context), *statements])

    def no(self, statement: Z3) -> Z3:
        return z3().Not(statement)

    def number_if(self, statement: Z3, number: Z3) -> Z3:
        """The number where the statement holds, else 0."""
        return z3().If(statement, number, self.integer(0))

    # -- indices -------------------------------------------------------------------------------------------------------

    def index(self, i: Index) -> tuple[Z3, list[Z3]]:
        """An index, and what holds where it is an integer."""
        total: Z3 = self.integer(0)
        whole: list[Z3] = []
        for monomial, c in i.terms:
            product = self.integer(c)
            for atom in monomial:
                factor, integral = self._atom(atom)
                product, whole = product * factor, whole + integral
            total = total + product
        return z3().simplify(total), whole

    def _atom(self, atom: str | Composite | Entry) -> tuple[Z3, list[Z3]]:
        if isinstance(atom, str):
            if atom in reals_of(self.facts.op):
                raise Outside(f"an index with the real number {atom} in it is none of integers")
            return self.name(atom), []
        if isinstance(atom, Entry):
            return self._label(atom)
        dividend, above = self.index(atom.dividend)
        divisor, below = self.index(atom.divisor)
        if atom.kind == "min":
            return z3().If(dividend <= divisor, dividend, divisor), above + below
        quotient, rest = self._division(dividend, divisor)
        whole = [*above, *below, divisor != 0]
        if atom.kind == "exact":
            return quotient, [*whole, rest == 0]
        return (quotient if atom.kind == "floor" else rest), whole

    def _division(self, dividend: Z3, divisor: Z3) -> tuple[Z3, Z3]:
        """Quotient and rest as variables; a quotient divided again is one quotient: (a//b)//c = a//(b*c)."""
        key = ("division", dividend.sexpr(), divisor.sexpr())
        if key not in self._known:
            number = len(self._known)
            quotient, rest = self.variable(f"quotient{number}"), self.variable(f"rest{number}")
            self._known[key] = quotient, rest
            law = dividend == quotient * divisor + rest
            self.definitions += [
                z3().Implies(divisor > 0, z3().And(law, rest >= 0, rest < divisor)),
                z3().Implies(divisor < 0, z3().And(law, divisor < rest, rest <= 0)),
            ]
            if dividend.sexpr() in self._divided:
                first, by = self._divided[dividend.sexpr()]
                whole, _ = self._division(first, z3().simplify(by * divisor))
                self.definitions.append(z3().Implies(z3().And(by > 0, divisor > 0), quotient == whole))
            self._divided[quotient.sexpr()] = dividend, divisor
        found: tuple[Z3, Z3] = self._known[key]
        return found

    def _label(self, e: Entry) -> tuple[Z3, list[Z3]]:
        """An entry of an integer tensor: a function of its place, 0 outside. Raises: Outside for a real one."""
        if e.tensor not in labels_of(self.facts.op):
            raise Outside(f"a condition on {e.tensor}, which holds real numbers, is none on integers")
        places = [self.index(i) for i in e.indices]
        at = [p for p, _ in places]
        inside = [w for _, whole in places for w in whole]
        for p, extent in zip(at, self.facts.extents(e.tensor), strict=True):
            inside += [p >= 0, p < self.index(extent)[0]]
        sort = z3().IntSort(self.context)
        value = z3().Function(e.tensor, *[sort] * len(at), sort)(*at) if at else self.variable(e.tensor)
        if ("label", value.sexpr()) not in self._known:
            self._known["label", value.sexpr()] = value
            counts = [value != self.name(g) for g in self.facts.spared]
            for extent in self.facts.labels(e.tensor):
                self.definitions.append(
                    z3().Implies(self.all([*inside, *counts]), z3().And(value >= 0, value < self.index(extent)[0]))
                )
        return (self.number_if(self.all(inside), value) if inside else value), []

    # -- guards --------------------------------------------------------------------------------------------------------

    def guard(self, g: Expr) -> Z3:
        """A guard as a truth. Raises: Outside."""
        match g:
            case InRange(i, n):
                (value, whole), (extent, more) = self.index(i), self.index(n)
                return z3().And(*whole, *more, value >= 0, value < extent)
            case Divides(divisor, dividend):
                return self._divides(divisor, dividend)
            case Compare(op, left, right):
                (a, whole), (b, more) = self.number(left), self.number(right)
                sign: Mapping[str, Callable[[], Z3]] = {
                    "==": lambda: a == b, "!=": lambda: a != b, "<": lambda: a < b, "<=": lambda: a <= b,
                }  # fmt: skip
                return z3().And(*whole, *more, sign[op]())
        raise Outside(f"{type(g).__name__} is no condition on indices")

    def _divides(self, divisor: Index, dividend: Index) -> Z3:
        (d, whole), (e, more) = self.index(divisor), self.index(dividend)
        return z3().And(*whole, *more, d != 0, self._division(e, d)[1] == 0)

    def number(self, e: Expr) -> tuple[Z3, list[Z3]]:
        """A side of a comparison: a polynomial of indices and guards."""
        match e:
            case Val(i):
                return self.index(i)
            case Num(value) if value.denominator == 1:
                return self.integer(int(value)), []
            case InRange() | Divides() | Compare():
                return self.number_if(self.guard(e), self.integer(1)), []
            case Add(items) | Mul(items):
                sides = [self.number(p) for p in items]
                whole = [w for _, conditions in sides for w in conditions]
                if isinstance(e, Add):
                    return reduce(lambda a, b: a + b, (s for s, _ in sides), self.integer(0)), whole
                return reduce(lambda a, b: a * b, (s for s, _ in sides), self.integer(1)), whole
            case Maximum(left, right) | Minimum(left, right):
                (a, whole), (b, more) = self.number(left), self.number(right)
                first = a >= b if isinstance(e, Maximum) else a <= b
                return z3().If(first, a, b), [*whole, *more]
        raise Outside(f"a condition about {type(e).__name__} is not one about indices")


# -- questions ---------------------------------------------------------------------------------------------------------


def follows(facts: Facts, given: Sequence[Expr], then: Expr) -> str:
    """Whether `then` holds wherever all of `given` do: YES, NO or OPEN. Raises: Outside.

    It is asked with little effort of output extents that may be anything, then of those that the operation gives.
    """
    for known, effort in ((replace(facts, sized=False), EFFORT // 10), (facts, EFFORT)):
        t = Translation(known)
        asked = [*map(t.guard, given), t.no(t.guard(then))]
        found = _check(t, asked, effort)
        if found == "unsat":
            return YES
    return NO if found == "sat" else OPEN


def never(facts: Facts, build: Callable[[Translation], Z3]) -> bool:
    """Whether a statement holds for no numbers at all. Raises: Outside."""
    t = Translation(facts)
    statement = build(t)
    return _check(t, [statement], EFFORT) == "unsat"


def _check(t: Translation, assertions: Iterable[Z3], effort: int) -> str:
    solver = z3().Solver(ctx=t.context)
    solver.set("rlimit", effort)
    solver.add(*assertions, *t.definitions)
    return str(solver.check())


def smallest(
    facts: Facts, names: Sequence[str], sizes: Sequence[str], build: Callable[[Translation], Z3]
) -> dict[str, int] | None:
    """Numbers for `names` and `sizes` at which a statement holds, the sum of the sizes as small as can be, or None."""
    t = Translation(facts)
    statement = build(t)
    variables = {n: t.name(n) for n in (*names, *sizes)}
    solver = z3().Solver(ctx=t.context)
    solver.set("rlimit", EFFORT)
    solver.add(statement, *t.definitions)
    best = None
    for bound in BOUNDS:  # small numbers are found quickly, and what is found bounds all others
        solver.push()
        solver.add(*(variables[n] <= bound for n in sizes))
        best = _numbers(solver, variables)
        solver.pop()
        if best is not None:
            break
    total = reduce(lambda a, b: a + b, (variables[n] for n in sizes), t.integer(0))
    found = best = best or _halved(solver, variables, sizes, total)
    while found is not None:
        best = found
        solver.add(total < sum(best[n] for n in sizes))
        found = _numbers(solver, variables)
    return best


def _halved(solver: Z3, variables: Mapping[str, Z3], sizes: Sequence[str], total: Z3) -> dict[str, int] | None:
    """Numbers without a bound on the sizes, then between two sums of sizes that come closer by half each time."""
    best = _numbers(solver, variables)
    low, high = 0, sum(best[n] for n in sizes) if best else 0
    while best is not None and low < high:
        middle = (low + high) // 2
        solver.push()
        solver.add(total <= middle)
        found = _numbers(solver, variables)
        solver.pop()
        best, low, high = (found, low, sum(found[n] for n in sizes)) if found else (best, middle + 1, high)
    return best


def _numbers(solver: Z3, variables: Mapping[str, Z3]) -> dict[str, int] | None:
    """A model, or None where there is none or none is found."""
    if solver.check() != z3().sat:
        return None
    model = solver.model()
    return {n: model.eval(v, model_completion=True).as_long() for n, v in variables.items()}
