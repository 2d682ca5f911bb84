"""The law of common factors: what the terms of a sum share, also where they are sums over indices themselves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, permutations

from derive.expressions.build import add, factors, in_order, mul, negative, product
from derive.expressions.expr import Add, Contract, Div, Expr, Mul, Num
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names, walk
from derive.laws.algebra import distributes
from derive.laws.law import Site, law

Powers = dict[Expr, int]


@law("factor out", "a*b + a*c = a*(b + c); sum[i] a*b + sum[i] a*c = sum[i] a*(b + c)")
def factor_out(node: Expr, site: Site) -> Expr | None:
    if isinstance(node, Add):
        return _common_factor(node.items, site) or _common_sum(node, site)
    return _sign_inward(node)


def _common_factor(terms: tuple[Expr, ...], site: Site, least: int = 1) -> Expr | None:
    """The terms as one product with what they share, where that is enough."""
    shown: dict[Expr, Expr] = {}
    lists = [_powers(t, shown) for t in terms]
    common: Powers = {}
    for base, n in lists[0].items():
        if not isinstance(base, Num) and all(other.get(base, 0) * n > 0 for other in lists[1:]):
            common[base] = min((other[base] for other in lists), key=abs)
    if len(common) < least:
        return None
    rests = ([(b, n - common.get(b, 0)) for b, n in parts.items() if n != common.get(b, 0)] for parts in lists)
    total = add(sorted((product(rest) for rest in rests), key=negative))
    if isinstance(total, Add) and distributes(total, site):
        return None  # it would be multiplied out again
    return product([*common.items(), (total, 1)])


def _powers(e: Expr, shown: dict[Expr, Expr]) -> Powers:
    """Factors with their exponents added up; `shown` has the first way in which each was written."""
    total: Powers = {}
    for base, n in factors(e):
        base = shown.setdefault(in_order(base), base)
        total[base] = total.get(base, 0) + n
    return total


def _common_sum(node: Add, site: Site) -> Expr | None:
    """Two terms that are sums over the same ranges, as one under which no more stands than under both."""
    sums = [(k, *found) for k, t in enumerate(node.items) if (found := _numbered_sum(t)) is not None]
    for (k, c, f), (m, d, g) in combinations(sums, 2):
        ways = (_common_factor((mul((c, f.body)), mul((d, b))), site.inside(f), 2) for b in _renamed(g, f))
        most = _length(f.body) + _length(g.body)
        bodies = [b for b in ways if b is not None and _length(b) <= most]
        if bodies:
            others = (t for j, t in enumerate(node.items) if j not in (k, m))
            return add((Contract(f.binders, min(bodies, key=_length)), *others))
    return None


def _length(e: Expr) -> int:
    """Nodes, products aside, as `derive.laws.termination` counts them."""
    return sum(not isinstance(n, Mul) for n in walk(e))


def _numbered_sum(e: Expr) -> tuple[Expr, Contract] | None:
    """A sum over indices and the number in front of it."""
    numbers, others = ([f for f in factors(e) if isinstance(f[0], Num) is number] for number in (True, False))
    match others:
        case [(Contract() as f, 1)]:
            return product(numbers), f
    return None


def _renamed(g: Contract, f: Contract) -> Iterator[Expr]:
    """The body of a sum, its indices called as those of another, in every way in which the ranges are the same."""
    if len(f.binders) != len(g.binders) or free_names(g) & {b.name for b in f.binders}:
        return
    for order in permutations(f.binders):
        if all(b.extent == own.extent for b, own in zip(order, g.binders, strict=True)):
            yield substitute(g.body, {own.name: index(b.name) for b, own in zip(order, g.binders, strict=True)})


def _sign_inward(node: Expr) -> Expr | None:
    """-(a - b) = b - a, positive terms first."""
    if not isinstance(node, Mul | Div):
        return None
    parts = factors(node)
    sign = [k for k, (f, n) in enumerate(parts) if isinstance(f, Num) and f.value < 0 and n == 1]
    for k, (f, n) in enumerate(parts):
        if sign and n == 1 and isinstance(f, Add) and any(negative(t) for t in f.items):
            flipped = sorted((mul((Num(Fraction(-1)), t)) for t in f.items), key=negative)
            keep = [p for m, p in enumerate(parts) if m not in (k, sign[0])]
            number = parts[sign[0]][0]
            assert isinstance(number, Num)
            return product([(Num(-number.value), 1), *keep, (Add(tuple(flipped)), 1)])
    return None
