"""Laws that remove an index by a delta, or run through a sum by other indices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from typing import TYPE_CHECKING

from derive.checker.division import (
    at_least_one,
    divided,
    exact_in,
    only,
    settled,
    sides,
    solved,
    total,
    whole_number,
    with_value,
)
from derive.checker.normal import equal, same
from derive.checker.trees import (
    MINUS,
    ONE,
    ZERO,
    Factor,
    Facts,
    Instances,
    Tree,
    add,
    factors,
    inside,
    minus,
    mul,
    name,
    of,
    subsets,
    substitute,
)

if TYPE_CHECKING:
    from derive.checker.claim import Claim


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


def aligned(e: Tree, over: Tree) -> Tree:
    """A sum with its bound names called as in other binders, as many as it has."""
    if e[0] != "sum" or len(e[1]) != len(over):
        return e
    names = {own: name(n) for (n, _), (own, _) in zip(over, e[1], strict=True)}
    return ("sum", tuple((n, x) for (n, _), (_, x) in zip(over, e[1], strict=True)), substitute(e[2], names))


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
