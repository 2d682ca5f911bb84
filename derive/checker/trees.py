"""Expressions and indices as tuples: their kinds, their parts, and how to put them together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain, combinations, count
from typing import Any

from derive.checker.refusal import HIGHEST

Tree = tuple[Any, ...]
Scope = dict[str, str]
Number = int | Fraction
Monomial = tuple[tuple[str, int], ...]
Poly = dict[Monomial, Number]
Factor = tuple[Tree, int]
Facts = tuple[Tree, ...]
Instances = Iterator[tuple[str, Tree, Tree, Facts]]
# A node's fields: e expression, i index, b binders, t tensor, n integer (E, I, T: several); r is the entry by which a
# derivative is taken; o, f, x name a comparison, a function, a definition; v is a plain name; N binds indices, L binds
# tensors, B binds indices whose extents may be left out.
EXPRESSIONS = {
    "num": "nn", "val": "i", "entry": "tI", "add": "E", "mul": "E", "div": "ee", "pow": "ee", "max": "ee", "min": "ee",
    "fn": "fe", "compare": "oee", "in": "ii", "divides": "ii", "cases": "eee", "sum": "be", "select": "be",
    "winner": "beI", "d": "er", "apply": "xTII",
}  # fmt: skip
ATOMS = {"floor": "ii", "mod": "ii", "exact": "ii", "least": "ii", "entry": "tI"}
STATEMENTS = {"gradient": "ttN", "equation": "vNe", "definition": "vLNNe", "one": "Be"}
FIELDS = {**EXPRESSIONS, **ATOMS, "name": "v"}
COMPARISONS = ("==", "!=", "<", "<=")
NAME = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]{0,60}|\.\.\.)\Z")
ZERO, ONE, MINUS = ("num", 0, 1), ("num", 1, 1), ("num", -1, 1)


def fields(e: Tree, kinds: str) -> Iterator[Any]:
    """The values of a node's fields of these kinds, one by one."""
    for kind, value in zip(FIELDS[e[0]], e[1:], strict=True):
        if kind in kinds:
            yield from value if kind in "EIT" else [n for _, n in value] if kind == "b" else (value,)


def parts(e: Tree) -> list[Tree]:
    """The sub-expressions that a position counts."""
    return list(fields(e, "eE"))


def inside(e: Tree) -> Iterator[Tree]:
    """The node and all nodes in it, its indices included; the entry by which a derivative is taken is not read."""
    yield e
    for below in fields(e, "eEiIb"):
        yield from inside(below)


def changed(e: Tree, change: Callable[[str, Any], Any], kinds: str) -> Tree:
    """The node with its fields of these kinds changed."""

    def each(kind: str, v: Any) -> Any:
        if kind not in kinds:
            return v
        several = kind in "EIT"
        return tuple(change(kind.lower(), x) for x in v) if several else change(kind, v)

    return (e[0], *(each(kind, v) for kind, v in zip(FIELDS[e[0]], e[1:], strict=True)))


def put(e: Tree, path: list[int], new: Tree) -> Tree:
    """The expression with the node at a position replaced."""
    places = count()
    return changed(e, lambda _, p: put(p, path[1:], new) if next(places) == path[0] else p, "eE") if path else new


def substitute(e: Tree, values: dict[str, Any]) -> Tree:
    """Indices for names and names for tensors, at once."""

    def change(kind: str, v: Any) -> Any:
        if kind == "b":
            return tuple((name, substitute(n, values)) for name, n in v)
        return values.get(v, v) if kind == "t" else substitute(v, values)

    return values.get(e[1], e) if e[0] == "name" else changed(e, change, "eEiIbtTr")


def name(n: str) -> Tree:
    return ("name", n)


def number(n: int) -> Tree:
    return ("num", n, 1)


def add(*terms: Tree) -> Tree:
    return ("add", terms)


def mul(*items: Tree) -> Tree:
    return ("mul", items)


def minus(e: Tree) -> Tree:
    return mul(MINUS, e)


def power(base: Tree, n: int) -> Tree:
    return base if n == 1 else ("pow", base, number(n))


def factors(e: Tree) -> list[Factor]:
    """The factors of a product, divisors with negative exponents."""
    match e:
        case "mul", items:
            return [f for item in items for f in factors(item)]
        case "div", top, bottom:
            return factors(top) + [(b, -n) for b, n in factors(bottom)]
        case "pow", base, ("num", int(n), 1):
            found = [(b, m * n) for b, m in factors(base)]
            if all(abs(m) <= HIGHEST for _, m in found):
                return found
    return [(e, 1)]


def of(items: Iterable[Factor]) -> Tree:
    """The product of factors."""
    return mul(*(power(b, n) for b, n in items))


def together(held: Iterable[Facts | None]) -> Facts:
    return tuple(fact for facts in held for fact in facts or ())


def subsets(items: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The subsets that are not empty, the largest first; only the largest where there are many."""
    whole = tuple(items)
    sizes = range(len(whole), 0, -1) if len(whole) <= 8 else (len(whole),)
    return chain.from_iterable(combinations(whole, n) for n in sizes)
