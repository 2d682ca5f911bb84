"""Re-checks certificates without the deriver: `python -S -m derive.checker FILE...`; standard library only.

A certificate claims that, under its equations and assumptions, dE/dX is its last line: the chain rule gives its first
line, and every move is an instance of one law. Nothing here is shared with the deriver. Expressions and indices are
tuples such as ("add", (f, g)). Reading gives every bound name a name of its own ("i#7"), so that substitution captures
nothing. Two expressions are equal when their normal forms are: sums and products flat, constants and equal factors
collected, divisors as negative exponents, guards idempotent, bound names by depth; products of sums are multiplied out
in indices only, so that a law of sums is more than a rewriting of equals. Equality is meant wherever both sides have a
value.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from fractions import Fraction
from functools import lru_cache
from itertools import chain, combinations, count, islice, permutations, product
from pathlib import Path
from typing import Any

Tree = tuple[Any, ...]
Scope = dict[str, str]
Number = int | Fraction
Monomial = tuple[tuple[str, int], ...]
Poly = dict[Monomial, Number]
Factor = tuple[Tree, int]
Facts = tuple[Tree, ...]
Instances = Iterator[tuple[str, Tree, Tree, Facts]]

FORMAT = "backproof certificate 1"
STATED = "tensors equations gradient definitions hypotheses sizes minima conventions"
MOST_BYTES, MOST_NODES, MOST_ITEMS, MOST_TERMS, MOST_BITS, LARGEST, HIGHEST = (
    2**25,
    10**6,
    256,
    4_000,
    4_096,
    10**12,
    64,
)

# A node's fields: e expression, i index, b binders, t tensor, n integer (E, I, T: several); r is the entry by which a
# derivative is taken; o, f, x name a comparison, a function, a definition; v is a plain name; N binds indices, L binds
# tensors, B binds indices whose extents may be left out.
EXPRESSIONS = {
    "num": "nn", "val": "i", "entry": "tI", "add": "E", "mul": "E", "div": "ee", "pow": "ee", "max": "ee", "min": "ee",
    "fn": "fe", "compare": "oee", "in": "ii", "divides": "ii", "cases": "eee", "sum": "be", "select": "be",
    "winner": "beI", "d": "er", "apply": "xTII",
}  # fmt: skip
ATOMS = {"floor": "ii", "mod": "ii", "exact": "ii", "least": "ii", "entry": "tI"}
STATEMENTS = {"gradient": "ttN", "equation": "vNe", "definition": "vLNNe", "one": "Be"}
FIELDS = {**EXPRESSIONS, **ATOMS, "name": "v"}
COMPARISONS = ("==", "!=", "<", "<=")
NAME = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,60}|\.\.\.)\Z")
ZERO, ONE, MINUS = ("num", 0, 1), ("num", 1, 1), ("num", -1, 1)


class Malformed(Exception):
    """The file is no certificate."""


class Refuted(Exception):
    """The certificate does not hold."""


def expect(good: object, what: str, got: object) -> None:
    if not good:
        text = json.dumps(got, default=str)
        raise Malformed(f"got {text if len(text) < 60 else text[:57] + '...'}, expected {what}")


# -- expressions -------------------------------------------------------------------------------------------------------


def fields(e: Tree, kinds: str) -> Iterator[Any]:
    """The values of a node's fields of these kinds, one by one."""
    for kind, value in zip(FIELDS[e[0]], e[1:], strict=True):
        if kind in kinds:
            yield from value if kind in "EIT" else [n for _, n in value] if kind == "b" else (value,)


def parts(e: Tree) -> list[Tree]:
    """The sub-expressions that a position counts."""
    return list(fields(e, "eE"))


def inside(e: Tree) -> Iterator[Tree]:
    """The node and all nodes in it, its indices included; the entry by which a derivative is taken is not read."""
    yield e
    for below in fields(e, "eEiIb"):
        yield from inside(below)


def changed(e: Tree, change: Callable[[str, Any], Any], kinds: str) -> Tree:
    """The node with its fields of these kinds changed."""

    def each(kind: str, v: Any) -> Any:
        if kind not in kinds:
            return v
        several = kind in "EIT"
        return tuple(change(kind.lower(), x) for x in v) if several else change(kind, v)

    return (e[0], *(each(kind, v) for kind, v in zip(FIELDS[e[0]], e[1:], strict=True)))


def put(e: Tree, path: list[int], new: Tree) -> Tree:
    """The expression with the node at a position replaced."""
    places = count()
    return changed(e, lambda _, p: put(p, path[1:], new) if next(places) == path[0] else p, "eE") if path else new


def substitute(e: Tree, values: dict[str, Any]) -> Tree:
    """Indices for names and names for tensors, at once."""

    def change(kind: str, v: Any) -> Any:
        if kind == "b":
            return tuple((name, substitute(n, values)) for name, n in v)
        return values.get(v, v) if kind == "t" else substitute(v, values)

    return values.get(e[1], e) if e[0] == "name" else changed(e, change, "eEiIbtTr")


def name(n: str) -> Tree:
    return ("name", n)


def number(n: int) -> Tree:
    return ("num", n, 1)


def add(*terms: Tree) -> Tree:
    return ("add", terms)


def mul(*items: Tree) -> Tree:
    return ("mul", items)


def minus(e: Tree) -> Tree:
    return mul(MINUS, e)


def power(base: Tree, n: int) -> Tree:
    return base if n == 1 else ("pow", base, number(n))


def factors(e: Tree) -> list[Factor]:
    """The factors of a product, divisors with negative exponents."""
    match e:
        case "mul", items:
            return [f for item in items for f in factors(item)]
        case "div", top, bottom:
            return factors(top) + [(b, -n) for b, n in factors(bottom)]
        case "pow", base, ("num", int(n), 1):
            found = [(b, m * n) for b, m in factors(base)]
            if all(abs(m) <= HIGHEST for _, m in found):
                return found
    return [(e, 1)]


def of(items: Iterable[Factor]) -> Tree:
    """The product of factors."""
    return mul(*(power(b, n) for b, n in items))


# -- normal forms ------------------------------------------------------------------------------------------------------


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


# -- reading -----------------------------------------------------------------------------------------------------------


class Reader:
    """Turns JSON into nodes and refuses what is not declared; symbols are collected until the statement is closed."""

    def __init__(self, ranks: dict[str, int]) -> None:
        self.ranks = ranks
        self.wrt = ""
        self.known: dict[str, list[int]] = {}
        self.symbols: set[str] = set()
        self.closed = False
        self.seen: set[str] = set()
        self.numbers = count()

    def node(self, v: Any, scope: Scope, heads: dict[str, str] = EXPRESSIONS) -> Tree:
        expect(next(self.numbers) < MOST_NODES, f"at most {MOST_NODES} nodes", "more")
        known = type(v) is list and v and isinstance(v[0], str) and v[0] in heads
        expect(known and len(v) == 1 + len(heads[v[0]]), f"one of {', '.join(heads)}, with its fields", v)
        below, made = scope, [v[0]]
        for kind, value in zip(heads[v[0]], v[1:], strict=True):
            if kind in "bBNL":
                found, bound = self.binders(kind, value, scope)
                below = {**below, **bound}
            made.append(found if kind in "bBNL" else self.field(kind, value, below if kind in "eE" else scope))
        self.check(tuple(made), v)
        return tuple(made)

    def field(self, kind: str, v: Any, scope: Scope) -> Any:
        if kind in "EIT":
            expect(len(listed(v)) <= MOST_ITEMS, f"at most {MOST_ITEMS} items", len(v))
            return tuple(self.field(kind.lower(), each, scope) for each in v)
        if kind in "er":
            return self.node(v, scope, EXPRESSIONS if kind == "e" else {"entry": "tI"})
        if kind == "i":
            return add(*(self.term(listed(t), scope) for t in listed(v)))
        if kind == "n":
            return integer(v)
        expect(isinstance(v, str), "a name", v)
        if kind == "t" and f"{v}[]" in scope:
            return scope[f"{v}[]"]
        if v not in {"o": COMPARISONS, "f": DERIVATIVES, "x": self.known, "t": self.ranks, "v": (v,)}[kind]:
            raise Refuted(f"uses {v[:60]}, which is not declared")
        self.seen |= {v} if kind == "t" else set()
        return v

    def term(self, t: list[Any], scope: Scope) -> Tree:
        expect(0 < len(t) <= HIGHEST and t[0] != 0, "a coefficient and atoms", t)
        atoms = (self.name(a, scope) if isinstance(a, str) else self.node(a, scope, ATOMS) for a in t[1:])
        return mul(number(integer(t[0])), *atoms)

    def name(self, v: Any, scope: Scope) -> Tree:
        expect(isinstance(v, str) and NAME.match(v), "a name", v)
        if v not in scope and v not in self.symbols:
            if self.closed:
                raise Refuted(f"uses {v}, which is free and not declared")
            self.symbols.add(v)
        return name(scope.get(v, v))

    def binders(self, kind: str, v: Any, scope: Scope) -> tuple[Tree, Scope]:
        """Names of their own for bound names."""
        pairs = [listed(b) if kind in "bB" else [b, None] for b in listed(v)]
        expect(all(len(b) == 2 and isinstance(b[0], str) and NAME.match(b[0]) for b in pairs), "bound names", v)
        expect(len({b[0] for b in pairs}) == len(pairs), "different names", v)
        bound = {b[0] + "[]" * (kind == "L"): f"{b[0]}#{next(self.numbers)}" for b in pairs}
        extents = [None if kind == "B" and n is None else self.field("i", n, scope) for _, n in pairs if kind in "bB"]
        return tuple(zip(bound.values(), extents, strict=True)) if kind in "bB" else tuple(bound.values()), bound

    def check(self, e: Tree, v: Any) -> None:
        """What a node must satisfy beyond its fields."""
        match e:
            case "num", _, q:
                expect(q > 0, "a positive denominator", v)
            case "sum" | "select" | "winner", over, *rest:
                expect(over and all(len(at) == len(over) for at in rest[1:]), "as many indices as are bound", v)
            case "d", _, (_, t, _) if t != self.wrt or not self.closed:
                raise Refuted(f"holds a derivative by {t}")
            case "gradient", _, t, at:
                expect(len(at) == self.ranks[t], f"an index for each axis of {t}", v)
            case "entry", t, at if self.ranks.get(t, len(at)) != len(at):
                raise Refuted(f"reads {t} with {len(at)} indices instead of {self.ranks[t]}")
            case "apply", d, *values if [len(x) for x in values] != self.known[d]:
                raise Refuted(f"uses {d} with other numbers of tensors, arguments and indices than its definition")
            case "definition", d, *values, body:
                expect(NAME.match(d) and d not in self.known, "a name not defined before", d)
                used = {n for node in inside(body) for n in fields(node, "tTv")}
                expect({*chain.from_iterable(values)} <= used, "a body that uses all its names", v)
                self.known[d] = [len(x) for x in values]
            case "equation", t, names, _:
                expect(len(names) == self.ranks.get(t), "a declared tensor with an index for each axis", v)
                if t in self.seen:
                    raise Refuted(f"defines {t} after it is read")
                self.seen.add(t)


def integer(v: Any) -> int:
    expect(type(v) is int and abs(v) <= LARGEST, f"an integer of at most {LARGEST}", v)
    return int(v)


def listed(v: Any) -> list[Any]:
    expect(type(v) is list, "a list", v)
    return list(v)


def table(v: Any) -> dict[str, Any]:
    expect(type(v) is dict and all(NAME.match(n) for n in v), "an object by names", v)
    return dict(v)


def record(v: Any, names: str, optional: str = "") -> list[Any]:
    """The values of an object with exactly these fields, and perhaps one that is optional."""
    expect(type(v) is dict and {*names.split()} <= {*v} <= {*names.split(), optional}, f"the fields {names}", v)
    return [v.get(n) for n in (*names.split(), *optional.split())]


# -- laws --------------------------------------------------------------------------------------------------------------
# A family yields, for each of its laws and for every way in which it could lead from `node` to `after`: the law's name,
# two expressions that must be equal then, and the facts that this rests on.


def differentiation(node: Tree, after: Tree, claim: Claim) -> Instances:
    if node[0] != "d":
        return
    _, e, x = node
    # df/dX[a] = 0 where f does not read X
    if not claim.depends(e):
        yield "independent", after, ZERO, ()
    match e:
        # dX[i,j]/dX[a,b] = [i==a]*[j==b]
        case "entry", tensor, at if tensor == x[1]:
            deltas = (("compare", "==", ("val", i), ("val", a)) for i, a in zip(at, x[2], strict=True))
            yield "same tensor", after, mul(*deltas), ()
        # d(O[i])/dX[a] = [0<=i<I]*d(f(i))/dX[a] where O[i] = f(i), without a guard that holds plainly
        case "entry", tensor, at if tensor in claim.equations:
            body, held, facts = claim.unfold(tensor, at)
            guards = (("in", i, claim.extent(tensor, k)) for k, i in enumerate(at) if held[k] is None)
            yield "definition", after, mul(*guards, ("d", body, x)), facts
        # d(sum[i] f)/dX[a] = sum[i] df/dX[a]; d(f + g)/dX[a] = df/dX[a] + dg/dX[a]
        case "sum", over, f:
            yield "linearity", after, ("sum", over, ("d", f, x)), ()
        case "add", terms:
            yield "linearity", after, add(*(("d", t, x) for t in terms)), ()
        # d(max[p] f(p))/dX[a] = sum[p] [p==argmax[q] f(q)]*df(p)/dX[a]
        case "select", over, f:
            other = substitute(f, {p: name(f"{p}'") for p, _ in over})
            won = ("winner", tuple((f"{p}'", n) for p, n in over), other, tuple(name(p) for p, _ in over))
            tie = ("convention", "the first winner in row-major order takes the whole derivative")
            yield "selection", after, ("sum", over, mul(won, ("d", f, x))), (tie,)
        # d(cases(cond, f, g))/dX[a] = cases(cond, df/dX[a], dg/dX[a]), 0 where neither f nor g reads X
        case "cases", condition, f, g:
            yield "cases", after, ("cases", condition, ("d", f, x), ("d", g, x)), ()
            if not claim.depends(f) and not claim.depends(g):
                yield "cases", after, ZERO, ()
        # the derivative of a guard counts as 0
        case "compare" | "in" | "divides" | "winner", *_:
            yield "cases", after, ZERO, ()


def arithmetic(node: Tree, after: Tree, claim: Claim) -> Instances:
    match node:
        # d(f*g)/dX[a] = df/dX[a]*g + f*dg/dX[a]; d(c*f)/dX[a] = c*df/dX[a] where c does not read X
        case "d", ("mul", items), x:
            terms = (mul(*items[:k], ("d", f, x), *items[k + 1 :]) for k, f in enumerate(items))
            yield "product rule", after, add(*terms), ()
            for still in subsets([k for k, f in enumerate(items) if not claim.depends(f)]):
                rest = mul(*(f for k, f in enumerate(items) if k not in still))
                yield "constant factor", after, mul(*(items[k] for k in still), ("d", rest, x)), ()
        # d(f/g)/dX[a] = (df/dX[a])/g - f*(dg/dX[a])/g^2, where f does not read X without the first term
        case "d", ("div", f, g), x:
            first, second = ("div", ("d", f, x), g), minus(("div", mul(f, ("d", g, x)), power(g, 2)))
            yield "quotient rule", after, add(first, second) if claim.depends(f) else second, ()
            if not claim.depends(g):
                yield "constant factor", after, first, ()
        # d(f^n)/dX[a] = n*f^(n-1)*df/dX[a] where n does not read X
        case "d", ("pow", f, n), x if not claim.depends(n):
            less = ("num", n[1] - n[2], n[2]) if n[0] == "num" else add(n, MINUS)
            yield "power rule", after, mul(n, ("pow", f, less), ("d", f, x)), ()
        # d(f(u))/dX[a] = f'(u)*du/dX[a]
        case "d", ("fn", f, u), x:
            yield "chain rule", after, mul(DERIVATIVES[f](u), ("d", u, x)), ()
        # d(max(f,g))/dX[a] = [g<f]*df/dX[a] + [f<=g]*dg/dX[a]; likewise min, where f counts at a tie
        case "d", ("max" | "min" as kind, f, g), x:
            one, other = (("<", g, f), ("<=", f, g)) if kind == "max" else (("<=", f, g), ("<", g, f))
            sides = add(mul(("compare", *one), ("d", f, x)), mul(("compare", *other), ("d", g, x)))
            meet = f"where {kind}(f, g) meet, {'g' if kind == 'max' else 'f'}'s derivative counts"
            yield "maximum", after, sides, (("convention", meet),)


DERIVATIVES: dict[str, Callable[[Tree], Tree]] = {
    "exp": lambda z: ("fn", "exp", z),
    "log": lambda z: ("div", ONE, z),
    "sqrt": lambda z: ("div", ONE, mul(number(2), ("fn", "sqrt", z))),
    "sin": lambda z: ("fn", "cos", z),
    "cos": lambda z: minus(("fn", "sin", z)),
    "tanh": lambda z: add(ONE, minus(power(("fn", "tanh", z), 2))),
    "sigmoid": lambda z: mul(("fn", "sigmoid", z), add(ONE, minus(("fn", "sigmoid", z)))),
}


def sums(node: Tree, after: Tree, claim: Claim) -> Instances:
    # a*(sum[i] b) = sum[i] a*b; sum[i] sum[j] b = sum[i,j] b; the other way round where a does not depend on i
    yield from (("merge sums", after, e, ()) for e in gathered(node))
    yield from (("pull out", node, e, ()) for e in gathered(after))
    # a*(b + c) = a*b + a*c; the other way round, also where b and c are numbers; -(a - b) = b - a
    yield from (("distribute", after, e, ()) for e in multiplied(node))
    if node[0] == "add" and (after[0] in ("mul", "div") or after == ZERO):
        for terms in islice(product(*((t, *multiplied(t)) for t in node[1])), HIGHEST):
            yield from (("factor out", add(*terms), e, ()) for e in (after, *multiplied(after)))
    # sum[i] a*b + sum[i] a*c = sum[i] a*(b + c)
    for one in joined(node[1]) if node[0] == "add" else ():
        yield from (("factor out", one, e, ()) for e in (after, *spread(after)))
    for k, (f, n) in enumerate(items := factors(node)):
        if f[0] == "add" and n == 1 and len(items) > 1:
            yield "factor out", after, minus(of([*items[:k], (add(*map(minus, f[1])), 1), *items[k + 1 :]])), ()
    match node:
        case "sum", over, ("sum", inner, body):
            yield "merge sums", after, ("sum", over + inner, body), ()
        # sum[i] (b + c) = sum[i] b + sum[i] c
        case "sum", over, ("add", terms):
            yield "distribute", after, add(*(("sum", over, t) for t in terms)), ()


def joined(terms: tuple[Tree, ...]) -> Iterator[Tree]:
    """Terms with two sums over the same ranges as one, which runs over the names of the first."""
    numbered = [(k, [f for f in factors(t) if f[0][0] != "num"]) for k, t in enumerate(terms)]
    sums = [
        (k, found[0][0]) for k, found in numbered if len(found) == 1 and found[0][1] == 1 and found[0][0][0] == "sum"
    ]
    for (k, (_, over, f)), (m, (_, own, g)) in combinations(sums, 2):
        numbers = [mul(*(power(*c) for c in factors(terms[j]) if c[0][0] == "num")) for j in (k, m)]
        rest = [t for j, t in enumerate(terms) if j not in (k, m)]
        for order in orders(own) if len(over) == len(own) else ():
            if all(same(x, y) for (_, x), (_, y) in zip(over, order, strict=True)):
                called = {n: name(new) for (new, _), (n, _) in zip(over, order, strict=True)}
                both = [mul(c, e) for c, e in zip(numbers, (f, substitute(g, called)), strict=True)]
                for pair in product(*((e, *multiplied(e)) for e in both)):
                    yield add(*rest, ("sum", over, add(*pair)))


def spread(e: Tree) -> Iterator[Tree]:
    """A term that is a sum of products, the products multiplied out."""
    terms = e[1] if e[0] == "add" else (e,)
    for k, t in enumerate(terms):
        for body in multiplied(t[2]) if t[0] == "sum" else ():
            yield add(*terms[:k], ("sum", t[1], body), *terms[k + 1 :])


def orders(over: Tree) -> Iterator[Tree]:
    """The orders of a sum's indices; the one that it has where there are many."""
    return permutations(over) if len(over) <= 5 else iter((over,))


def gathered(e: Tree) -> Iterator[Tree]:
    for k, (f, n) in enumerate(items := factors(e)):
        if f[0] == "sum" and n == 1 and len(items) > 1:
            yield "sum", f[1], of(items[:k] + factors(f[2]) + items[k + 1 :])


def multiplied(e: Tree) -> Iterator[Tree]:
    for k, (f, n) in enumerate(items := factors(e)):
        if f[0] == "add" and n == 1 and len(items) > 1:
            yield add(*(of(items[:k] + factors(t) + items[k + 1 :]) for t in f[1]))


def indexed(node: Tree, after: Tree, claim: Claim) -> Instances:
    if node[0] != "sum":
        return
    _, over, body = node
    # sum[i] [i==a]*f(i) = [0<=a<I]*f(a), where [h==s*i+r] = [i==(h-r)/s] and s >= 1
    for k, (f, n) in enumerate(items := factors(body)):
        for (i, extent), (left, right) in product(over, sides(f) if n > 0 else ()):
            for value, facts in solved(left, right, i):
                rest = substitute(of(items[:k] + items[k + 1 :]), {i: value})
                kept, known = tuple(b for b in over if b[0] != i), exact_in(value)
                found = ("sum", kept, mul(("in", value, extent), rest))
                if known:
                    yield "contract a delta", settled(aligned(after, kept), known), settled(found, known), facts
                yield "contract a delta", after, found, facts
        # sum[i,p<K] [K*i+p==a]*f(i,p) = [0<=a//K<I]*f(a//K,a%K) where K >= 1
        for pair in sides(f) if n > 0 else ():
            for (i, extent), (p, width), a, facts in divided(over, *pair):
                value, rest = ("floor", a, width), of(items[:k] + items[k + 1 :])
                rest = substitute(rest, {i: value, p: ("mod", a, width)})
                kept = tuple(b for b in over if b[0] not in (i, p))
                yield "divide with a rest", after, ("sum", kept, mul(("in", value, extent), rest)), facts
    # sum[p<K] f(p) = sum[p<K] f(K-1-p)
    for chosen in subsets(over):
        turned = {p: add(n, MINUS, minus(name(p))) for p, n in chosen}
        yield "reverse", after, ("sum", over, substitute(body, turned)), ()


def means(node: Tree, after: Tree, claim: Claim) -> Instances:
    if node[0] != "sum" or not equal(after, ZERO):
        return
    _, over, body = node
    # sum[n] a*(f(n) - m) = 0 where m = (sum[n<N] f(n))/N by an equation and a does not depend on n
    for k, (f, n) in enumerate(items := factors(body)):
        own = tuple(b for b in over if name(b[0]) in inside(f))
        rest = [e for j, (g, _) in enumerate(items) if j != k for e in inside(g)]
        if f[0] != "add" or n != 1 or not own or any(name(i) in rest for i, _ in own):
            continue
        for m in (t[1][1] for t in f[1] if t[0] == "mul" and t[1][:1] == (MINUS,) and len(t[1]) == 2):
            if m[0] == "entry" and m[1] in claim.equations and not any(name(i) in inside(m) for i, _ in own):
                mean, held, facts = claim.unfold(m[1], m[2])
                if None not in held:
                    count = mul(*(("val", extent) for _, extent in own))
                    yield "deviations", mean, ("div", ("sum", own, add(f, m)), count), facts


def sides(e: Tree) -> list[tuple[Tree, Tree]]:
    """The two integer sides of [i==a]."""
    match e:
        case "compare", "==", *both if all(s[0] == "val" or (s[0] == "num" and s[2] == 1) for s in both):
            left, right = (s[1] if s[0] == "val" else add(mul(s)) for s in both)
            return [(left, right)]
    return []


def solved(left: Tree, right: Tree, i: str) -> Iterator[tuple[Tree, Facts]]:
    """left == right as i == value, by a divisor that is a number or a product of symbols from 1 up."""
    terms = [t[1] for t in left[1]] + [(MINUS, *t[1]) for t in right[1]]
    slope = add(*(mul(*(a for a in t if a != name(i))) for t in terms if name(i) in t))
    rest = add(*(mul(*t) for t in terms if name(i) not in t))
    if any(t.count(name(i)) > 1 for t in terms) or name(i) in inside(add(slope, rest)):
        return
    match list(poly(slope, {}, True).items()):
        case [(monomial, c)] if (abs(c) == 1 or not monomial) and all(NAME.match(a) for a, _ in monomial):
            divisor = mul(number(abs(int(c))), *(power(name(a), n) for a, n in monomial))
            yield ("exact", minus(rest) if c > 0 else rest, divisor), tuple(("minimum", a, 1) for a, _ in monomial)


def aligned(e: Tree, over: Tree) -> Tree:
    """A sum with its bound names called as in other binders, as many as it has."""
    if e[0] != "sum" or len(e[1]) != len(over):
        return e
    names = {own: name(n) for (n, _), (own, _) in zip(over, e[1], strict=True)}
    return ("sum", tuple((n, x) for (n, _), (_, x) in zip(over, e[1], strict=True)), substitute(e[2], names))


def exact_in(e: Tree) -> list[Tree]:
    """The exact quotients in an index: where a bracket about it is not 0, they leave no rest."""
    found = [(n, [*poly(add(mul(n)), {}, True).items()]) for n in inside(e) if n[0] == "exact"]
    return [n for n, p in found if len(p) == 1 and p[0][1] == 1 and [a[:7] for a, _ in p[0][0]] == ["exact:("]]


def settled(e: Tree, known: list[Tree]) -> Tree:
    """The expression with quotients that leave no rest as names: like any integer they may cancel."""
    for k, q in enumerate(known if e[0] == "exact" else ()):
        if same(add(mul(e)), add(mul(q))):
            return name(f"{k}!")

    def change(kind: str, v: Any) -> Any:
        return tuple((n, settled(i, known)) for n, i in v) if kind == "b" else settled(v, known)

    return changed(e, change, "eEiIbr") if known else e


def divided(over: Tree, left: Tree, right: Tree) -> Iterator[tuple[Tree, Tree, Tree, Facts]]:
    """left == right as K*i+p == a, with an integer a and K a product of a number and symbols from 1 up."""
    for (i, extent), (p, width), turned in product(over, over, (False, True)):
        one, other = (right, left) if turned else (left, right)
        a = add(other, minus(one), mul(width, name(i)), name(p))
        free = substitute(a, {i: add(), p: add()})
        facts = at_least_one(width)
        if facts is not None and i != p and same(a, free) and whole_number(free):
            yield (i, extent), (p, width), free, facts


def at_least_one(i: Tree) -> Facts | None:
    """What it rests on that an index is 1 or more: a product of a number and symbols from 1 up; None for any other."""
    match list(poly(i, {}, True).items()):
        case [(monomial, c)] if c > 0 and all(NAME.match(n) for n, _ in monomial):
            return tuple(("minimum", n, 1) for n, _ in monomial)
    return None


def whole_number(i: Tree) -> bool:
    """Whether an index is an integer whatever its names are."""
    return ":" not in show(poly(i, {}, True))


def reindexed(node: Tree, after: Tree, claim: Claim) -> Instances:
    if node[0] != "sum":
        return
    _, over, body = node
    # sum[k<G*K] f(k,k//K,k%K) = sum[g<G,k<K] f(g*K+k,g,k) where K >= 1
    extents = [n for _, n in after[1]] if after[0] == "sum" else []
    for (k, extent), blocks, width in product(over, extents, extents):
        sized = () if same(extent, mul(blocks, width)) else tuple(n for n in claim.sizes if name(n) in inside(extent))
        whole = substitute(extent, {n: claim.sizes[n] for n in sized})
        if same(whole, mul(blocks, width)) and (facts := at_least_one(width)) is not None:
            facts += tuple(("size", n) for n in sized)
            block, place = f"{k}/", f"{k}%"
            value = add(mul(name(block), width), name(place))
            apart = with_value(substitute(body, {k: value}), ("floor", value, width), name(block))
            apart = with_value(apart, ("mod", value, width), name(place))
            binders = instead(over, k, (block, blocks), (place, width))
            yield "block by block", after, ("sum", binders, apart), facts
    # sum[i<I] Y[i]*X[(i-r)/s] = sum[h<H] Y[s*h+r]*X[h] where s >= 1
    for (i, value, s), (h, extent), facts in windows(over, factors(body), claim):
        at_h = with_value(substitute(body, {i: value}), ("exact", mul(s, name(h)), s), name(h))
        yield "whole windows", after, ("sum", instead(over, i, (h, extent)), at_h), facts


def instead(over: Tree, i: str, *new: tuple[str, Tree]) -> Tree:
    """Binders with others in place of one."""
    return tuple(chain.from_iterable(new if b[0] == i else (b,) for b in over))


def windows(over: Tree, items: list[Factor], claim: Claim) -> Iterator[tuple[Tree, Tree, Facts]]:
    """(i, s*h+r, s) and (h, H) where one tensor is read at i, all along its axis, and one of H entries at (i-r)/s."""
    if not all(total(f) and n > 0 for f, n in items):
        return
    places = [(f[1].removeprefix("dE/d"), k, i) for f, n in items if f[0] == "entry" for k, i in enumerate(f[2])]
    axes = [(i, n, ("extent", t, k)) for t, k, i in places if (n := claim.tensors[t][k]) is not None]
    for (i, extent), (whole, run, along), (read, new, held) in product(over, axes, axes):
        if only(whole) != name(i) or not same(run, extent):
            continue
        top, s = only(read)[1:] if only(read)[0] == "exact" else (read, ONE)
        rest, h = add(name(i), minus(top)), f"{i}'"
        free, facts = substitute(rest, {i: add()}), at_least_one(s)
        if facts is not None and same(rest, free) and whole_number(free) and not same(read, whole):
            yield (i, add(mul(s, name(h)), free), s), (h, new), (along, held, *facts)


def guards(node: Tree, after: Tree, claim: Claim) -> Instances:
    items = factors(node)
    # [0<=e<N] = 1 where 0 <= e and e <= N-1 follow from the ranges of the indices
    match node:
        case "in", i, n if only(i)[0] != "floor":
            yield "range", after, ONE, (("range", i, n),)
        # [0<=e//K<N] = [0<=e<K*N] where K >= 1
        case "in", i, n if (facts := at_least_one(only(i)[2])) is not None:
            yield "range", after, ONE, (("range", only(i)[1], mul(only(i)[2], n)), *facts)
    # cases(cond, f, 0) = [cond]*f
    if node[0] == "cases" and node[1][0] in ("compare", "in", "divides") and equal(node[3], ZERO):
        yield "zero branch", after, mul(node[1], node[2]), ()
    # [q==a//W]*[r==a%W] = [q*W+r==a] where 0 <= r < W
    found = [(k, *pair) for k, (f, n) in enumerate(items) if n > 0 for s in sides(f) for pair in (s, s[::-1])]
    for (k, q, quotient), (m, r, remainder) in product(found, repeat=2):
        match only(quotient), only(remainder):
            case ("floor", a, w), ("mod", b, v) if same(a, b) and same(w, v):
                joined = ("compare", "==", ("val", add(mul(q, w), r)), ("val", a))
                rest = of(g for j, g in enumerate(items) if j not in (k, m))
                yield "mixed radix", after, mul(joined, rest), (("range", r, w),)
    # [0<=e<N]*X[e] = X[e]: a read that is not integral or not in range is 0, where no other factor is undefined
    if not claim.factor and all(total(f) if n > 0 else f[0] in ("val", "num") for f, n in items):
        for (k, (guard, _)), (read, n) in product(enumerate(items), items):
            for axis, i in enumerate(read[2] if (guard[0], read[0], n) == ("in", "entry", 1) else ()):
                tensor = read[1].removeprefix("dE/d")
                extent = claim.tensors[tensor][axis]
                if extent is not None and same(i, guard[1]) and same(extent, guard[2]):
                    yield "zero outside", after, of(items[:k] + items[k + 1 :]), (("extent", tensor, axis),)


def divisions(node: Tree, after: Tree, claim: Claim) -> Instances:
    items = factors(node)
    # [0<=a/s<I]*f(s*(a/s)) = [0<=a/s<I]*f(a)
    for guard in (f for f, n in items if f[0] == "in" and n > 0 and only(f[1])[0] == "exact"):
        whole = [(f if f is guard else undone(f, only(guard[1])), n) for f, n in items]
        known = exact_in(only(guard[1])[1])
        if whole != items:
            yield "undo a division", settled(after, known), settled(of(whole), known), ()
    # [a/s==b] = [a==s*b] where s >= 1
    for one, other in (pair for both in sides(node) for pair in (both, both[::-1])):
        match only(one):
            case "exact", a, s if (facts := at_least_one(s)) is not None:
                yield "clear a quotient", after, ("compare", "==", ("val", a), ("val", add(mul(s, other)))), facts


def undone(e: Tree, quotient: Tree) -> Tree:
    """An expression with every index s*(a/s) + r made a + r; a maximum is left as it is."""
    if any(node[0] in ("select", "winner") for node in inside(e)):
        return e

    def without(kind: str, v: Tree) -> Tree:
        return changed(v, without, "eEiI") if kind == "e" else multiplied_out(v, quotient)

    return without("e", e)


def multiplied_out(i: Tree, quotient: Tree) -> Tree:
    """An index s*(a/s) + r as a + r, where s is all that multiplies the quotient itself; else the index."""
    _, a, s = quotient
    with_it = [t for t in i[1] if sum(same(add(mul(f)), add(mul(quotient))) for f in t[1]) == 1]
    others = (mul(*(f for f in t[1] if not same(add(mul(f)), add(mul(quotient))))) for t in with_it)
    return add(*(t for t in i[1] if t not in with_it), a) if with_it and same(add(*others), s) else i


def with_value(e: Tree, quotient: Tree, value: Tree) -> Tree:
    """An expression or index with a value in place of a quotient or remainder."""

    def change(kind: str, v: Any) -> Any:
        return tuple((n, change("i", i)) for n, i in v) if kind == "b" else with_value(v, quotient, value)

    if e[0] == quotient[0] and all(map(same, e[1:], quotient[1:])):
        return value
    return changed(e, change, "eEiIbr")


def only(i: Tree) -> Tree:
    """The name, quotient, remainder or entry that an index consists of; itself where it is more."""
    match i:
        case "add", (("mul", (("num", 1, 1), a)),):
            return tuple(a)
    return i


def total(e: Tree) -> bool:
    """Whether an expression has a value whatever its reads are."""
    match e:
        case "val", i if exact_in(i):
            return False
        case "sum", over, _ if any(exact_in(n) for _, n in over):
            return False
        case ("div" | "select" | "winner" | "apply", *_) | ("fn", "log" | "sqrt", _):
            return False
        case "pow", _, n if n[0] != "num" or n[1] < 0 or n[2] != 1:
            return False
    return all(total(p) for p in parts(e))


def quotients(node: Tree, after: Tree, claim: Claim) -> Instances:
    items = factors(node)
    # a*(b/c) = a*b/c
    if node[0] == "mul" and not single(node) and single(after):
        yield "one quotient", after, node, ()
    # f/(c+f)^n = 1/(c+f)^(n-1) - c/(c+f)^n
    for (k, (base, n)), (m, (f, exponent)) in product(enumerate(items), repeat=2):
        if base[0] == "add" and n <= -2 and exponent == 1 and k != m:
            split = add(power(base, n + 1), minus(mul(add(base, minus(f)), power(base, n))))
            rest = (g for j, g in enumerate(items) if j not in (k, m))
            yield "complete the denominator", after, of([(split, 1), *rest]), ()
    match node:
        # exp(a - b) = exp(a)/exp(b)
        case "fn", "exp", ("add", terms):
            for less in subsets(range(len(terms))):
                above = add(*(t for k, t in enumerate(terms) if k not in less))
                below = add(*(minus(terms[k]) for k in less))
                yield "exponential", after, ("div", ("fn", "exp", above), ("fn", "exp", below)), ()
        # log(a/exp(b)) = log(a) - b
        case "fn", "log", ("div", a, ("fn", "exp", b)):
            yield "logarithm", after, add(("fn", "log", a), minus(b)), ()
        # (a/c)/(b/c) = a/b; a - (b - c) = a - b + c and a - a = 0
        case "div", f, g if "div" in (f[0], g[0]) and single(after):
            yield "cancel", after, node, ()
        case "add", terms:
            opened = [u for t in terms for u in (map(minus, t[1][1][1]) if negated_sum(t) else (t,))]
            for k, m in combinations(range(len(opened)), 2):
                if equal(opened[k], minus(opened[m])):
                    yield "cancel", after, add(*(t for j, t in enumerate(opened) if j not in (k, m))), ()


def single(e: Tree) -> bool:
    """Whether a product has no quotient among its factors, or is one, perhaps times a number."""
    match e:
        case "div", f, g:
            return "div" not in (f[0], g[0])
        case "mul", items:
            heads = [f[0] for f in items]
            return "div" not in heads or heads == ["num", "div"]
    return True


def negated_sum(e: Tree) -> bool:
    return e[0] == "mul" and e[1][:1] == (MINUS,) and len(e[1]) == 2 and e[1][1][0] == "add"


def names(node: Tree, after: Tree, claim: Claim) -> Instances:
    # f(i) = O[i] where the operation says O[i] = f(i) and i is plainly in range; the other way round
    yield from (("fold", node, e, facts) for e, facts in claim.unfolded(after))
    yield from (("unfold", after, e, facts) for e, facts in claim.unfolded(node))
    # sum[i,j] a*f = sum[i] a*O where it says O = sum[j] f
    match node, after:
        case ("sum", whole, body), ("sum", over, read):
            for e, facts in claim.under(over).unfolded(read):
                for _, inner, f in gathered(e):
                    yield from (("fold", ("sum", o, body), ("sum", over + inner, f), facts) for o in orders(whole))
    # f(i) = name[i] where name[i] = f(i) is a definition
    for k, (f, n) in enumerate(items := factors(after)):
        body, facts = claim.open(f)
        if facts and n == 1 and body[0] != "entry":
            yield "name", node, of(items[:k] + factors(body) + items[k + 1 :]), facts
    # X[K-1-p] = rot180(X)[p]; X[i/s] = stuffed(X)[i]: names for reads, in a whole sum at once
    match node, after:
        case ("sum", *_), ("sum", over, body):
            opened = [(*claim.open(f), n) for f, n in factors(body)]
            facts = together(facts for _, facts, _ in opened)
            if facts and all(f[0] == "entry" for f, _, _ in opened):
                yield "introduce", node, ("sum", over, of((f, n) for f, _, n in opened)), facts
    # [0<=T[n]<C] = 1 for all n, and sum[c] T[n,c] = 1 for all n in range, by hypothesis
    law, at = {"in": "labels", "sum": "hypothesis"}.get(node[0], ""), [i for e in inside(node) for i in fields(e, "I")]
    for k, (over, f) in enumerate(claim.hypotheses if law and equal(after, ONE) else ()):
        fits = f[0] == node[0] and all((n is None) is (law == "labels") for _, n in over)
        for chosen in product(at, repeat=len(over)) if fits and len(at) ** len(over) < MOST_TERMS else ():
            held = [() if n is None else claim.plain(i, n) for (_, n), i in zip(over, chosen, strict=True)]
            values = {n: i for (n, _), i in zip(over, chosen, strict=True)}
            if None not in held:
                yield law, node, substitute(f, values), (("hypothesis", k), *together(held))


def together(held: Iterable[Facts | None]) -> Facts:
    return tuple(fact for facts in held for fact in facts or ())


def subsets(items: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The subsets that are not empty, the largest first; only the largest where there are many."""
    whole = tuple(items)
    sizes = range(len(whole), 0, -1) if len(whole) <= 8 else (len(whole),)
    return chain.from_iterable(combinations(whole, n) for n in sizes)


FAMILIES = {
    differentiation: "independent, same tensor, definition, linearity, selection, cases",
    arithmetic: "product rule, constant factor, quotient rule, power rule, chain rule, maximum",
    sums: "merge sums, pull out, distribute, factor out",
    indexed: "contract a delta, divide with a rest, reverse",
    reindexed: "block by block, whole windows",
    means: "deviations",
    guards: "range, mixed radix, zero outside, zero branch",
    divisions: "undo a division, clear a quotient",
    quotients: "one quotient, complete the denominator, exponential, logarithm, cancel",
    names: "fold, unfold, name, introduce, labels, hypothesis",
}
LAWS = {law: family for family, laws in FAMILIES.items() for law in laws.split(", ")}


# -- certificates ------------------------------------------------------------------------------------------------------


class Claim(Reader):
    """What a certificate states, and where a move is made: `here` holds the extents of the indices in force there,
    `factor` says whether the node is a factor of a larger product, whose other factors its guards may protect.
    """

    def __init__(self, stated: list[Any]) -> None:
        tensors, equations, gradient, definitions, hypotheses, sizes, minima, conventions = stated
        super().__init__({t: len(listed(axes)) for t, axes in table(tensors).items()})
        self.tensors: dict[str, list[Tree | None]] = {
            t: [n if n is None else self.field("i", n, {}) for n in axes] for t, axes in tensors.items()
        }
        _, self.output, self.wrt, at = self.node(gradient, {}, STATEMENTS)
        self.free = {i: axis for axis, i in enumerate(at)}
        self.here: dict[str, Tree | None] = {}
        self.factor = False
        self.moving, self.seen = {self.wrt}, {self.wrt}
        self.equations = dict(self.equation(*self.node(e, {}, STATEMENTS)[1:]) for e in listed(equations))
        self.ranks[f"dE/d{self.output}"] = self.ranks[self.output]
        made = [self.node(d, {}, STATEMENTS)[1:] for d in listed(definitions)]
        self.definitions = {d: ((*inputs, *arguments, *at), body) for d, inputs, arguments, at, body in made}
        self.hypotheses = [self.node(h, {}, STATEMENTS)[1:] for h in listed(hypotheses)]
        self.sizes = {n: self.field("i", i, {}) for n, i in table(sizes).items()}
        self.minima = {n: integer(least) for n, least in table(minima).items()}
        self.conventions = listed(conventions)
        expect(all(isinstance(c, str) for c in self.conventions), "words", conventions)
        self.closed = True

    def equation(self, target: str, names: Tree, body: Tree) -> tuple[str, tuple[Tree, Tree]]:
        for node in inside(body):
            if node[0] == "entry" and any(self.depends(i) for i in node[2]):
                raise Refuted(f"derives through an index of {node[1]}")
        self.moving |= {target} if self.depends(body) else set()
        return target, (names, body)

    @property
    def facts(self) -> set[Tree]:
        """Everything stated; the proof must rest on exactly that."""
        named = {"equation": self.equations, "definition": self.definitions, "size": self.sizes}
        return {
            *(("extent", t, k) for t, axes in self.tensors.items() for k, n in enumerate(axes) if n is not None),
            *((kind, n) for kind, names in named.items() for n in names),
            *(("hypothesis", k) for k in range(len(self.hypotheses))),
            *(("minimum", n, least) for n, least in self.minima.items()),
            *(("convention", words) for words in self.conventions),
        }

    def chain_rule(self) -> tuple[Tree, Facts]:
        """sum[i] dE/dO[i] * d(O[i])/dX[a]"""
        axes = range(self.ranks[self.output])
        over = tuple((f"o{k}#", self.extent(self.output, k)) for k in axes)
        at, by = tuple(name(n) for n, _ in over), ("entry", self.wrt, tuple(map(name, self.free)))
        body = mul(("entry", f"dE/d{self.output}", at), ("d", ("entry", self.output, at), by))
        return ("sum", over, body), tuple(("extent", self.output, k) for k in axes)

    def extent(self, tensor: str, axis: int) -> Tree:
        found = self.tensors[tensor][axis]
        if found is None:
            raise Refuted(f"needs the extent of axis {axis} of {tensor}, which is not stated")
        return found

    def bound(self, i: str) -> Facts:
        """What the extent of an index in force rests on."""
        return (("extent", self.wrt, self.free[i]),) if i in self.free else ()

    def plain(self, i: Tree, extent: Tree) -> Facts | None:
        """What it rests on that an index is one name in force with that extent; None where it is not."""
        match only(i):
            case "name", n if (own := self.here.get(n)) is not None and same(own, extent):
                return self.bound(n)
        return None

    def depends(self, e: Tree) -> bool:
        return any((n[0] == "entry" and n[1] in self.moving) or n[0] == "apply" for n in inside(e))

    def unfold(self, target: str, at: Tree) -> tuple[Tree, list[Facts | None], Facts]:
        """What an equation says of an entry, which of its indices are plainly in range, and what that rests on."""
        names, body = self.equations[target]
        held = [self.plain(i, self.extent(target, axis)) for axis, i in enumerate(at)]
        facts = (("equation", target), *(("extent", target, axis) for axis in range(len(at))), *together(held))
        return substitute(body, dict(zip(names, at, strict=True))), held, facts

    def unfolded(self, e: Tree) -> Iterator[tuple[Tree, Facts]]:
        """A product with one entry of an equation unfolded."""
        for k, (f, n) in enumerate(items := factors(e)):
            if f[0] == "entry" and n >= 1 and f[1] in self.equations:
                body, held, facts = self.unfold(f[1], f[2])
                if None not in held:
                    yield of([*items[:k], (f, n - 1), *factors(body), *items[k + 1 :]]), facts

    def under(self, over: Tree) -> Claim:
        """The claim below binders."""
        found = copy(self)
        found.here = {**self.here, **dict(over)}
        return found

    def open(self, e: Tree) -> tuple[Tree, Facts]:
        """What a definition says of a named result; anything else stays itself."""
        if e[0] != "apply":
            return e, ()
        names, body = self.definitions[e[1]]
        return substitute(body, dict(zip(names, (*e[2], *e[3], *e[4]), strict=True))), (("definition", e[1]),)

    def line(self, v: Any) -> Tree:
        return self.node(v, {i.split("#")[0]: i for i in self.free})

    def move(self, law: str, line: Tree, data: Any) -> tuple[Tree, Facts]:
        """The line after a move and what the move rests on."""
        at, to, new, witness = record(data, "at to line", "range")
        node, kept, self.factor = line, False, False
        self.here = {i: self.tensors[self.wrt][axis] for i, axis in self.free.items()}
        for k in listed(at):
            expect(0 <= integer(k) < len(parts(node)), "a position in the line", at)
            self.here.update(node[1] if "b" in FIELDS[node[0]] else ())
            kept |= node[0] in ("select", "winner")
            self.factor = node[0] in ("mul", "div", "pow")
            node = parts(node)[k]
        scope = {i.split("#")[0]: i for i in self.here}
        after, claimed = self.node(to, scope), self.line(new)
        facts = next((f for own, a, b, f in LAWS[law](node, after, self) if own == law and equal(a, b)), None)
        if facts is None:
            raise Refuted("is no instance of the law")
        if kept and reads(node, {}) != reads(after, {}):
            raise Refuted("changes what is read inside a maximum")
        if not equal(put(line, at, after), claimed):
            raise Refuted("does not give its line")
        ranges = [f[1:] for f in facts if f[0] == "range"]
        if bool(ranges) is not ("range" in data):
            raise Refuted("needs a witness of a range" if ranges else "has a witness of no range")
        proofs = [self.witness(i, n, witness, scope) for i, n in ranges]
        return claimed, (*(f for f in facts if f[0] != "range"), *together(proofs))

    def witness(self, i: Tree, extent: Tree, data: Any, scope: Scope) -> Facts:
        """What 0 <= i and 0 <= extent-1-i rest on, each a sum of products of what is not negative."""
        facts: Facts = ()
        expect(len(listed(data)) == 2, "two bounds", data)
        for bound, terms in zip((i, add(extent, MINUS, minus(i))), data, strict=True):
            found = [(integer(c), [self.not_negative(f, scope) for f in fs]) for c, *fs in map(listed, listed(terms))]
            expect(all(c > 0 for c, _ in found), "positive coefficients", terms)
            proof = add(*(mul(number(c), *(f for f, _ in fs)) for c, fs in found))
            facts += together([rests for _, fs in found for _, rests in fs])
            if not same(bound, proof):
                if not same(substitute(bound, self.sizes), substitute(proof, self.sizes)):
                    raise Refuted("has a witness that does not add up to its bound")
                facts += tuple(("size", n) for n in self.sizes if name(n) in inside(add(bound, proof)))
        return facts

    def not_negative(self, v: Any, scope: Scope) -> tuple[Tree, Facts]:
        """A factor x >= 0, N-1-x >= 0 of an index x < N, or x-m >= 0 of a symbol that is at least m."""
        match v:
            case str():
                x = self.name(v, scope)
                return x, () if x[1] in self.here else (("minimum", x[1], 0),)
            case ["below", i] if (extent := self.here.get((x := self.name(i, scope))[1])) is not None:
                return add(extent, MINUS, minus(x)), self.bound(x[1])
            case ["above", i, m] if integer(m) > 0 and (x := self.name(i, scope))[1] not in self.here:
                return add(x, number(-m)), (("minimum", x[1], m),)
        raise Refuted("has a witness with a factor that may be negative")


def examine(data: Any) -> tuple[Claim, set[Tree]]:
    """The claim, and what the proof rests on. Raises: Malformed, Refuted."""
    form, start, steps, *stated = record(data, f"format start steps {STATED}")
    expect(form == FORMAT, json.dumps(FORMAT), form)
    claim = Claim(stated)
    line, (first, facts) = claim.line(start), claim.chain_rule()
    if not equal(line, first):
        raise Refuted("the first line is not the chain rule")
    needed = {*facts}
    for s, step in enumerate(listed(steps), 1):
        law, moves = record(step, "law moves")
        expect(isinstance(law, str) and listed(moves), "a law and its moves", step)
        for m, move in enumerate(moves, 1):
            try:
                if law not in LAWS:
                    raise Refuted("is no known law")
                line, facts = claim.move(law, line, move)
            except (Malformed, Refuted) as error:
                raise type(error)(f"step {s} ({law[:60]}), move {m}: {error}") from None
            needed |= {*facts}
    if any(node[0] == "d" for node in inside(line)):
        raise Refuted("the last line still holds a derivative")
    least = sorted((f for f in needed if f[0] == "minimum"), key=lambda f: f[2])
    return claim, {f for f in needed if f[0] != "minimum"} | {*{f[1]: f for f in least}.values()}


def verdict(data: Any) -> str:
    """The proved claim in a line. Raises: Malformed, Refuted."""
    claim, needed = examine(data)
    for facts, words in ((needed - claim.facts, "is not stated"), (claim.facts - needed, "is not needed")):
        if facts:
            raise Refuted(f"{' '.join(map(str, min(facts, key=str)))} {words}")
    if unread := {*claim.tensors} - {t.removeprefix("dE/d") for t in claim.seen}:
        raise Refuted(f"tensor {min(unread)} is not needed")
    if len({*claim.conventions}) < len(claim.conventions):
        raise Refuted("a convention is stated twice")
    moves = sum(len(step["moves"]) for step in data["steps"])
    return f"dE/d{claim.wrt} of {claim.output} in {len(data['steps'])} steps, {moves} moves"


def verdicts(data: Any) -> str:
    """The claims of a certificate, or of every one of a list. Raises: Malformed, Refuted."""
    return "; ".join(map(verdict, data)) if isinstance(data, list) and data else verdict(data)


# -- files -------------------------------------------------------------------------------------------------------------


def load(path: str) -> Any:
    """The JSON of a file, without floats, huge numbers or repeated fields. Raises: Malformed."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        expect(len(content) <= MOST_BYTES, f"at most {MOST_BYTES} bytes", "more")
        return json.loads(content, parse_float=whole, parse_constant=whole, parse_int=whole, object_pairs_hook=unique)
    except (OSError, ValueError, RecursionError) as error:
        raise Malformed(f"cannot be read: {error}") from None


def whole(text: str) -> int:
    expect(re.fullmatch(r"-?[0-9]{1,20}", text), "an integer", text)
    return int(text)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    expect(len({n for n, _ in pairs}) == len(pairs), "each field once", [n for n, _ in pairs])
    return dict(pairs)


def main(paths: list[str]) -> int:
    """One line a file; 0 where all hold, 1 where one is refuted, 2 where one is no certificate."""
    if not paths or any(p.startswith("-") for p in paths):
        sys.stderr.write("usage: python -S -m derive.checker FILE...\n")
        return 2
    worst = 0
    for path in paths:
        try:
            code, words = 0, f"accepted: {verdicts(load(path))}"
        except Refuted as error:
            code, words = 1, f"refuted: {error}"
        except (Malformed, RecursionError) as error:
            code, words = 2, f"no certificate: {error}"
        sys.stdout.write(f"{path}: {' '.join(words.split())}\n")
        worst = max(worst, code)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
