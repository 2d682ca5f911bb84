"""Laws that bring a result into the form a lecturer would write: fold equations, pull out, complete a denominator."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from derive.expressions.build import Factor, add, contract, factors, in_order, mul, product
from derive.expressions.expr import ONE, Add, Contract, D, Div, Entry, Expr, Mul, Num, Pow, Val
from derive.expressions.index import is_exact
from derive.expressions.match import Found, Unknowns, match
from derive.expressions.traversal import free_names, walk
from derive.language.notation import Equation
from derive.laws.algebra import merges
from derive.laws.factoring import factor_out
from derive.laws.law import Site, law


@law("fold", "f(i) = O[i] where the operation says O[i] = f(i); sum[i,j] a*f = sum[i] a*O where it says O = sum[j] f")
def fold(node: Expr, site: Site) -> Expr | None:
    for equation in reversed(site.op.equations):
        if isinstance(equation.body, Entry | Num) or any(isinstance(n, D) for n in walk(node)):
            continue
        found = match(equation.body, node, Unknowns(frozenset(equation.names)))
        if found is not None and (entry := _entry(equation, found, site)) is not None:
            return entry
        if isinstance(node, Mul | Div | Pow):
            replaced = _fold_factors(equation, factors(node), site)
            if replaced is not None:
                return replaced
        if isinstance(node, Contract) and isinstance(equation.body, Contract):
            replaced = _fold_inner_sum(equation, equation.body, node, site.inside(node))
            if replaced is not None:
                return replaced
    return None


def _entry(equation: Equation, found: Found, site: Site) -> Entry | None:
    """The folded entry, where every index is plainly in range (outside, the entry would be 0 and the body not)."""
    axes = site.op.tensor(equation.target).axes
    indices = tuple(found.indices[n] for n in equation.names if n in found.indices)
    if len(indices) != len(axes):
        return None
    if any(i.name is None or site.extent(i.name) != b.extent for i, b in zip(indices, axes, strict=True)):
        return None
    return Entry(equation.target, indices)


def _fold_factors(equation: Equation, parts: list[Factor], site: Site) -> Expr | None:
    pattern = [f for f in factors(equation.body) if f[0] != ONE]
    if len(pattern) == 1 and pattern[0][1] == 1:
        return None
    for found, used in _choices(pattern, parts, Unknowns(frozenset(equation.names)), Found(), {}):
        entry = _entry(equation, found, site)
        if entry is not None:
            rest = [(b, n - used.get(k, 0)) for k, (b, n) in enumerate(parts) if n != used.get(k, 0)]
            return product([*rest, (entry, 1)])
    return None


def _fold_inner_sum(equation: Equation, inner: Contract, node: Contract, site: Site) -> Expr | None:
    """A sum over more indices than an equation's, of more factors: some of both are the equation's own."""
    pattern, parts = factors(inner.body), factors(node.body)
    if len(pattern) < 2 or len(inner.binders) >= len(node.binders):
        return None  # in place of a single factor an entry makes nothing shorter
    for gone in permutations(node.binders, len(inner.binders)):
        if any(b.extent != own.extent for b, own in zip(gone, inner.binders, strict=True)):
            continue
        known = Found(alpha={own.name: b.name for b, own in zip(gone, inner.binders, strict=True)})
        for found, used in _choices(pattern, parts, Unknowns(frozenset(equation.names)), known, {}):
            entry = _entry(equation, found, site)
            rest = [(b, n - used.get(k, 0)) for k, (b, n) in enumerate(parts) if n != used.get(k, 0)]
            if entry is not None and not any({b.name for b in gone} & free_names(f) for f, _ in rest):
                kept = tuple(b for b in node.binders if b not in gone)
                return contract(kept, product([*rest, (entry, 1)]))
    return None


def _choices(
    pattern: list[Factor], parts: list[Factor], unknowns: Unknowns, known: Found, used: dict[int, int]
) -> Iterator[tuple[Found, dict[int, int]]]:
    """Every way to find the pattern's factors among the parts, without using one twice."""
    if not pattern:
        yield known, used
        return
    (base, n), *rest = pattern
    for k, (candidate, m) in enumerate(parts):
        left = m - used.get(k, 0)
        if n * left > 0 and abs(left) >= abs(n):
            found = match(base, candidate, unknowns, known)
            if found is not None:
                yield from _choices(rest, parts, unknowns, found, {**used, k: used.get(k, 0) + n})


@law("pull out", "sum[i] a*b = a*(sum[i] b) where a does not depend on i")
def pull_out(node: Expr, site: Site) -> Expr | None:
    if not isinstance(node, Contract):
        return None
    own = {b.name for b in node.binders}
    parts = [f for f in factors(node.body) if f[0] != ONE]
    # a number h/2 stays beside the bracket that is 0 where 2 does not divide h
    stay = [bool(free_names(e) & own) or (isinstance(e, Val) and any(map(is_exact, e.index.atoms()))) for e, _ in parts]
    outside = [f for f, kept in zip(parts, stay, strict=True) if not kept]
    inside = [f for f, kept in zip(parts, stay, strict=True) if kept]
    if not inside or product(outside) == ONE:
        return None  # numbers that make 1 together leave nothing to pull out
    rest = contract(node.binders, product(inside))
    if isinstance(rest, Contract) and merges(rest, site):
        return None  # it would be merged again
    return product([*outside, (rest, 1)])


@law("one quotient", "a*(b/c) = a*b/c")
def one_quotient(node: Expr, site: Site) -> Expr | None:
    match node:
        case Mul((Num(), Div())):
            return None  # it is one quotient
        case Mul(items) if any(isinstance(i, Div) for i in items):
            return product(factors(node))
    return None


@law("complete the denominator", "f/(c+f)^n = 1/(c+f)^(n-1) - c/(c+f)^n")
def complete(node: Expr, site: Site) -> Expr | None:
    if not isinstance(node, Div | Mul):
        return None
    parts = factors(node)
    for k, (base, n) in enumerate(parts):
        if n > -2 or not isinstance(base, Add):
            continue
        for m, (f, one) in enumerate(parts):
            others = [t for t in base.items if in_order(t) != in_order(f)]
            if one != 1 or len(others) != 1 or len(base.items) != 2 or not isinstance(others[0], Num):
                continue
            split = add((product([(base, n + 1)]), mul((Num(-others[0].value), product([(base, n)])))))
            return product([*(p for j, p in enumerate(parts) if j not in (k, m)), (split, 1)])
    return None


PRESENTATION = (complete, fold, pull_out, factor_out, one_quotient)
