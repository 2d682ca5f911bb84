"""Prints expressions as one line of notation, the text that `derive.language.notation` reads back."""

from __future__ import annotations

from collections.abc import Callable

from derive.expressions.build import negative
from derive.expressions.expr import (
    Add,
    Apply,
    Binder,
    Cases,
    Compare,
    Contract,
    D,
    Div,
    Divides,
    Entry,
    Expr,
    Fn,
    InRange,
    Maximum,
    Minimum,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
)
from derive.expressions.index import Composite, Index

SUM, PRODUCT, POWER, ATOM = range(4)
_SIGN = {"floor": "//", "mod": "%", "exact": "/"}


def show(e: Expr, bounds: bool = True) -> str:
    """The expression in notation; `bounds=False` leaves out the extents of bound indices."""
    return _Shower(bounds).text(e, SUM)


def show_index(i: Index, tight: bool = False) -> str:
    """An index expression, positive terms first; `tight` puts brackets around a sum."""
    ordered = [t for t in i.terms if t[1] > 0] + [t for t in i.terms if t[1] < 0]
    text = ""
    for monomial, c in ordered:
        factors = [show_atom(a) for a in monomial]
        if abs(c) != 1 or not factors:
            factors.insert(0, str(abs(c)))
        text += ("-" if c < 0 else "+" if text else "") + "*".join(factors)
    text = text or "0"
    composite = any(isinstance(a, Composite) for m, _ in ordered for a in m)
    return f"({text})" if tight and (len(ordered) > 1 or composite or text[0] == "-" or "*" in text) else text


def show_atom(atom: str | Composite | Entry) -> str:
    """One atom of an index monomial."""
    if isinstance(atom, str):
        return atom
    if isinstance(atom, Composite) and atom.kind == "min":
        return f"min({show_index(atom.dividend)}, {show_index(atom.divisor)})"
    if isinstance(atom, Composite):
        return f"({show_index(atom.dividend, tight=True)}{_SIGN[atom.kind]}{show_index(atom.divisor, tight=True)})"
    return show(atom)


def _list(indices: tuple[Index, ...]) -> str:
    # one composite alone in an index needs no brackets: X[a//W, a%W]
    def one(i: Index) -> str:
        text = show_index(i)
        alone = len(i.terms) == 1 and i.terms[0][1] == 1 and len(i.terms[0][0]) == 1
        bracketed = alone and isinstance(i.terms[0][0][0], Composite) and text[0] == "("
        return text[1:-1] if bracketed else text

    return ",".join(one(i) for i in indices)


class _Shower:
    """One method a node, found by the node's class; each returns (text, how tightly it binds)."""

    def __init__(self, bounds: bool) -> None:
        self.bounds = bounds

    def text(self, e: Expr, tightness: int) -> str:
        text, binds = _RULES[type(e)](self, e)
        return f"({text})" if binds < tightness else text

    def binders(self, binders: tuple[Binder, ...]) -> str:
        known = [b.name + (f"<{show_index(b.extent)}" if self.bounds and not _open(b) else "") for b in binders]
        return ",".join(known)

    def product(self, e: Mul) -> tuple[str, int]:
        if not e.items:
            return "1", ATOM
        negative = isinstance(e.items[0], Num) and e.items[0].value == -1 and len(e.items) > 1
        items = e.items[1:] if negative else e.items
        texts = []
        for k, item in enumerate(items):
            greedy = isinstance(item, Contract | Select) and k < len(items) - 1
            text = self.text(item, PRODUCT if k == 0 and not greedy else POWER)
            if isinstance(item, Contract | Select) and k == len(items) - 1:
                text = self.text(item, PRODUCT)
            texts.append(text)
        joined = "*".join(texts)
        return (f"-{joined}", SUM) if negative else (joined, PRODUCT)

    def quotient(self, e: Div) -> tuple[str, int]:
        return f"{self.text(e.left, ATOM if _greedy(e.left) else PRODUCT)}/{self.text(e.right, POWER)}", PRODUCT

    def sum(self, e: Add) -> tuple[str, int]:
        text = ""
        for item in e.items:
            term = self.text(item, SUM if negative(item) else PRODUCT)
            text += term if not text or term.startswith("-") else f" + {term}"
            if term.startswith("-") and text != term:
                text = text[: -len(term)] + f" - {term[1:]}"
        return text or "0", SUM

    def binding(self, word: str, e: Contract | Select) -> tuple[str, int]:
        return f"{word}[{self.binders(e.binders)}] {self.text(e.body, PRODUCT)}", PRODUCT

    def winner(self, e: Winner) -> tuple[str, int]:
        at = _list(e.at)
        inner = f"argmax[{self.binders(e.binders)}] {self.text(e.body, PRODUCT)}"
        bracketed = len(e.at) > 1 or at[0] == "("  # as the list that a bracket opens
        return f"[{f'({at})' if bracketed else at}=={inner}]", ATOM

    def bracket(self, e: Compare) -> tuple[str, int]:
        return f"[{self.text(e.left, SUM)}{e.op}{self.text(e.right, SUM)}]", ATOM

    def cases(self, e: Cases) -> tuple[str, int]:
        condition = self.text(e.condition, SUM)[1:-1]
        return f"cases({condition}, {self.text(e.then, SUM)}, {self.text(e.other, SUM)})", ATOM

    def apply(self, e: Apply) -> tuple[str, int]:
        arguments = ",".join(show_index(a) for a in e.arguments)
        inside = ", ".join(e.tensors) + (f" | {arguments}" if arguments else "")
        return f"{e.definition}({inside})[{_list(e.indices)}]", ATOM

    def number(self, e: Num) -> tuple[str, int]:
        text = str(e.value)
        return text, SUM if text.startswith("-") else PRODUCT if "/" in text else ATOM

    def value(self, e: Val) -> tuple[str, int]:
        text = show_index(e.index)
        plain = e.index.name is not None
        return text, ATOM if plain else PRODUCT if len(e.index.terms) == 1 and text[0] != "-" else SUM


def _open(b: Binder) -> bool:
    return (b.extent.name or "").startswith("?")


def _greedy(e: Expr) -> bool:
    """Whether the text ends in a sum or maximum that would take a following factor in."""
    return isinstance(e, Contract | Select) or (isinstance(e, Mul) and bool(e.items) and _greedy(e.items[-1]))


_RULES: dict[type, Callable[..., tuple[str, int]]] = {
    Num: _Shower.number,
    Val: _Shower.value,
    Entry: lambda s, e: (e.tensor + (f"[{_list(e.indices)}]" if e.indices else ""), ATOM),
    Add: _Shower.sum,
    Mul: _Shower.product,
    Div: _Shower.quotient,
    Pow: lambda s, e: (f"{s.text(e.left, ATOM)}^{s.text(e.right, POWER)}", POWER),
    Fn: lambda s, e: (f"{e.name}({s.text(e.arg, SUM)})", ATOM),
    Maximum: lambda s, e: (f"max({s.text(e.left, SUM)}, {s.text(e.right, SUM)})", ATOM),
    Minimum: lambda s, e: (f"min({s.text(e.left, SUM)}, {s.text(e.right, SUM)})", ATOM),
    Compare: _Shower.bracket,
    InRange: lambda s, e: (f"[0<={show_index(e.index)}<{show_index(e.extent)}]", ATOM),
    Divides: lambda s, e: (f"[{show_index(e.divisor)} | {show_index(e.dividend)}]", ATOM),
    Cases: _Shower.cases,
    Contract: lambda s, e: s.binding("sum", e),
    Select: lambda s, e: s.binding("max", e),
    Winner: _Shower.winner,
    D: lambda s, e: (f"d({s.text(e.expr, SUM)})/d{s.text(e.wrt, ATOM)}", ATOM),
    Apply: _Shower.apply,
}

__all__ = ["show", "show_atom", "show_index"]
