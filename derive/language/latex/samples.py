"""The loss of one sample, L_i: there the subscript i counts samples, and what it stands at belongs to that sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

from derive.language.latex.names import LOSSES, Vocabulary
from derive.language.latex.nodes import Node, Partial, Symbol, walk
from derive.language.latex.statements import Claim
from derive.language.latex.tokens import Source


def of_one_sample(claim: Claim, words: Vocabulary) -> Claim:
    """The claim without the subscript that counts samples, where its left side is the loss of one of them."""
    name = _sample(claim.left, words)
    if name is None or words.op is None:
        return claim
    words.notes.add(f"the loss has the subscript {name}: it is the loss of sample {name}, read as the only one")
    extent = words.op.inputs[0].axes[0].extent.name
    if extent is not None:
        words.sizes[extent] = 1
    sides = [n if n is None else _rewritten(n, lambda s: _without(s, name)) for n in (claim.left, claim.right)]
    return replace(claim, left=sides[0], right=sides[1])


def refuse_label_on_the_left(claim: Claim, words: Vocabulary, source: Source) -> None:
    """A gradient at the label itself is no formula of an entry. Raises: NotationError."""
    if not isinstance(claim.left, Partial) or claim.right is None:
        return
    found = [s for sub in claim.left.wrt.subs for s in walk(sub) if isinstance(s, Symbol) and words.label_of(s)]
    other = [s for s in walk(claim.right) if isinstance(s, Symbol) and _is_target(s, words)]
    if found and all(s.name == found[0].name for s in other):
        name = found[0].name
        source.fail(
            found[0].at, f"a gradient at the label {name} alone", "one formula for every class",
            f"write the entry i, and [i = {name}] or cases where it matters",
        )  # fmt: skip


def _is_target(s: Symbol, words: Vocabulary) -> bool:
    return words.label_of(replace(s, subs=(), label=(), primes=0)) is not None


def _sample(left: Node | None, words: Vocabulary) -> str | None:
    """The subscript or the label of a loss on the left that counts samples; only where the operation has labels."""
    loss = left.of if isinstance(left, Partial) else left
    if words.op is None or words.op.output.axes or not words.op.labels or words.sized:
        return None
    if not isinstance(loss, Symbol) or loss.name not in LOSSES or len(loss.subs) + len(loss.label) != 1:
        return None
    (only,) = (*loss.subs, *loss.label)
    return only.name if isinstance(only, Symbol) and not only.subs and only.name not in ("l", "L", "ell") else None


def _without(s: Symbol, sample: str) -> Symbol:
    """A name without the subscript or the label that counts samples: y_i, x^{(i)}, x_{i,c}."""

    def counts(n: Node) -> bool:
        return isinstance(n, Symbol) and n.name == sample and not n.subs and not n.primes

    label = tuple(n for n in s.label if not counts(n))
    subs = s.subs
    if subs and counts(subs[0]) and (len(subs) > 1 or _alone(s)):
        subs = subs[1:]
    return replace(s, subs=subs, label=label)


def _alone(s: Symbol) -> bool:
    return s.name in LOSSES or s.name in ("y", "t", "label")


def _rewritten(node: Node, change: Callable[[Symbol], Symbol]) -> Node:
    """The node with every name changed, from the leaves up."""
    parts = {f.name: _each(getattr(node, f.name), change) for f in fields(node)}
    made: Node = replace(node, **parts)  # type: ignore[arg-type]  # the fields of a node by their own names
    return change(made) if isinstance(made, Symbol) else made


def _each(value: object, change: Callable[[Symbol], Symbol]) -> object:
    if isinstance(value, Node):
        return _rewritten(value, change)
    return tuple(_each(v, change) for v in value) if isinstance(value, tuple) else value
