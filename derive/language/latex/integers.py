"""Subscripts, limits and sizes as integer expressions, counted from 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from derive.expressions.expr import Entry
from derive.expressions.index import Index, atom_index, divide, index
from derive.language.latex.names import SPREAD, Vocabulary
from derive.language.latex.nodes import (
    Call,
    Node,
    Number,
    Power,
    Product,
    Ratio,
    Run,
    Symbol,
    Terms,
)
from derive.language.latex.tokens import Source

MAX_SIZE = 60  # terms in an index


class Integers:
    """Reads integer expressions; a name means what `env` says, entries count from `base`."""

    def __init__(self, source: Source, words: Vocabulary, base: int) -> None:
        self.source, self.words, self.base = source, words, base

    def of(self, node: Node, env: Mapping[str, Index]) -> Index:
        """The integer expression that a node is. Raises: NotationError where it is none."""
        found = self.maybe(node, env)
        if found is None:
            self.source.fail(node.at, "no integer expression", "an index such as s*i + d*p - P", "write integers here")
        if len(found.terms) > MAX_SIZE:
            self.source.fail(node.at, "a long index", f"at most {MAX_SIZE} terms", "name a part of it")
        return found

    def entry_indices(self, subs: Iterable[Node], env: Mapping[str, Index]) -> tuple[Index, ...]:
        """The indices of an entry, counted from 0."""
        found: list[Index] = []
        for s in subs:
            label = self.words.label_of(s) if isinstance(s, Symbol) and self.name_of(s) not in env else None
            if label is not None and isinstance(s, Symbol):
                self.words.tell(s, label)
                found.append(self.label(label, found))
                continue
            i = self.of(s, env)
            found.append(i if i.name == SPREAD else i - self.base)
        return tuple(found)

    def label(self, tensor: str, lead: Sequence[Index]) -> Index:
        """The label as an index, counted from 0: that of the sample which the indices before it name."""
        rank = self.words.rank(tensor) or 0
        return atom_index(Entry(tensor, tuple(lead[:rank]) if len(lead) == rank else (index(0),) * rank))

    def name_of(self, s: Symbol) -> str:
        """The index that a name may be: c' is c1, a copy of c."""
        plain = s.name + (str(s.primes) if s.primes else "")
        return self.words.index_name(self.words.spelled(s) if s.subs else plain)

    def maybe(self, node: Node, env: Mapping[str, Index]) -> Index | None:
        """The integer expression, or None."""
        match node:
            case Number(value=value):
                return index(int(value)) if value.denominator == 1 else None
            case Symbol():
                return self.symbol(node, env)
            case Run(items=items):
                return self.run(items, env)
            case Terms(signs=signs, items=items):
                return self.terms(signs, items, env)
            case Product() | Ratio():
                return self.product(node, env)
            case Power(base=base, exponent=Number(value=value)) if value in (1, 2, 3):
                below = self.maybe(base, env)
                return None if below is None else self.times([below] * int(value))
            case Call(name="floor" | "ceil" | "min", arguments=arguments):
                return self.call(node.name, arguments, env)
        return None

    def symbol(self, s: Symbol, env: Mapping[str, Index]) -> Index | None:
        if s.label and len(s.label) == 1 and isinstance(s.label[0], Symbol) and s.label[0].name in env:
            label = self.words.label_of(s)
            if label is None:
                return None
            return atom_index(Entry(label, self.entry_indices(s.label, env))) + self.base
        read = self.words.read(s)
        if read is not None:
            tensor = self.words.tensors().get(read[0])
            if self.words.op is not None and (tensor is None or not tensor.integer):
                return None
            return atom_index(Entry(read[0], self.entry_indices(read[1], env))) + self.base
        name = self.name_of(s)
        if name in env:
            return env[name]
        label = self.words.label_of(s)
        if label is not None:
            self.words.tell(s, label)
            return atom_index(Entry(label, ())) + self.base
        return index(SPREAD) if name == SPREAD else index(self.words.spelled(s))

    def run(self, items: tuple[Node, ...], env: Mapping[str, Index]) -> Index | None:
        """Digits are a number, letters a product."""
        if all(isinstance(i, Number) for i in items):
            return index(int("".join(i.text for i in items if isinstance(i, Number))))
        factors = [self.maybe(i, env) for i in items]
        return None if None in factors else self.times([f for f in factors if f is not None])

    def terms(self, signs: tuple[int, ...], items: tuple[Node, ...], env: Mapping[str, Index]) -> Index | None:
        total = index(0)
        for sign, item in zip(signs, items, strict=True):
            found = self.maybe(item, env)
            if found is None:
                return None
            total = total + found if sign > 0 else total - found
        return total

    def times(self, factors: list[Index]) -> Index | None:
        total = index(1)
        for f in factors:
            if len(total.terms) * len(f.terms) > MAX_SIZE:
                return None
            total = total * f
        return total

    def product(self, node: Product | Ratio, env: Mapping[str, Index]) -> Index | None:
        sign = node.sign if isinstance(node, Product) else "/"
        pair = (node.left, node.right) if isinstance(node, Product) else (node.top, node.bottom)
        left, right = (self.maybe(p, env) for p in pair)
        if left is None or right is None or sign not in ("", ".", "*", "x", "/", "mod"):
            return None
        if sign in ("/", "mod"):
            return None if right.constant == 0 else divide("exact" if sign == "/" else "mod", left, right)
        return self.times([left, right])

    def call(self, name: str, arguments: tuple[Node, ...], env: Mapping[str, Index]) -> Index | None:
        if name == "min":
            found = [self.maybe(a, env) for a in arguments]
            if len(found) != 2 or found[0] is None or found[1] is None:
                return None
            return divide("min", found[0], found[1])
        (inner,) = arguments
        pieces = inner.items if isinstance(inner, Terms) else (inner,)
        signs = inner.signs if isinstance(inner, Terms) else (1,)
        return self.rounded(name, signs, pieces, env)

    def rounded(
        self, name: str, signs: tuple[int, ...], pieces: tuple[Node, ...], env: Mapping[str, Index]
    ) -> Index | None:
        """floor(a/b + c) is a//b + c: at most one quotient is rounded."""
        whole, quotient = index(0), None
        for sign, piece in zip(signs, pieces, strict=True):
            halves = _halves(piece)
            if halves is None:
                inner = self.maybe(piece, env)
            else:
                inner = None
                above, below = (self.maybe(h, env) for h in halves)
                if quotient is None and sign > 0 and above is not None and below is not None and below.constant != 0:
                    quotient = (above, below)
                    continue
            if inner is None:
                return None
            whole = whole + inner if sign > 0 else whole - inner
        if quotient is None:
            return whole
        above, below = quotient
        return whole + (divide("floor", above, below) if name == "floor" else -divide("floor", -above, below))


def _halves(node: Node) -> tuple[Node, Node] | None:
    if isinstance(node, Ratio):
        return node.top, node.bottom
    return (node.left, node.right) if isinstance(node, Product) and node.sign == "/" else None
