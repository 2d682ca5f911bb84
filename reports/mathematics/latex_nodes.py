"""How each node is written in LaTeX, one small function a node, and which brackets keep two of them apart.

A sum takes the product that follows it and no more: in `\\sum_i a_i b_i + c`, c is added once. Whatever else could be
read in two ways is in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

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
from derive.expressions.index import Index
from derive.language.show import ATOM, POWER, PRODUCT, SUM
from reports.mathematics.display_nodes import Focus, Known, bare, decimal, flat
from reports.mathematics.latex_index import brackets, index_text
from reports.mathematics.latex_named import named
from reports.mathematics.names import COTANGENT, Names

_SHORT_FRACTION = re.compile(r"\\frac\{(\w+)\}\{(\w+)\}")
Text = tuple[str, int]  # LaTeX, and how tightly it binds


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints with one choice of names and of limits; the table `NODES` has the function for each node."""

    names: Names
    limits: bool = False

    def text(self, e: Expr, tightness: int) -> str:
        """The expression, in brackets where it binds less tightly than what stands around it."""
        text, binds = NODES[type(e)](self, e)
        return text if binds >= tightness else brackets(text)

    def index(self, i: Index) -> str:
        """An index expression."""
        return index_text(i, self.names, self.inner)

    def inner(self, e: Entry) -> str:
        """An entry of an integer tensor inside an index."""
        return self.text(e, ATOM)

    def indices(self, indices: Sequence[Index]) -> str:
        """A list of indices, spaced out where one of them is more than a name."""
        plain = all(i.name is not None or i.constant is not None for i in indices)
        return ("," if plain else r",\,").join(self.index(i) for i in indices)

    def bound(self, binders: Sequence[Binder]) -> str:
        """The names that a sign binds."""
        return ",".join(self.names[b.name] for b in binders)


def _guard(text: str) -> Text:
    return rf"\left[{text}\right]", ATOM


# -- sums, products, quotients -----------------------------------------------------------------------------------------


def _greedy(e: Expr) -> bool:
    """Whether the expression ends in a sum or maximum, which would take in a factor that follows."""
    match bare(e):
        case Contract() | Select():
            return True
        case Mul(items):
            return bool(items) and _greedy(items[-1])
        case Div(left):
            return _greedy(left)
    return False


def _tall(e: Expr) -> bool:
    """Whether the expression is set as a fraction, which looks better beside another fraction than inside it."""
    e = bare(e)
    return isinstance(e, Div | D) or (isinstance(e, Entry) and e.tensor.startswith(COTANGENT))


def _add(p: Printer, e: Add) -> Text:
    return "".join(terms(p, e)) or "0", SUM


def terms(p: Printer, e: Add) -> list[str]:
    """Every term with its sign."""
    pieces: list[str] = []
    for item in e.items:
        term = p.text(bare(item), SUM if negative(bare(item)) else PRODUCT)
        sign = (" - " if pieces else "-") if term[0] == "-" else " + " if pieces else ""
        term = term.removeprefix("-")
        pieces.append(sign + (rf"\focus{{{term}}}" if isinstance(item, Focus) else term))
    return pieces


def _mul(p: Printer, e: Mul) -> Text:
    text = "".join(factors(p, e))
    return text or "1", SUM if text.startswith("-") else PRODUCT if text else ATOM


def factors(p: Printer, e: Mul) -> list[str]:
    """Every factor with what joins it to the next one."""
    first, rest = (e.items[0], e.items[1:]) if e.items else (None, ())
    if isinstance(first, Num) and first.value < 0 and rest:
        positive = rest if first.value == -1 else (Num(-first.value), *rest)
        pieces = factors(p, Mul(positive)) if len(positive) > 1 else [p.text(positive[0], PRODUCT)]
        return ["-" + pieces[0], *pieces[1:]]
    pieces = []
    for k, item in enumerate(e.items):
        last = k == len(e.items) - 1
        need = PRODUCT if (last and _greedy(item)) or (k == 0 and not isinstance(bare(item), Known)) else POWER
        text = p.text(item, need if last or not _greedy(item) else ATOM)
        pieces.append(text + ("" if last else _between(item, e.items[k + 1])))
    return pieces


def _between(left: Expr, right: Expr) -> str:
    """What stands between two factors: a dot at a number that was put in and before any number, else a thin space."""
    left, right = bare(left), bare(right)
    right = bare(right.left) if isinstance(right, Pow) else right
    return r" \cdot " if isinstance(right, Num | Known) or isinstance(left, Known) else r"\,"


def _div(p: Printer, e: Div) -> Text:
    """A fraction; derivatives stand before it and a sum stands behind it, not in its numerator."""
    above = list(e.left.items) if isinstance(e.left, Mul) and e.left.items else [e.left]
    after = [above.pop()] if _greedy(above[-1]) else []
    before = [f for f in above if _tall(f)]
    inside = [f for f in above if not _tall(f)] or [Num(Fraction(1))]
    top = p.text(inside[0] if len(inside) == 1 else Mul(tuple(inside)), SUM)
    sign, top = ("-", top[1:]) if top[0] == "-" and len(inside) > 1 else ("", top)
    pieces = [p.text(f, POWER) for f in before]
    if top != "1" or e.right != Num(Fraction(1)):
        pieces.append(rf"\frac{{{top}}}{{{p.text(e.right, SUM)}}}")
    pieces += [p.text(f, PRODUCT) for f in after]
    return sign + r"\,".join(pieces), SUM if sign else POWER if len(pieces) == 1 else PRODUCT


def _pow(p: Printer, e: Pow) -> Text:
    """A power; a short fraction in its exponent is written on one line."""
    exponent = _SHORT_FRACTION.sub(r"\1/\2", p.text(e.right, SUM))
    return f"{p.text(e.left, ATOM)}^{{{exponent}}}", POWER


def signs(p: Printer, e: Contract) -> str:
    """One sign for all indices of a sum, or one an index with its limits."""
    if not p.limits:
        return rf"\sum_{{{p.bound(e.binders)}}}"
    return "".join(rf"\sum_{{{p.names[b.name]}=0}}^{{{p.index(b.extent - 1)}}}" for b in e.binders)


def _sum(p: Printer, e: Contract) -> Text:
    return f"{signs(p, e)} {p.text(e.body, PRODUCT)}", PRODUCT


def _select(p: Printer, e: Select) -> Text:
    return rf"\max_{{{p.bound(e.binders)}}} {p.text(e.body, PRODUCT)}", PRODUCT


# -- leaves ------------------------------------------------------------------------------------------------------------


def _entry(p: Printer, e: Entry) -> Text:
    name = p.names[e.tensor.removeprefix(COTANGENT)]
    if e.indices:  # a name with an index of its own takes further ones as a whole
        name = (f"{{{name}}}" if "_" in name or "^" in name else name) + f"_{{{p.indices(e.indices)}}}"
    return (rf"\frac{{\partial E}}{{\partial {name}}}", POWER) if e.tensor.startswith(COTANGENT) else (name, ATOM)


def _number(p: Printer, e: Num) -> Text:
    if e.value < 0:
        return f"-{_number(p, Num(-e.value))[0]}", SUM
    n, d = e.value.numerator, e.value.denominator
    return (str(n), ATOM) if d == 1 else (rf"\frac{{{n}}}{{{d}}}", POWER)


def _known(p: Printer, e: Known) -> Text:
    if isinstance(e.value, float):
        text = decimal(e.value)
        return text, SUM if text[0] == "-" else ATOM
    return _number(p, Num(Fraction(e.value)))


def _value(p: Printer, e: Val) -> Text:
    terms = e.index.terms
    if len(terms) != 1 or terms[0][1] < 0:
        return p.index(e.index), SUM
    return p.index(e.index), ATOM if e.index.name is not None else PRODUCT


# -- functions, brackets, derivatives ----------------------------------------------------------------------------------

_FUNCTIONS = {
    "exp": r"\exp", "log": r"\log", "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos", "sigmoid": r"\sigma",
}  # fmt: skip
_SIGNS = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le"}


def _function(p: Printer, e: Fn) -> Text:
    argument = p.text(e.arg, SUM)
    if e.name == "sqrt":
        return rf"\sqrt{{{argument}}}", POWER
    if e.name == "exp" and not _high(e.arg):
        return rf"e^{{{argument}}}", POWER
    return (_FUNCTIONS.get(e.name) or rf"\operatorname{{{p.names[e.name]}}}") + brackets(argument), ATOM


def _high(e: Expr) -> bool:
    """Whether an exponent is too much for a raised line."""
    return isinstance(e, Contract | Select | Div | Maximum | Minimum | D) or _tall(e) or any(map(_high, e.parts))


def _extreme(sign: str) -> Callable[[Printer, Expr], Text]:
    """max or min; nested ones are one list."""
    return lambda p, e: (sign + brackets(r",\,".join(_signed(p.text(x, SUM)) for x in flat(e))), ATOM)


def _signed(text: str) -> str:
    """An item of a list: its minus is a sign and no operation."""
    return f"{{{text}}}" if text.startswith("-") else text


def _compare(p: Printer, e: Compare) -> Text:
    return _guard(f"{p.text(e.left, SUM)} {_SIGNS[e.op]} {p.text(e.right, SUM)}")


def _cases(p: Printer, e: Cases) -> Text:
    condition = p.text(e.condition, SUM).removeprefix(r"\left[").removesuffix(r"\right]")
    rows = rf"{p.text(e.then, SUM)} & \text{{if }} {condition} \\ {p.text(e.other, SUM)} & \text{{otherwise}}"
    return rf"\begin{{cases}}{rows}\end{{cases}}", SUM


def _winner(p: Printer, e: Winner) -> Text:
    at = p.indices(e.at) if len(e.at) == 1 else f"({p.indices(e.at)})"
    return _guard(rf"{at} = \operatorname*{{argmax}}_{{{p.bound(e.binders)}}} {p.text(e.body, PRODUCT)}")


def _derivative(p: Printer, e: D) -> Text:
    below = rf"\partial {p.text(e.wrt, ATOM)}"
    if isinstance(bare(e.expr), Entry) and not _tall(e.expr):
        return rf"\frac{{\partial {p.text(e.expr, ATOM)}}}{{{below}}}", POWER
    return rf"\frac{{\partial}}{{{below}}}" + brackets(p.text(e.expr, SUM)), POWER


def _focus(p: Printer, e: Focus) -> Text:
    text, binds = NODES[type(e.inner)](p, e.inner)
    return rf"\focus{{{text}}}", binds


NODES: dict[type, Callable[[Printer, Any], Text]] = {
    Num: _number,
    Val: _value,
    Entry: _entry,
    Add: _add,
    Mul: _mul,
    Div: _div,
    Pow: _pow,
    Fn: _function,
    Maximum: _extreme(r"\max"),
    Minimum: _extreme(r"\min"),
    Compare: _compare,
    InRange: lambda p, e: _guard(rf"0 \le {p.index(e.index)} < {p.index(e.extent)}"),
    Divides: lambda p, e: _guard(rf"{p.index(e.divisor)} \mid {p.index(e.dividend)}"),
    Cases: _cases,
    Contract: _sum,
    Select: _select,
    Winner: _winner,
    D: _derivative,
    Apply: named,
    Focus: _focus,
    Known: _known,
}
