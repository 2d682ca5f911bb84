"""Indices with quotients: when a quotient leaves no rest, what undoes it, and when a delta can be solved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from derive.checker.normal import poly, same, show
from derive.checker.trees import (
    MINUS,
    NAME,
    Facts,
    Tree,
    add,
    changed,
    inside,
    minus,
    mul,
    name,
    number,
    parts,
    power,
    substitute,
)


def exact_in(e: Tree) -> list[Tree]:
    """The exact quotients in an index: where a bracket about it is not 0, they leave no rest."""
    found = [(n, [*poly(add(mul(n)), {}, True).items()]) for n in inside(e) if n[0] == "exact"]
    return [n for n, p in found if len(p) == 1 and p[0][1] == 1 and [a[:7] for a, _ in p[0][0]] == ["exact:("]]


def settled(e: Tree, known: list[Tree]) -> Tree:
    """The expression with quotients that leave no rest as names: like any integer they may cancel."""
    for k, q in enumerate(known if e[0] == "exact" else ()):
        if same(add(mul(e)), add(mul(q))):
            return name(f"{k}!")

    def change(kind: str, v: Any) -> Any:
        return tuple((n, settled(i, known)) for n, i in v) if kind == "b" else settled(v, known)

    return changed(e, change, "eEiIbr") if known else e


def at_least_one(i: Tree) -> Facts | None:
    """What it rests on that an index is 1 or more: a product of a number and symbols from 1 up; None for any other."""
    match list(poly(i, {}, True).items()):
        case [(monomial, c)] if c > 0 and all(NAME.match(n) for n, _ in monomial):
            return tuple(("minimum", n, 1) for n, _ in monomial)
    return None


def whole_number(i: Tree) -> bool:
    """Whether an index is an integer whatever its names are."""
    return ":" not in show(poly(i, {}, True))


def undone(e: Tree, quotient: Tree) -> Tree:
    """An expression with every index s*(a/s) + r made a + r; a maximum is left as it is."""
    if any(node[0] in ("select", "winner") for node in inside(e)):
        return e

    def without(kind: str, v: Tree) -> Tree:
        if kind == "b":
            return tuple((n, multiplied_out(i, quotient)) for n, i in v)
        return changed(v, without, "eEiIb") if kind == "e" else multiplied_out(v, quotient)

    return without("e", e)


def multiplied_out(i: Tree, quotient: Tree) -> Tree:
    """An index s*(a/s) + r as a + r, where s is all that multiplies the quotient itself; else the index."""
    _, a, s = quotient
    with_it = [t for t in i[1] if sum(same(add(mul(f)), add(mul(quotient))) for f in t[1]) == 1]
    others = (mul(*(f for f in t[1] if not same(add(mul(f)), add(mul(quotient))))) for t in with_it)
    return add(*(t for t in i[1] if t not in with_it), a) if with_it and same(add(*others), s) else i


def with_value(e: Tree, quotient: Tree, value: Tree) -> Tree:
    """An expression or index with a value in place of a quotient or remainder."""

    def change(kind: str, v: Any) -> Any:
        return tuple((n, change("i", i)) for n, i in v) if kind == "b" else with_value(v, quotient, value)

    if e[0] == quotient[0] and all(map(same, e[1:], quotient[1:])):
        return value
    return changed(e, change, "eEiIbr")


def only(i: Tree) -> Tree:
    """The name, quotient, remainder or entry that an index consists of; itself where it is more."""
    match i:
        case "add", (("mul", (("num", 1, 1), a)),):
            return tuple(a)
    return i


def total(e: Tree) -> bool:
    """Whether an expression has a value whatever its reads are."""
    match e:
        case "val", i if exact_in(i):
            return False
        case "sum", over, _ if any(exact_in(n) for _, n in over):
            return False
        case ("div" | "select" | "winner" | "apply", *_) | ("fn", "log" | "sqrt", _):
            return False
        case "pow", _, n if n[0] != "num" or n[1] < 0 or n[2] != 1:
            return False
    return all(total(p) for p in parts(e))


def sides(e: Tree) -> list[tuple[Tree, Tree]]:
    """The two integer sides of [i==a]."""
    match e:
        case "compare", "==", *both if all(s[0] == "val" or (s[0] == "num" and s[2] == 1) for s in both):
            left, right = (s[1] if s[0] == "val" else add(mul(s)) for s in both)
            return [(left, right)]
    return []


def solved(left: Tree, right: Tree, i: str) -> Iterator[tuple[Tree, Facts]]:
    """left == right as i == value, by a divisor that is a number or a product of symbols from 1 up."""
    terms = [t[1] for t in left[1]] + [(MINUS, *t[1]) for t in right[1]]
    slope = add(*(mul(*(a for a in t if a != name(i))) for t in terms if name(i) in t))
    rest = add(*(mul(*t) for t in terms if name(i) not in t))
    if any(t.count(name(i)) > 1 for t in terms) or name(i) in inside(add(slope, rest)):
        return
    match list(poly(slope, {}, True).items()):
        case [(monomial, c)] if (abs(c) == 1 or not monomial) and all(NAME.match(a) for a, _ in monomial):
            divisor = mul(number(abs(int(c))), *(power(name(a), n) for a, n in monomial))
            yield ("exact", minus(rest) if c > 0 else rest, divisor), tuple(("minimum", a, 1) for a, _ in monomial)


def divided(over: Tree, left: Tree, right: Tree) -> Iterator[tuple[Tree, Tree, Tree, Facts]]:
    """left == right as K*i+p == a, with an integer a and K a product of a number and symbols from 1 up."""
    for (i, extent), (p, width), turned in product(over, over, (False, True)):
        one, other = (right, left) if turned else (left, right)
        a = add(other, minus(one), mul(width, name(i)), name(p))
        free = substitute(a, {i: add(), p: add()})
        facts = at_least_one(width)
        if facts is not None and i != p and same(a, free) and whole_number(free):
            yield (i, extent), (p, width), free, facts
