"""Laws of names: equations folded and unfolded, results named, hypotheses used."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from derive.checker.normal import equal
from derive.checker.refusal import MOST_TERMS
from derive.checker.sums import gathered, orders
from derive.checker.trees import ONE, Instances, Tree, factors, fields, inside, of, substitute, together

if TYPE_CHECKING:
    from derive.checker.claim import Claim


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
