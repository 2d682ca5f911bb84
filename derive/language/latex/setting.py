"""In what setting a formula is read: the operation's names, from where subscripts count, which indices are bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from derive.expressions.expr import Binder, Expr
from derive.expressions.index import Index, index
from derive.language.latex.arrays import Array, open_binder
from derive.language.latex.integers import Integers
from derive.language.latex.names import SPREAD, Vocabulary
from derive.language.latex.nodes import Bound, Node
from derive.language.latex.tokens import Source

Value = Expr | Array


@dataclass(frozen=True, slots=True)
class Choices:
    """`base`: from where subscripts count; `star`: what a * is; `convention`: columns or rows; `plane`: no channels."""

    base: int
    star: str
    plane: bool
    convention: str = "column"

    @property
    def rows(self) -> bool:
        return self.convention.endswith("row")

    @property
    def literal(self) -> bool:
        return self.convention.startswith("literal")


class Setting:
    """Names and bound indices; `of` gives the value of a node, by the rules of the class that inherits."""

    def __init__(self, source: Source, words: Vocabulary, choices: Choices, free: frozenset[str]) -> None:
        self.source, self.words, self.choices = source, words, choices
        self.integers = Integers(source, words, choices.base)
        self.target: Array | None = None
        self.leading = False  # whether a left side is read
        self.copies = 0  # how many functions around here repeat their argument
        self.env: dict[str, Index] = {n: index(n) + (0 if n == SPREAD else choices.base) for n in free}

    def of(self, node: Node) -> Value:
        raise NotImplementedError

    def scalar(self, node: Node) -> Expr:
        """A value that is no whole tensor."""
        found = self.of(node)
        if isinstance(found, Array):
            self.fail(node, "a whole tensor", "one number", "write its entry, with indices")
        return found

    def fail(self, node: Node, got: str, expected: str, remedy: str) -> NoReturn:
        """Raises: NotationError at a node."""
        self.source.fail(node.at, got, expected, remedy)

    @contextmanager
    def bound(self, bounds: Sequence[Bound]) -> Iterator[tuple[Binder, ...]]:
        """The binders of a sum; while its body is read, its indices stand for what they count from 0."""
        before = dict(self.env)
        binders = tuple(self.binder(b, self.words.index_name(b.name), before) for b in bounds)
        for b, binder in zip(bounds, binders, strict=True):
            self.env[binder.name] = self.start(b, binder.name, before)
        try:
            yield binders
        finally:
            self.env = before

    def start(self, b: Bound, name: str, env: Mapping[str, Index]) -> Index:
        if name == SPREAD:
            return index(SPREAD)
        base = 0 if b.endless else self.choices.base
        return index(name) + (self.integers.of(b.low, env) if b.low is not None else base)

    def binder(self, b: Bound, name: str, env: Mapping[str, Index]) -> Binder:
        """The bound index with its extent, where that is written in the operation's own names."""
        if b.high is None or b.endless or name == SPREAD:
            return open_binder(name)
        low = self.integers.of(b.low, env) if b.low is not None else index(self.choices.base)
        extent = self.integers.of(b.high, env) - low + 1
        op = self.words.op
        unknown = sorted(extent.names() - (op.symbols if op else extent.names()))
        if not unknown:
            return Binder(name, extent)
        self.words.notes.add(
            f"the limit {unknown[0]} of the sum over {name} is no size of the operation: it runs over the whole axis"
        )
        return open_binder(name)
