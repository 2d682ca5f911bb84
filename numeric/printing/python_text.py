"""Python text of indices and scalar trees: operators with as few brackets as precedence allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from derive.expressions.index import Composite, Index, index

# how tightly a text binds, as in Python's grammar
CHOICE, COMPARE, BOTH, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of Python: its text, how tightly it binds, and what it is.

    `kind` is "number" (Python's own), "array", "mask" (an array of booleans) or "truth" (one boolean).
    """

    text: str
    binds: int
    kind: str

    def within(self, tightness: int) -> str:
        """The text, in brackets where it binds less tightly."""
        return f"({self.text})" if self.binds < tightness else self.text


def number(value: Fraction) -> Text:
    """A rational constant."""
    if value.denominator == 1:
        return Text(str(value.numerator), SIGN if value < 0 else ATOM, "number")
    return Text(f"{value.numerator}/{value.denominator}", PRODUCT, "number")


def joined_kind(texts: Iterable[Text]) -> str:
    """What an arithmetic operation on these gives."""
    return "array" if any(t.kind in ("array", "mask") for t in texts) else "number"


def add(terms: list[Text]) -> Text:
    """A sum; a term that starts with a minus is subtracted, one that is a sum is added up first, as the law says."""
    text = ""
    for t in terms:
        term = t.within(PRODUCT if text else SUM)
        if not text:
            text = term
        elif term.startswith("-"):
            text += f" - {term[1:]}"
        else:
            text += f" + {term}"
    return Text(text or "0", SUM if len(terms) > 1 else terms[0].binds if terms else ATOM, joined_kind(terms))


def multiply(factors: list[Text]) -> Text:
    """A product; a leading -1 is a sign."""
    negative = len(factors) > 1 and factors[0].text == "-1"
    rest = factors[1:] if negative else factors
    if not rest:
        return Text("1", ATOM, "number")
    text = rest[0].within(SIGN if negative else PRODUCT) + "".join(f"*{f.within(SIGN)}" for f in rest[1:])
    if negative:
        return Text(f"-{text}", SIGN if len(rest) == 1 else PRODUCT, joined_kind(rest))
    return rest[0] if len(rest) == 1 else Text(text, PRODUCT, joined_kind(rest))


def divide(a: Text, b: Text) -> Text:
    """A quotient."""
    return Text(f"{a.within(PRODUCT)}/{b.within(SIGN)}", PRODUCT, joined_kind((a, b)))


def power(a: Text, b: Text) -> Text:
    """A power."""
    return Text(f"{a.within(ATOM)}**{b.within(SIGN)}", POWER, joined_kind((a, b)))


def compare(op: str, a: Text, b: Text) -> Text:
    """A comparison."""
    kind = "mask" if "array" in (a.kind, b.kind) or "mask" in (a.kind, b.kind) else "truth"
    return Text(f"{a.within(SUM)} {op} {b.within(SUM)}", COMPARE, kind)


def both(conditions: list[Text]) -> Text:
    """Where all conditions hold."""
    if len(conditions) == 1:
        return conditions[0]
    kind = "mask" if any(c.kind == "mask" for c in conditions) else "truth"
    return Text(" & ".join(c.within(SUM) for c in conditions), BOTH, kind)


Atoms = Callable[[object], Text]


def integer(i: Index, atom: Atoms) -> Text:
    """An index; `atom` says what a name, or an entry of an integer tensor, is."""
    ordered = [t for t in i.terms if t[1] > 0] + [t for t in i.terms if t[1] < 0]
    return add([_term(monomial, c, atom) for monomial, c in ordered])


def _term(monomial: tuple[object, ...], c: int, atom: Atoms) -> Text:
    match monomial, c:
        case (Composite(kind="min", dividend=zero, divisor=other),), -1 if zero == index(0):
            inner = integer(-other, atom)
            if inner.kind == "number":
                return Text(f"max(0, {inner.text})", ATOM, "number")
    factors = [_composite(a, atom) if isinstance(a, Composite) else atom(a) for a in monomial]
    if abs(c) != 1 or not factors:
        factors.insert(0, Text(str(abs(c)), ATOM, "number"))
    return multiply([Text("-1", SIGN, "number"), *factors] if c < 0 else factors)


def _composite(c: Composite, atom: Atoms) -> Text:
    a, b = integer(c.dividend, atom), integer(c.divisor, atom)
    kind = joined_kind((a, b))
    if c.kind == "min" and kind == "number":
        return Text(f"min({a.text}, {b.text})", ATOM, kind)
    if c.kind == "min":  # Python's min takes no arrays; its abs takes those of every library
        gap = f"abs({a.within(SUM)} - {b.within(PRODUCT)})"
        return Text(f"({a.within(SUM)} + {b.within(SUM)} - {gap})//2", PRODUCT, kind)
    sign = "%" if c.kind == "mod" else "//"
    return Text(f"{a.within(PRODUCT)}{sign}{b.within(SIGN)}", PRODUCT, kind)


def quotients(i: Index) -> list[Composite]:
    """The exact quotients inside an index, whose value there is none off the integers."""
    found: list[Composite] = []
    for a in i.atoms():
        if isinstance(a, Composite):
            found += [a] if a.kind == "exact" else []
            found += quotients(a.dividend) + quotients(a.divisor)
    return found
