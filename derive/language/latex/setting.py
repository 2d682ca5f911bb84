"""In what setting a formula is read: the operation's names, from where subscripts count, which indices are bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from derive.expressions.expr import Binder, Expr
from derive.expressions.index import Index, index
from derive.language.latex.arrays import Array, open_binder
from derive.language.latex.equal_limits import EqualLimits
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
        self.lettered: dict[str, str] = {}  # the letter that stands for the extent of a bound index
        self.limits = EqualLimits(words.op) if words.op is not None else None
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
        """The bound index with its extent; open where its limits say no more than that it runs over its whole axis.

        In limits, names are sizes of the operation, indices around the sum, or a letter M of the writer's own. That is
        the extent of the axis in 1..M and 0..M-1 alone; else it is kept where it is told what it is.
        """
        self.lettered.pop(name, None)
        if b.high is None or b.endless or name == SPREAD:
            return open_binder(name)
        high = self.integers.of(b.high, env)
        low = self.integers.of(b.low, env) if b.low is not None else index(self.choices.base)
        extent = high if b.low is None and high.name else high - low + 1
        own = self.own_letters(extent, env)
        if name not in own and (own <= self.words.beside or own == {name.upper()} != {extent.name}):
            return Binder(name, extent)
        if {name} == own or {extent.name} != own or low not in (index(0), index(1)):
            self.refuse_limit(b.high, name, own)
        self.words.notes.add(
            f"the limit {extent.name} of the sum over {name} is no size of the operation: it runs over the whole axis"
        )
        self.lettered[name] = str(extent.name)
        return open_binder(name)

    def own_letters(self, extent: Index, env: Mapping[str, Index]) -> set[str]:
        """The letters in an extent that are neither sizes of the operation nor indices around the sum."""
        around = {n for i in env.values() for n in i.names()}
        return set(extent.names() - self.words.op.symbols - around) if self.words.op else set()

    def refuse_limit(self, high: Node, name: str, own: set[str]) -> NoReturn:
        """Raises: NotationError for a limit of which nobody can tell where it is."""
        op = self.words.op
        sizes = sorted(op.symbols - {p.name for p in op.parameters}) if op else []
        self.fail(
            high, f"a limit in {' and '.join(sorted(own))} of the sum over {name}, no size of the operation",
            f"all of its axis, as from 1 to M or from 0 to M-1, or a limit in {', '.join(sizes)}",
            f"leave the limits out: \\sum_{{{name}}}",
        )  # fmt: skip
