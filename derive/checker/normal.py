"""Normal forms: two expressions are equal when theirs are. Products of sums are multiplied out in indices only."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from itertools import chain

from derive.checker.refusal import MOST_BITS, MOST_TERMS, Refuted
from derive.checker.trees import FIELDS, Monomial, Number, Poly, Scope, Tree, factors, fields, parts


def equal(a: Tree, b: Tree) -> bool:
    return normal(a) == normal(b)


@lru_cache(maxsize=1024)
def normal(e: Tree) -> Poly:
    """The normal form of an expression by itself: every line is compared with the one before and the one after."""
    return poly(e, {})


def same(i: Tree, j: Tree) -> bool:
    """Whether two indices are equal."""
    return poly(i, {}, True) == poly(j, {}, True)


def poly(e: Tree, env: Scope, expand: bool = False) -> Poly:
    """The normal form; a sum among other factors is multiplied out, or stays one factor."""
    total: Poly = {(): 1}
    wide: dict[str, Poly] = {}
    for base, n in ((b, n) for b, n in factors(e) if n):
        p = leaf(base, env, expand)
        if not p and n < 0:
            raise Refuted("divides by zero")
        if len(p) > 1 and (n < 0 or not expand):
            shown = f"({show(p)})"
            wide[shown], p = p, atom(shown)
        if len(p) == 1 and n != 1:
            p, n = {merged(raised(a, k * n) for a, k in m): Fraction(c) ** n for m, c in p.items()}, 1
        for _ in range(n):
            total = times(total, p)
    match list(total.items()):
        case [(((only, 1),), 1)] if only in wide:
            return wide[only]
    return total


def leaf(e: Tree, env: Scope, expand: bool) -> Poly:
    """The normal form of a single factor."""
    match e:
        case "num", p, q:
            return {(): Fraction(p, q) if q > 1 else p} if p else {}
        case "name", n:
            return atom(env.get(str(n), str(n)))
        case "val", i:
            return poly(i, env, True)
        case "add", terms:
            found = [poly(t, env, expand) for t in terms]
            total = collect(chain.from_iterable(p.items() for p in found))
            if expand and any(":" in a for m in {m for p in found for m in p} - total.keys() for a, _ in m):
                raise Refuted("cancels a quotient that may have no value")
            return total
        case "sum", (), body:
            return poly(body, env)
        case (("floor" | "mod" | "exact"), i, n):
            return quotient(e[0], poly(i, env, True), poly(n, env, True))
        case "least", i, n:
            p, q = poly(i, env, True), poly(n, env, True)
            gap = collect([*p.items(), *((m, -c) for m, c in q.items())])
            if {*gap} <= {()}:
                return q if gap.get((), 0) > 0 else p
    if plainly_true(e, env):
        return {(): 1}
    shown = text(e, env)
    return {} if shown.startswith("sum(;0;") else atom(shown)


def quotient(kind: str, top: Poly, bottom: Poly) -> Poly:
    """A quotient, carried out where that is right for every value; a colon marks an exact one. a%n is a-n*(a//n)."""
    if kind == "mod" and bottom and ":" not in show(top):
        less = times(bottom, quotient("floor", top, bottom))
        return collect([*top.items(), *((m, -c) for m, c in less.items())])
    by = bottom[()] if {*bottom} == {()} else 0
    if by and kind != "mod" and all(c % by == 0 for c in top.values()):
        return {m: c // by for m, c in top.items()}
    if by and kind == "floor" and {*top} == {()}:
        return collect([((), top[()] // by)])
    return atom(f"{kind}{':' * (kind == 'exact')}({show(top)};{show(bottom)})")


def plainly_true(e: Tree, env: Scope) -> bool:
    match e:
        case "in", i, n:
            at, extent = poly(i, env, True), poly(n, env, True)
            return {*at, *extent} == {()} and 0 <= at.get((), 0) < extent.get((), 0)
        case "compare", "==" | "<=", ("val" | "num", *_) as left, ("val" | "num", *_) as right:
            return (side := poly(left, env)) == poly(right, env) and ":" not in show(side)
        case "divides", n, i:
            return poly(n, env, True) == {(): 1} and ":" not in show(poly(i, env, True))
    return False


def atom(text: str) -> Poly:
    return {((text, 1),): 1}


def collect(terms: Iterable[tuple[Monomial, Number]]) -> Poly:
    total: Poly = {}
    for monomial, c in terms:
        total[monomial] = total.get(monomial, 0) + c
    if len(total) > MOST_TERMS or any(size(c) > MOST_BITS for c in total.values()):
        raise Refuted("grows too large")
    return {m: c for m, c in total.items() if c}


def size(c: Number) -> int:
    """The digits of a number, base 2."""
    return c.numerator.bit_length() + c.denominator.bit_length()


def times(p: Poly, q: Poly) -> Poly:
    if len(p) * len(q) > MOST_TERMS:
        raise Refuted("grows too large")
    if p == {(): 1}:
        return q
    return collect((merged((*m, *n)), c * d) for m, c in p.items() for n, d in q.items())


def merged(powers: Iterable[tuple[str, int]]) -> Monomial:
    """A monomial, in which a guard has no power but the first."""
    exponents: dict[str, int] = {}
    for a, n in powers:
        exponents[a] = exponents.get(a, 0) + n
    return tuple(sorted((a, 1 if a[0] in "[/" else n) for a, n in exponents.items() if n))


def raised(a: str, n: int) -> tuple[str, int]:
    """A power of an atom; 1/[g] is an atom of its own, for it cancels nothing."""
    return (f"/{a}", 1) if a[0] in "[/" and n < 0 else (a, n)


def show(p: Poly) -> str:
    """A polynomial as the text that stands for it: equal polynomials have equal texts."""
    return "+".join(f"{c}" + "".join(f"*{a}^{n}" for a, n in m) for m, c in sorted(p.items())) or "0"


@lru_cache(maxsize=4096)
def written(i: Tree, *env: tuple[str, str]) -> str:
    """An index in an environment as the text that stands for it."""
    return show(poly(i, dict(env), True))


def deeper(env: Scope, over: Tree) -> Scope:
    """The environment below binders: a bound name is called by its depth."""
    return {**env, **{n: f"#{len(env) + k}" for k, (n, _) in enumerate(over)}}


def text(e: Tree, env: Scope) -> str:
    """A node that is no polynomial as the text that stands for it; a guard's begins with a bracket."""
    below = deeper(env, e[1]) if "b" in FIELDS[e[0]] else env
    shown = [show(poly(p, below)) for p in parts(e)] + [written(i, *env.items()) for i in fields(e, "iIb")]
    if e[0] == "compare" and e[1] in ("==", "!="):
        shown.sort()
    if e[0] in ("select", "winner"):
        shown += sorted(reads(e[2], below))
    names = [str(v) for v in fields(e, "tTofx")] + [text(v, env) for v in fields(e, "r")]
    return f"{'[' * (e[0] in ('compare', 'in', 'divides'))}{e[0]}({','.join(names)};{';'.join(shown)})"


def reads(e: Tree, env: Scope) -> set[str]:
    """The entries read: a maximum over an index ranges where all of them are in range."""
    below = deeper(env, e[1]) if "b" in FIELDS[e[0]] else env
    own = {text(e, env)} if e[0] == "entry" else set()
    return own.union(*(reads(p, below) for p in parts(e)), *(reads(i, env) for i in fields(e, "iIb")))
