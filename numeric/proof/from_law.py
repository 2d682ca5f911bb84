"""The derivative of a polynomial law read off its products, without any calculus of the engine.

E = sum[o] dE/dO[o]*O[o] is multiplied out; each product that reads X[i] gives its other factors where i is the entry
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from derive.derivation import Derivation
from derive.expressions.build import contract, mul
from derive.expressions.expr import Compare, Entry, Expr, Val
from derive.expressions.index import index
from derive.expressions.traversal import reads
from derive.laws.law import COTANGENT
from derive.operation import Op
from numeric.proof.equality import Claim
from numeric.proof.intermediates import all_put_in
from numeric.proof.reals import labels_of, reals_of
from numeric.proof.terms import Expansion, Term
from numeric.proof.verdict import Outside


@dataclass(frozen=True)
class OfTheLaw(Claim):
    """The derivative of the law by the entry `wrt`, whose indices are the free ones, against the formula `b`."""

    wrt: Entry | None = None

    def left_terms(self, expand: Expansion) -> list[Term]:
        assert self.wrt is not None
        return [d for t in expand(energy(self.op, self.wrt.tensor)) for d in _derivatives(t, self.wrt)]


def of_the_law(d: Derivation, forward: Expr) -> OfTheLaw:
    """The claim that the formula of a derivation is the derivative of its law; `forward` has the same value."""
    entry = Entry(d.wrt.name, tuple(index(b.name) for b in d.axes))
    return OfTheLaw(d.op, d.axes, forward, d.formula, wrt=entry)


def energy(op: Op, along: str = "") -> Expr:
    """E = sum[o] dE/dO[o]*O[o] with every equation of the law put in; `along` a tensor, those that depend on it."""
    out = op.output
    at = tuple(index(b.name) for b in out.axes)
    product = mul((Entry(COTANGENT + out.name, at), Entry(out.name, at)))
    return all_put_in(op, (), contract(out.axes, product), along)


def is_polynomial(op: Op, tensor: str) -> bool:
    """Whether a law is a sum of products of entries, as far as it reads a tensor."""
    signed = {p.name for p in op.parameters if p.minimum < 0}
    reals = reals_of(op)
    whole = op.symbols - reals
    expand = Expansion(whole, whole - signed, reals, _unnamed, labels_of(op))
    try:
        return all(f.plain or not _reads(f.template, tensor) for t in expand(energy(op, tensor)) for f in t.factors)
    except Outside:
        return False


def _reads(shape: Expr, tensor: str) -> bool:
    return any(r.tensor == tensor for r in reads(shape))


def _unnamed(e: Expr) -> Expr:
    raise Outside("a law has no named results in it")


def _derivatives(t: Term, wrt: Entry) -> Iterator[Term]:
    """Of a product of entries: the others, once for each that may be the one asked for. Raises: Outside."""
    for k, f in enumerate(t.factors):
        if f.plain and isinstance(f.template, Entry) and f.template.tensor == wrt.tensor:
            deltas = tuple(Compare("==", Val(i), Val(a)) for i, a in zip(f.holes, wrt.indices, strict=True))
            yield replace(t, guards=t.guards + deltas, factors=(*t.factors[:k], *t.factors[k + 1 :]))
        elif _reads(f.template, wrt.tensor):
            raise Outside(f"the law is no polynomial in {wrt.tensor}")
