"""The form in which an operation is written down: a law and torch's arguments for its symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from derive.layout import AS_THE_LAW, Layout

Scalar = int | float | str | Fraction | None
Setting = Scalar | tuple["Setting", ...] | list["Setting"]
Kinds = Mapping[str, str]
Laws = str | Callable[[Kinds], str]
"""A text, or what makes it from the kinds of the arguments that vary: `law({"padding": "same", "groups": "1"})`."""

NUMBER, PAIRS = "number", "pairs"


@dataclass(frozen=True, slots=True)
class Pick:
    """What an argument is where a call passes this tensor with "floats", "one entry" or "negative labels"."""

    tensor: str
    where: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Argument:
    """One of torch's arguments, in each of the kinds in which it may be given.

    A word, of `choices`, picks the law; a number, or one an axis, sets the `symbols`; a pair of numbers an axis sets
    the `pairs`. A real number may have to be `positive`. Where the user of a kernel leaves it to the tensors of a call,
    `pick` says what it is then.
    """

    name: str
    symbols: tuple[str, ...] = ()
    default: Scalar | tuple[str, ...] = None
    minimum: int = 0
    choices: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    real: bool = False
    positive: bool = False
    pick: Pick | None = None
    meaning: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of value it may have: words, numbers, pairs."""
        return (*self.choices, *((NUMBER,) if self.symbols else ()), *((PAIRS,) if self.pairs else ()))

    @property
    def varies(self) -> bool:
        """Whether the kind of its value picks the law."""
        return self.kinds != (NUMBER,)

    def default_for(self, axis: int) -> Scalar:
        """torch's default for one axis: a number, the symbol it repeats, or None where it must be given."""
        if isinstance(self.default, tuple):
            return self.default[axis]
        return None if str(self.default) in self.choices else self.default

    def kind(self, value: Setting) -> str:
        """The kind of a value: one of `choices`, "number" or "pairs"; empty where it is none of them."""
        word = next((c for c in self.choices if _is_word(value, c)), "")
        nested = isinstance(value, tuple | list) and any(isinstance(v, tuple | list) for v in value)
        numbers = not word and bool(self.symbols)
        return word or (PAIRS if nested and self.pairs else NUMBER if numbers else "")

    def chosen(self, kind: str) -> bool:
        """Whether a kind is worth telling: a word, unless it is the default among numbers, as groups=1 is."""
        return kind in self.choices and not (self.symbols and kind == str(self.default))

    def symbols_of(self, kind: str) -> tuple[str, ...]:
        """The symbols that a value of this kind sets."""
        return (
            self.symbols if kind == NUMBER else tuple(s for pair in self.pairs for s in pair) if kind == PAIRS else ()
        )

    def symbolic(self, kind: str) -> Setting:
        """The value of this kind that leaves its symbols open."""
        return self.symbols if kind == NUMBER else self.pairs if kind == PAIRS else kind


def _is_word(value: Setting, word: str) -> bool:
    if isinstance(value, int | float | Fraction) and not isinstance(value, bool):
        return word.lstrip("-").isdigit() and value == int(word)
    return not isinstance(value, tuple | list) and str(value) == word


@dataclass(frozen=True, slots=True)
class Recipe:
    """A catalogue operation; what is a `Laws` may depend on the kinds of the arguments that vary.

    `optional` says what number a tensor that is left out counts as; the `constant` ones have no gradient in torch;
    `stable` is the law as it is computed where the law itself could overflow; `hypotheses` are sums that are
    assumed to be 1; `require` and `conventions` are one a line; `layout` says how the tensors that users pass differ
    from the law's.
    """

    name: str
    summary: str
    law: Laws
    tensors: Mapping[str, str]
    arguments: tuple[Argument, ...] = ()
    optional: Mapping[str, int] = field(default_factory=dict)
    constant: frozenset[str] = frozenset()
    require: Laws = ""
    conventions: Laws = ""
    hypotheses: Laws = ""
    stable: Laws = ""
    source: str = ""
    layout: Layout = AS_THE_LAW

    def kinds(self, settings: Mapping[str, Setting]) -> dict[str, str]:
        """The kind of every argument that varies, torch's default where it is not set."""
        return {a.name: a.kind(settings.get(a.name, a.default)) for a in self.arguments if a.varies}

    def variants(self) -> Iterator[dict[str, Setting]]:
        """Settings for every combination of kinds, numbers left open: all the laws of the operation."""
        varying = [a for a in self.arguments if a.varies]
        for picked in product(*(a.kinds for a in varying)):
            yield {a.name: a.symbolic(kind) for a, kind in zip(varying, picked, strict=True)}


def text(which: Laws, kinds: Kinds) -> str:
    """A law, its stable form, its requirements under these kinds; empty where there are none."""
    return which if isinstance(which, str) else which(kinds)


def lines(which: Laws, kinds: Kinds) -> tuple[str, ...]:
    """The same, one a line, empty lines left out."""
    return tuple(line.strip() for line in text(which, kinds).splitlines() if line.strip())
