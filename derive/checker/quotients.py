"""Laws of quotients, exponentials and logarithms."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

from derive.checker.normal import equal
from derive.checker.trees import MINUS, Instances, Tree, add, factors, minus, mul, of, power, subsets

if TYPE_CHECKING:
    from derive.checker.claim import Claim


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
