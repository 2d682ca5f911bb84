"""Laws of guards: when a bracket is 1, when it is kept by another, what it says of a quotient."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from derive.checker.division import at_least_one, exact_in, only, settled, sides, total, undone
from derive.checker.normal import equal, same
from derive.checker.trees import ONE, ZERO, Instances, Tree, add, factors, mul, of

if TYPE_CHECKING:
    from derive.checker.claim import Claim


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
