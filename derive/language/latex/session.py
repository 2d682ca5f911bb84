"""The reading of one text: its claims, its names, and from where its subscripts count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeGuard

from derive.errors import NotationError
from derive.expressions.expr import Entry, Expr
from derive.expressions.index import index
from derive.expressions.traversal import reads
from derive.language.latex.arrays import (
    JACOBIAN,
    Array,
    Indices,
    Misfit,
    aligned,
    jacobian_of,
    letters_of,
    multiplied,
)
from derive.language.latex.base import detect_base
from derive.language.latex.evidence import (
    beside_limits,
    delta_is_cotangent,
    is_about_sizes,
    lefts_of,
    losses_of,
    own_words,
    upstream_of,
)
from derive.language.latex.layers import layers
from derive.language.latex.names import COTANGENT, Notes, Vocabulary
from derive.language.latex.nodes import Binding, Matrix, Node, Product, Symbol, walk
from derive.language.latex.samples import of_one_sample, refuse_label_on_the_left
from derive.language.latex.setting import Choices, Value
from derive.language.latex.statements import Claim, claims
from derive.language.latex.tokens import Source
from derive.language.latex.values import Values
from derive.language.latex.written_sizes import told_by_terms
from derive.language.notation import parse_expr
from derive.language.show import show
from derive.operation import Op

_LETTERS = "ijabuv"
_CONVENTIONS = ("column", "row", "literal", "literal row")
_MISFIT = "the matrices fit only where their extents are equal"
_SPEECH = {
    "row": "vectors are rows: a tensor's first axis counts samples",
    "literal": _MISFIT,
    "literal row": _MISFIT,
}


class Session:
    """The reading of one text: its claims, its names, and from where its subscripts count."""

    def __init__(self, text: str, op: Op | None, base: int | None, names: Mapping[str, str], star: str) -> None:
        if base not in (None, 0, 1):
            raise NotationError(f"base: got {base!r}, expected 0 or 1; leave it out to have it found")
        if star not in ("", "correlation", "convolution"):
            raise NotationError(f"star: got {star!r}, expected correlation or convolution; leave it out")
        self.source, self.op, self.notes = Source(text), op, Notes()
        self.star = star or ("convolution" if op is not None and op.name.startswith("convolve") else "correlation")
        written = claims(text, own_words(op))
        nodes = [n for c in written for n in (c.left, c.right) if n is not None]
        self.words = Vocabulary(op, names, self.notes, is_about_sizes(nodes, op))
        self.words.letters = frozenset(n.name for node in nodes for n in walk(node) if isinstance(n, Symbol))
        self.words.lefts = lefts_of(written)
        self.words.losses = losses_of(nodes, self.words.lefts)
        self.words.names = {**upstream_of(written, self.words), **names}
        for c in written:
            refuse_label_on_the_left(c, self.words, self.source)
        self.claims = tuple(_undefined(of_one_sample(c, self.words), self.words) for c in written)
        nodes = [n for c in self.claims for n in (c.left, c.right) if n is not None]
        self.words.delta_is_cotangent = delta_is_cotangent(self.claims, self.words)
        self.words.beside = frozenset(beside_limits(nodes, self.words))
        self.words.latest = layers(nodes)
        bindings = [n for node in nodes for n in walk(node) if isinstance(n, Binding)]
        self.words.indices = frozenset(b.name for n in bindings for b in n.bounds if b.name[-1].isdigit())
        self.free = frozenset(self.words.index_name(n) for n in _free(self.claims, self.words))
        found, note, sure = detect_base(nodes, self.words, self.free) if not self.words.sized else (0, "", True)
        self.base = found if base is None else base
        self.other_base = None if sure or base is not None else 1 - found
        if base is None and note:
            self.notes.add(note)
        self.plane = any(isinstance(n, Matrix) for node in nodes for n in walk(node))
        self.target: Value | None = None

    def equations(self, claim: Claim) -> list[tuple[str, str]]:
        """The claim as pairs of left and right in the notation. Raises: NotationError."""
        told = self.notes.told.copy()
        for convention in _CONVENTIONS:
            self.notes.told = told.copy()
            try:
                found = [tuple(self.checked(s, claim) for s in pair) for pair in self.read(claim, convention)]
            except Misfit:
                continue
            except RecursionError:
                self.source.fail(claim.at, "a formula that nests too deeply", "a shorter one", "name a part of it")
            if convention in _SPEECH and self.uses_matrices(claim):
                self.notes.add(_SPEECH[convention])
            return [(left, right) for left, right in found]
        return self.source.fail(
            claim.at, "whole tensors whose axes do not fit", "factors that fit as matrices or as a convolution",
            "write the entries with indices, or transpose one of them",
        )  # fmt: skip

    def uses_matrices(self, claim: Claim) -> bool:
        nodes = [n for n in (claim.left, claim.right) if n is not None]
        return any(isinstance(n, Product) and n.sign in ("", ".", "x", "*") for node in nodes for n in walk(node))

    def read(self, claim: Claim, convention: str) -> list[tuple[str, str]]:
        choices = Choices(self.base, self.star, self.plane, convention)
        values = Values(self.source, self.words, choices, self.free)
        values.leading = True
        left = values.of(claim.left) if claim.left is not None else None
        if isinstance(left, Array) and left.name == JACOBIAN:
            left = jacobian_of(left)
            if left.rows is not None:
                self.notes.add("a derivative by a vector: rows as what is differentiated, columns as the other")
        values.leading = False
        self.target = left if left is not None else self.target
        values.target = self.target if isinstance(self.target, Array) else None
        right = values.of(claim.right) if claim.right is not None else None
        if self.op is not None and isinstance(right, Expr) and isinstance(left, Expr):
            self.words.sizes |= told_by_terms(self.op, reads(right)) | self.words.sizes
        if right is None:
            return [(show(_entry(self.target)), "")] if self.target is not None else []
        return self.pairs(self.target, right)

    def pairs(self, left: Value | None, right: Value) -> list[tuple[str, str]]:
        """The two sides at the same indices; cell by cell where a matrix follows no rule."""
        if left is None:
            return [("", show(_entry(right)))]
        if not isinstance(left, Array):
            return [(show(left), show(self.whole(left, self.at_entry(left, right))))]
        if isinstance(right, Array):
            right, summed = aligned(right, left)
            if summed:
                self.notes.add(f"summed over {', '.join(summed)}, which the left side has no axis for")
        value = right
        try:
            place = _place(left)
            sides = left.at(place), value.at(place) if isinstance(value, Array) else value
            return [(show(sides[0]), show(self.whole(*sides)))]
        except Misfit:
            return self.cells(left, value)

    def cells(self, left: Array, right: Value) -> list[tuple[str, str]]:
        """One equation a cell."""
        extents = [e.constant if e is not None else None for e in left.extents]
        if None in extents:
            raise Misfit
        self.notes.add("the matrices follow no rule: one equation a cell")
        places: list[Indices] = [(index(r),) for r in range(extents[0] or 0)]
        if len(extents) == 2:
            places = [(*p, index(c)) for p in places for c in range(extents[1] or 0)]
        return [(show(left.at(p)), show(right.at(p) if isinstance(right, Array) else right)) for p in places]

    def at_entry(self, left: Expr, right: Value) -> Expr:
        """A whole tensor on the right of an entry is taken at the entry's indices."""
        if isinstance(right, Expr):
            return right
        self.notes.add("the right side is taken at the indices of the left")
        for e in reads(left):
            known = self.words.tensors().get(e.tensor.removeprefix(COTANGENT))
            axes = tuple(b.name for b in known.axes) if known else ()
            if len(e.indices) <= len(axes) and set(right.labels) <= set(axes):
                kept = dict(zip(axes[len(axes) - len(e.indices) :], e.indices, strict=True))
                return right.by_label({x: kept.get(x, index(0)) for x in right.labels})
            if len(e.indices) in (len(right.labels), right.spatial):
                return right.at(e.indices)
        raise Misfit

    def whole(self, left: Expr, right: Expr) -> Expr:
        """The right side times dE/dO where the operation is the loss itself and its cotangent was left out."""
        if self.op is None or self.op.output.axes or not isinstance(left, Entry):
            return right
        own = COTANGENT + self.op.output.name
        if not left.tensor.startswith(COTANGENT) or left.tensor == own or any(r.tensor == own for r in reads(right)):
            return right
        self.notes.add(f"the loss is {self.op.output.name} itself: its gradient is multiplied by {own}")
        return multiplied([Entry(own, ()), right])

    def checked(self, text: str, claim: Claim) -> str:
        """The text, which the notation's own reader accepts. Raises: NotationError."""
        if not text:
            return text
        try:
            parse_expr(text)
        except NotationError as e:
            self.source.fail(claim.at, "a formula beyond the notation", str(e).partition("expected ")[2], "shorten it")
        return text


def _entry(value: Value) -> Expr:
    return value if isinstance(value, Expr) else value.at(_place(value))


def _place(a: Array) -> Indices:
    """Indices for the axes of an array: the axes' own names, or letters."""
    taken = {x for x in a.labels if not x.startswith("_")}
    letters = (x for x in _LETTERS if x not in taken)
    return tuple(index(next(letters) if x.startswith("_") else letters_of(x)) for x in a.labels)


def _undefined(claim: Claim, words: Vocabulary) -> Claim:
    """The claim with f for `f(x)` on the left, unless x is an index on the right; f is the operation's output."""
    left = claim.left
    if not isinstance(left, Symbol) or not left.called or claim.right is None:
        return claim
    indices = {
        i.name for n in walk(claim.right) if isinstance(n, Symbol) for s in n.subs for i in walk(s) if _is_name(i)
    }
    if any(isinstance(s, Symbol) and s.name in indices for s in left.subs):
        return claim
    name = left.name
    if words.op is not None and words.op.output.axes and words.tensor(replace(left, subs=())) is None:
        words.notes.add(f"{name} is read as {words.output}, the operation's output")
        name = words.output
    return replace(claim, left=replace(left, name=name, subs=(), called=False))


def _is_name(node: Node) -> TypeGuard[Symbol]:
    return isinstance(node, Symbol)


def _free(all_claims: Iterable[Claim], words: Vocabulary) -> Iterable[str]:
    """The indices that no sum binds: plain subscripts on the left, or anywhere where there is no left side."""
    for claim in all_claims:
        side = claim.left
        if side is None:
            continue
        for n in walk(side):
            subs = () if not isinstance(n, Symbol) else (words.read(n) or ("", ()))[1]
            subs = getattr(n, "subs", ()) if not isinstance(n, Symbol) else subs
            for s in words.split(tuple(subs), None):
                if isinstance(s, Symbol) and (not s.subs or words.read(s) is None):
                    yield words.spelled(s) if s.subs else s.name + (str(s.primes) if s.primes else "")
