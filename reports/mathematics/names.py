"""How names of the notation look on paper: `s_h` is s with an index, `c1` a c with a prime, `gamma` one letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from derive.expressions.traversal import all_names
from derive.networks.instance import COTANGENT as COTANGENT
from derive.operation import Op

_GREEK = re.compile(
    r"alpha|beta|[gG]amma|[dD]elta|epsilon|zeta|eta|[tT]heta|iota|kappa|[lL]ambda|mu|nu|[xX]i|[pP]i|rho|[sS]igma|tau"
    r"|[uU]psilon|[pP]hi|chi|[pP]si|[oO]mega"
)
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>[0-9]*)", re.DOTALL)
_MOST_PRIMES = 3
LEADING = "..."  # any number of leading axes, read as one


@dataclass(frozen=True, slots=True)
class Names:
    """Names as LaTeX, two different ones never alike; `own` are the names that the law itself uses.

    A number at the end of a name that the law does not use counts copies of a bound index: `c1` is c'.
    """

    own: frozenset[str] = frozenset()
    _shown: dict[str, str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        shown: dict[str, str] = {}
        for name in sorted(self.own):
            latex = _spelled(name)
            shown[name] = _upright(name, r"\mathtt") if latex in shown.values() else latex
        object.__setattr__(self, "_shown", shown)

    @classmethod
    def of(cls, op: Op) -> Names:
        """The names of an operation's law."""
        return cls(frozenset(_names(op)))

    def __getitem__(self, name: str) -> str:
        if name in self._shown:
            return self._shown[name]
        stem, number = _numbered(name)
        if not number or not stem or stem.endswith("_"):
            return _spelled(name)
        if stem == "l" and LEADING in self.own and "l" not in self.own:
            stem = LEADING  # copies of the leading axes are called l1, l2, ...
        base = self._shown.get(stem) or _spelled(stem)
        return base + ("'" * int(number) if 0 < int(number) <= _MOST_PRIMES else f"^{{({number})}}")


def _names(op: Op) -> Iterator[str]:
    yield from op.symbols
    for t in op.tensors:
        yield t.name
        yield from (b.name for b in t.axes)
    for e in op.equations:
        yield from all_names(e.body)


def _numbered(name: str) -> tuple[str, str]:
    match = _NUMBERED.fullmatch(name)
    assert match is not None
    return match["stem"], match["number"]


def _spelled(name: str) -> str:
    """A name with its number, if it has one, as an index: `x_1` and `x1` are both x with a 1."""
    base, *below = name.split("_")
    stem, number = _numbered(base)
    index = ",".join(_letters(p) for p in (number, *below) if p)
    return _letters(stem) + (f"_{{{index}}}" if index else "")


def _letters(text: str) -> str:
    if text == LEADING:
        return r"\ell"
    if _GREEK.fullmatch(text):
        return f"\\{text}"
    return text if len(text) <= 1 or text.isdigit() else _upright(text, r"\mathrm")


def _upright(text: str, font: str) -> str:
    spelled = text.replace("_", r"\_")
    return f"{font}{{{spelled}}}"
