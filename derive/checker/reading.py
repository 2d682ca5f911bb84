"""From JSON to nodes: every bound name gets a name of its own, and what is not declared is refused."""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from derive.checker.differentiation import DERIVATIVES
from derive.checker.refusal import HIGHEST, LARGEST, MOST_ITEMS, MOST_NODES, Refuted, expect
from derive.checker.trees import (
    ATOMS,
    COMPARISONS,
    EXPRESSIONS,
    NAME,
    Scope,
    Tree,
    add,
    fields,
    inside,
    mul,
    name,
    number,
)


class Reader:
    """Turns JSON into nodes and refuses what is not declared; symbols are collected until the statement is closed."""

    def __init__(self, ranks: dict[str, int]) -> None:
        self.ranks = ranks
        self.wrt = ""
        self.known: dict[str, list[int]] = {}
        self.symbols: set[str] = set()
        self.closed = False
        self.seen: set[str] = set()
        self.numbers = count()

    def node(self, v: Any, scope: Scope, heads: dict[str, str] = EXPRESSIONS) -> Tree:
        expect(next(self.numbers) < MOST_NODES, f"at most {MOST_NODES} nodes", "more")
        known = type(v) is list and v and isinstance(v[0], str) and v[0] in heads
        expect(known and len(v) == 1 + len(heads[v[0]]), f"one of {', '.join(heads)}, with its fields", v)
        below, made = scope, [v[0]]
        for kind, value in zip(heads[v[0]], v[1:], strict=True):
            if kind in "bBNL":
                found, bound = self.binders(kind, value, scope)
                below = {**below, **bound}
            made.append(found if kind in "bBNL" else self.field(kind, value, below if kind in "eE" else scope))
        self.check(tuple(made), v)
        return tuple(made)

    def field(self, kind: str, v: Any, scope: Scope) -> Any:
        if kind in "EIT":
            expect(len(listed(v)) <= MOST_ITEMS, f"at most {MOST_ITEMS} items", len(v))
            return tuple(self.field(kind.lower(), each, scope) for each in v)
        if kind in "er":
            return self.node(v, scope, EXPRESSIONS if kind == "e" else {"entry": "tI"})
        if kind == "i":
            return add(*(self.term(listed(t), scope) for t in listed(v)))
        if kind == "n":
            return integer(v)
        expect(isinstance(v, str), "a name", v)
        if kind == "t" and f"{v}[]" in scope:
            return scope[f"{v}[]"]
        if v not in {"o": COMPARISONS, "f": DERIVATIVES, "x": self.known, "t": self.ranks, "v": (v,)}[kind]:
            raise Refuted(f"uses {v[:60]}, which is not declared")
        self.seen |= {v} if kind == "t" else set()
        return v

    def term(self, t: list[Any], scope: Scope) -> Tree:
        expect(0 < len(t) <= HIGHEST and t[0] != 0, "a coefficient and atoms", t)
        atoms = (self.name(a, scope) if isinstance(a, str) else self.node(a, scope, ATOMS) for a in t[1:])
        return mul(number(integer(t[0])), *atoms)

    def name(self, v: Any, scope: Scope) -> Tree:
        expect(isinstance(v, str) and NAME.match(v), "a name", v)
        if v not in scope and v not in self.symbols:
            if self.closed:
                raise Refuted(f"uses {v}, which is free and not declared")
            self.symbols.add(v)
        return name(scope.get(v, v))

    def binders(self, kind: str, v: Any, scope: Scope) -> tuple[Tree, Scope]:
        """Names of their own for bound names."""
        pairs = [listed(b) if kind in "bB" else [b, None] for b in listed(v)]
        expect(all(len(b) == 2 and isinstance(b[0], str) and NAME.match(b[0]) for b in pairs), "bound names", v)
        expect(len({b[0] for b in pairs}) == len(pairs), "different names", v)
        bound = {b[0] + "[]" * (kind == "L"): f"{b[0]}#{next(self.numbers)}" for b in pairs}
        extents = [None if kind == "B" and n is None else self.field("i", n, scope) for _, n in pairs if kind in "bB"]
        return tuple(zip(bound.values(), extents, strict=True)) if kind in "bB" else tuple(bound.values()), bound

    def check(self, e: Tree, v: Any) -> None:
        """What a node must satisfy beyond its fields."""
        match e:
            case "num", _, q:
                expect(q > 0, "a positive denominator", v)
            case "sum" | "select" | "winner", over, *rest:
                expect(over and all(len(at) == len(over) for at in rest[1:]), "as many indices as are bound", v)
            case "d", _, (_, t, _) if t != self.wrt or not self.closed:
                raise Refuted(f"holds a derivative by {t}")
            case "gradient", _, t, at:
                expect(len(at) == self.ranks[t], f"an index for each axis of {t}", v)
            case "entry", t, at if self.ranks.get(t, len(at)) != len(at):
                raise Refuted(f"reads {t} with {len(at)} indices instead of {self.ranks[t]}")
            case "apply", d, *values if [len(x) for x in values] != self.known[d]:
                raise Refuted(f"uses {d} with other numbers of tensors, arguments and indices than its definition")
            case "definition", d, *values, body:
                expect(NAME.match(d) and d not in self.known, "a name not defined before", d)
                used = {n for node in inside(body) for n in fields(node, "tTv")}
                expect({*chain.from_iterable(values)} <= used, "a body that uses all its names", v)
                self.known[d] = [len(x) for x in values]
            case "equation", t, names, _:
                expect(len(names) == self.ranks.get(t), "a declared tensor with an index for each axis", v)
                if t in self.seen:
                    raise Refuted(f"defines {t} after it is read")
                self.seen.add(t)


def integer(v: Any) -> int:
    expect(type(v) is int and abs(v) <= LARGEST, f"an integer of at most {LARGEST}", v)
    return int(v)


def listed(v: Any) -> list[Any]:
    expect(type(v) is list, "a list", v)
    return list(v)


def table(v: Any) -> dict[str, Any]:
    expect(type(v) is dict and all(NAME.match(n) for n in v), "an object by names", v)
    return dict(v)


def record(v: Any, names: str, optional: str = "") -> list[Any]:
    """The values of an object with exactly these fields, and perhaps one that is optional."""
    expect(type(v) is dict and {*names.split()} <= {*v} <= {*names.split(), optional}, f"the fields {names}", v)
    return [v.get(n) for n in (*names.split(), *optional.split())]
