"""Laws of sums: what enters them, leaves them, and is shared by their terms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice, permutations, product
from typing import TYPE_CHECKING

from derive.checker.normal import same
from derive.checker.refusal import HIGHEST
from derive.checker.trees import Instances, Tree, add, factors, minus, mul, name, of, power, substitute

if TYPE_CHECKING:
    from derive.checker.claim import Claim


def sums(node: Tree, after: Tree, claim: Claim) -> Instances:
    # a*(sum[i] b) = sum[i] a*b; sum[i] sum[j] b = sum[i,j] b; the other way round where a does not depend on i
    yield from (("merge sums", after, e, ()) for e in gathered(node))
    yield from (("pull out", node, e, ()) for e in gathered(after))
    # a*(b + c) = a*b + a*c; the other way round, also where b and c are numbers; -(a - b) = b - a
    yield from (("distribute", after, e, ()) for e in multiplied(node))
    if node[0] == "add" and after[0] != "add":
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
