"""What a whole text shows of its letters: whether it is about sizes, what is a loss, what a delta and a g stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from derive.language.latex.arrays import spatial_axes
from derive.language.latex.layers import size_name
from derive.language.latex.names import COTANGENT, LOSSES, Vocabulary
from derive.language.latex.nodes import (
    Binding,
    Bound,
    Call,
    Matrix,
    Node,
    Partial,
    Power,
    Product,
    Run,
    Symbol,
    Terms,
    walk,
)
from derive.language.latex.statements import Claim
from derive.operation import Op


def own_words(op: Op | None) -> frozenset[str]:
    if op is None:
        return frozenset()
    return frozenset(n for t in op.tensors for n in (t.name, t.argument) if len(n) > 1 and n.isalpha())


def is_about_sizes(nodes: Iterable[Node], op: Op | None) -> bool:
    """Whether a formula counts cells: names, numbers and a quotient, no derivative and no function.

    An operation whose sizes are all those of its inputs has none to claim.
    """
    if op is not None and not op.sizes:
        return False
    divided = False
    for node in nodes:
        for n in walk(node):
            if isinstance(n, Partial | Binding | Matrix | Power) or (
                isinstance(n, Product) and n.sign in ("corr", "odot")
            ):
                return False
            if isinstance(n, Call) and n.name not in ("floor", "ceil", "min", "max"):
                return False
            indexed = isinstance(n, Symbol) and (len(n.subs) > 1 or any(isinstance(s, Terms | Run) for s in n.subs))
            if isinstance(n, Symbol) and indexed and size_name(n, op) is None:
                return False
            divided |= isinstance(n, Symbol) and size_name(n, op) is not None
            divided |= (isinstance(n, Call) and n.name in ("floor", "ceil")) or _divides(n)
    return divided or (op is None and not any(isinstance(n, Symbol) for x in nodes for n in walk(x)))


def lefts_of(written: Iterable[Claim]) -> frozenset[str]:
    """The names that are a left side, without an index."""
    lefts = (c.left for c in written if c.right is not None)
    return frozenset(n.name for n in lefts if isinstance(n, Symbol) and not n.subs)


def losses_of(nodes: Iterable[Node], lefts: frozenset[str]) -> frozenset[str]:
    """The letters of losses that are differentiated, or that stand alone on a left side."""
    found = [n.of for node in nodes for n in walk(node) if isinstance(n, Partial)]
    return (frozenset(n.name for n in found if isinstance(n, Symbol)) | lefts) & LOSSES


def beside_limits(nodes: Iterable[Node], words: Vocabulary) -> Iterator[str]:
    """The names that stand elsewhere than in the limits of sums."""
    waiting = list(nodes)
    while waiting:
        here = waiting.pop()
        waiting += (p for p in here.parts if not isinstance(p, Bound))
        if isinstance(here, Symbol):
            yield words.spelled(here) if here.subs else here.name + (str(here.primes) if here.primes else "")


def upstream_of(written: Iterable[Claim], words: Vocabulary) -> dict[str, str]:
    """The gradient of the output, where a gradient is made of g and of no other gradient; g is no function there."""
    for c in written:
        graded = isinstance(c.left, Partial) and words.is_loss(c.left.of) and c.left.wrt.name != "g"
        inside = list(walk(c.right)) if c.right is not None and graded and words.op is not None else []
        letters = {n.name for n in inside if isinstance(n, Symbol | Call)}
        given = any(isinstance(n, Partial) for n in inside) or letters & {"delta", "?g"}
        if "g" in letters and not given and words.op is not None and words.op.output.axes:
            words.notes.add(f"g is read as {COTANGENT}{words.output}, the gradient of the output")
            return {"g": COTANGENT + words.output}
    return {}


def _divides(n: Node) -> bool:
    return type(n).__name__ == "Ratio" or (isinstance(n, Product) and n.sign == "/")


def delta_is_cotangent(all_claims: Iterable[Claim], words: Vocabulary) -> bool:
    """Whether a delta with two indices is the error of a layer and not Kronecker's.

    It is where it has a layer's label, where the operation slides a window, and where a gradient would otherwise be
    made of no other gradient.
    """
    if words.op is None:
        return False
    if spatial_axes(words.op, words.output):
        return True
    for claim in all_claims:
        sides = [list(walk(n)) if n is not None else [] for n in (claim.left, claim.right)]
        pairs = [n for n in sides[1] if isinstance(n, Symbol) and n.name == "delta" and _is_pair(n, words)]
        if any(n.label for n in pairs):
            return True
        others = [n for n in sides[1] if isinstance(n, Symbol) and n.name == "delta" and n not in pairs]
        others += [n.wrt for n in sides[1] if isinstance(n, Partial) and words.is_loss(n.of)]
        graded = any(isinstance(n, Partial) and words.is_loss(n.of) for n in sides[0])
        if pairs and graded and not others and words.op.output.axes:
            return True
    return False


def _is_pair(s: Symbol, words: Vocabulary) -> bool:
    return len(words.split(s.subs, None)) == 2
