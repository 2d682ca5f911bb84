"""From where a text's subscripts count: lecturers from 1, the notation from 0."""

from __future__ import annotations

from collections.abc import Iterator

from derive.language.latex.names import Vocabulary
from derive.language.latex.nodes import Binding, Indexed, Node, Number, Product, Run, Symbol, Terms, walk


def detect_base(nodes: list[Node], words: Vocabulary, free: frozenset[str]) -> tuple[int, str, bool]:
    """0 or 1, the note that tells why, and whether it is sure; what speaks for both, or for none, counts from 0.

    Offsets alone are not sure: with a padding of 1, `X_{i+p-1}` counts from 0.
    """
    limits = {low for node in nodes for low in _lows(node)} & {0, 1}
    bound = {b.name for node in nodes for n in walk(node) if isinstance(n, Binding) for b in n.bounds}
    entries = [subs for node in nodes for subs in _subscripts(node, words, bound)]
    constants = {int(s.value) for subs in entries for s in subs if isinstance(s, Number)}
    if any(isinstance(s, Run) and all(isinstance(i, Number) for i in s.items) for subs in entries for s in subs):
        constants.add(1)
    offsets = {o for subs in entries for s in subs if (o := _offset(s, bound | free)) is not None}
    if not entries:
        return 0, "", True
    for evidence, words_of in (
        (limits, "the sums' limits"), ({0 if 0 in constants else 1} if constants else set(), "the entries"),
        (offsets, "the offsets of the subscripts"),
    ):  # fmt: skip
        if evidence == {1}:
            note = f"subscripts count from 1, as {words_of} show: those here and in the right formula from 0"
            return 1, note, evidence is not offsets
        if evidence == {0}:
            return 0, "", True
        if len(evidence) > 1:
            return 0, f"subscripts are read as counting from 0: {words_of} speak for 0 and for 1", True
    shifted = any(isinstance(s, Terms | Product) for subs in entries for s in subs)
    return 0, "subscripts are read as counting from 0: nothing shows where they start" * shifted, not shifted


def _lows(node: Node) -> Iterator[int]:
    for n in walk(node):
        if isinstance(n, Binding):
            yield from (
                int(b.low.value) for b in n.bounds if isinstance(b.low, Number) and b.low.value.denominator == 1
            )


def _subscripts(node: Node, words: Vocabulary, bound: set[str]) -> Iterator[tuple[Node, ...]]:
    """The subscripts of every entry, and the labels that count samples."""
    for n in walk(node):
        if isinstance(n, Symbol) and (read := words.read(n)) is not None:
            yield read[1]
        elif isinstance(n, Symbol) and n.label and isinstance(n.label[0], Symbol) and n.label[0].name in bound:
            yield n.label
        elif isinstance(n, Indexed):
            yield words.split(n.subs, None)


def _offset(node: Node, indices: set[str] | frozenset[str]) -> int | None:
    """1 where a sum of two or more indices has the constant that counting from 1 needs, 0 for that from 0."""
    if not isinstance(node, Terms):
        return None
    count = constant = others = 0
    for sign, item in zip(node.signs, node.items, strict=True):
        match item:
            case Symbol(name=name, subs=(), primes=primes):
                inside = name + (str(primes) if primes else "") in indices
                count, others = count + sign * inside, others + (sign if not inside else 0)
            case Number(value=value) if value.denominator == 1:
                constant += sign * int(value)
            case _:
                return None
    if others == 0 and count in (0, 2, 3):
        return {0: 0, 1 - count: 1}.get(constant)
    if others == 1 and count == -1:
        return {-1: 0, 1: 1}.get(constant)
    return None
