"""Terms brought into a form in which more of them are equal: deltas contracted, counts apart, denominators cleared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.expressions.build import mul
from derive.expressions.expr import Add, Apply, Binder, Compare, Contract, Expr, InRange, Val
from derive.expressions.index import Index, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names
from numeric.proof.relation import names_of, solve
from numeric.proof.templates import fill, template
from numeric.proof.terms import Factor, Term
from numeric.proof.verdict import Outside


def contracted(t: Term) -> Term:
    """sum[b<B] [b==e]*f(b) = [0<=e<B]*f(e), as often as it can be."""
    for g in t.guards:
        for b in t.binders:
            value = _given(g, b.name)
            if value is not None:
                rest = replace(
                    t, binders=tuple(c for c in t.binders if c != b), guards=tuple(h for h in t.guards if h != g)
                )
                found = _substituted(rest, {b.name: value})
                return contracted(replace(found, guards=(*found.guards, InRange(value, b.extent))))
    return t


def _given(g: Expr, name: str) -> Index | None:
    """What a guard says an index to be."""
    match g:
        case Compare("==", Val(i), Val(j)):
            for a, b in ((i, j), (j, i)):
                if a.name == name and name not in b.names():
                    return b
    return None


def _substituted(t: Term, values: dict[str, Index]) -> Term:
    factors = (replace(f, holes=tuple(h.substitute(values) for h in f.holes)) for f in t.factors)
    return replace(
        t,
        binders=tuple(Binder(b.name, b.extent.substitute(values)) for b in t.binders),
        guards=tuple(dict.fromkeys(substitute(g, values) for g in t.guards)),
        factors=tuple(factors),
    )


def counts_apart(t: Term) -> Term:
    """A sum over indices at which nothing is read is a number by itself: `sum[n<N] [T[n]==c]`.

    Raises: Outside where what is read says something of such an index, but not what it is.
    """
    factors = t.factors
    holes = [
        (h, index(v))
        for f, row in zip(factors, names_of(factors), strict=True)
        for h, v in zip(f.holes, row, strict=True)
    ]
    *_, left = solve(t, holes)
    if not left:
        return t
    apart = {b.name for b in t.binders} & left
    guards = tuple(g for g in t.guards if free_names(g) & apart)
    binders = tuple(b for b in t.binders if b.name in apart)
    used = {n for f in factors for h in f.holes for n in h.names()}
    used |= {n for b in t.binders if b not in binders for n in b.extent.names()}
    if used & apart:
        raise Outside(f"what is read does not determine the index {min(used & apart).partition(chr(39))[0]}")
    number = Factor(*template(Contract(binders, mul(guards)), (), _no_names))
    others = tuple(b for b in t.binders if b not in binders)
    return replace(t, binders=others, guards=tuple(g for g in t.guards if g not in guards), factors=(*factors, number))


def _no_names(e: Apply) -> Expr:
    raise Outside("a count has a named result in it")


def cleared(terms: Sequence[Term], expand: Callable[[Expr], list[Term]]) -> list[Term]:
    """The terms times all denominators that are sums, where these do not depend on a bound index: 0 as they are 0."""
    divisors = [Counter(f for f in t.factors if _clears(f, t)) for t in terms]
    common: Counter[Factor] = Counter()
    for own in divisors:
        common |= own
    found: list[Term] = []
    for t, own in zip(terms, divisors, strict=True):
        products = [replace(t, factors=tuple(f for f in t.factors if f not in own))]
        for f, n in (common - own).items():
            for _ in range(n):
                products = [p * q for p in products for q in expand(fill(f.template, f.holes))]
        found += products
    return found


def _clears(f: Factor, t: Term) -> bool:
    bound = {b.name for b in t.binders}
    return f.inverse and isinstance(f.template, Add) and not any(h.names() & bound for h in f.holes)
