"""What a certificate states, and how every move of it is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import copy
from typing import Any

from derive.checker.division import only
from derive.checker.families import LAWS
from derive.checker.normal import equal, reads, same
from derive.checker.reading import Reader, integer, listed, record, table
from derive.checker.refusal import Malformed, Refuted, expect
from derive.checker.trees import (
    FIELDS,
    MINUS,
    STATEMENTS,
    Facts,
    Scope,
    Tree,
    add,
    factors,
    inside,
    minus,
    mul,
    name,
    number,
    of,
    parts,
    put,
    substitute,
    together,
)

FORMAT = "backproof certificate 1"
STATED = "tensors equations gradient definitions hypotheses sizes minima conventions"


class Claim(Reader):
    """What a certificate states, and where a move is made: `here` holds the extents of the indices in force there,
    `factor` says whether the node is a factor of a larger product, whose other factors its guards may protect.
    """

    def __init__(self, stated: list[Any]) -> None:
        tensors, equations, gradient, definitions, hypotheses, sizes, minima, conventions = stated
        super().__init__({t: len(listed(axes)) for t, axes in table(tensors).items()})
        self.tensors: dict[str, list[Tree | None]] = {
            t: [n if n is None else self.field("i", n, {}) for n in axes] for t, axes in tensors.items()
        }
        _, self.output, self.wrt, at = self.node(gradient, {}, STATEMENTS)
        self.free = {i: axis for axis, i in enumerate(at)}
        self.here: dict[str, Tree | None] = {}
        self.factor = False
        self.moving, self.seen = {self.wrt}, {self.wrt}
        self.equations = dict(self.equation(*self.node(e, {}, STATEMENTS)[1:]) for e in listed(equations))
        self.ranks[f"dE/d{self.output}"] = self.ranks[self.output]
        made = [self.node(d, {}, STATEMENTS)[1:] for d in listed(definitions)]
        self.definitions = {d: ((*inputs, *arguments, *at), body) for d, inputs, arguments, at, body in made}
        self.hypotheses = [self.node(h, {}, STATEMENTS)[1:] for h in listed(hypotheses)]
        self.sizes = {n: self.field("i", i, {}) for n, i in table(sizes).items()}
        self.minima = {n: integer(least) for n, least in table(minima).items()}
        self.conventions = listed(conventions)
        expect(all(isinstance(c, str) for c in self.conventions), "words", conventions)
        self.closed = True

    def equation(self, target: str, names: Tree, body: Tree) -> tuple[str, tuple[Tree, Tree]]:
        for node in inside(body):
            if node[0] == "entry" and any(self.depends(i) for i in node[2]):
                raise Refuted(f"derives through an index of {node[1]}")
        self.moving |= {target} if self.depends(body) else set()
        return target, (names, body)

    @property
    def facts(self) -> set[Tree]:
        """Everything stated; the proof must rest on exactly that."""
        named = {"equation": self.equations, "definition": self.definitions, "size": self.sizes}
        return {
            *(("extent", t, k) for t, axes in self.tensors.items() for k, n in enumerate(axes) if n is not None),
            *((kind, n) for kind, names in named.items() for n in names),
            *(("hypothesis", k) for k in range(len(self.hypotheses))),
            *(("minimum", n, least) for n, least in self.minima.items()),
            *(("convention", words) for words in self.conventions),
        }

    def chain_rule(self) -> tuple[Tree, Facts]:
        """sum[i] dE/dO[i] * d(O[i])/dX[a]"""
        axes = range(self.ranks[self.output])
        over = tuple((f"o{k}#", self.extent(self.output, k)) for k in axes)
        at, by = tuple(name(n) for n, _ in over), ("entry", self.wrt, tuple(map(name, self.free)))
        body = mul(("entry", f"dE/d{self.output}", at), ("d", ("entry", self.output, at), by))
        return ("sum", over, body), tuple(("extent", self.output, k) for k in axes)

    def extent(self, tensor: str, axis: int) -> Tree:
        found = self.tensors[tensor][axis]
        if found is None:
            raise Refuted(f"needs the extent of axis {axis} of {tensor}, which is not stated")
        return found

    def bound(self, i: str) -> Facts:
        """What the extent of an index in force rests on."""
        return (("extent", self.wrt, self.free[i]),) if i in self.free else ()

    def plain(self, i: Tree, extent: Tree) -> Facts | None:
        """What it rests on that an index is one name in force with that extent; None where it is not."""
        match only(i):
            case "name", n if (own := self.here.get(n)) is not None and same(own, extent):
                return self.bound(n)
        return None

    def depends(self, e: Tree) -> bool:
        return any((n[0] == "entry" and n[1] in self.moving) or n[0] == "apply" for n in inside(e))

    def unfold(self, target: str, at: Tree) -> tuple[Tree, list[Facts | None], Facts]:
        """What an equation says of an entry, which of its indices are plainly in range, and what that rests on."""
        names, body = self.equations[target]
        held = [self.plain(i, self.extent(target, axis)) for axis, i in enumerate(at)]
        facts = (("equation", target), *(("extent", target, axis) for axis in range(len(at))), *together(held))
        return substitute(body, dict(zip(names, at, strict=True))), held, facts

    def unfolded(self, e: Tree) -> Iterator[tuple[Tree, Facts]]:
        """A product with one entry of an equation unfolded."""
        for k, (f, n) in enumerate(items := factors(e)):
            if f[0] == "entry" and n >= 1 and f[1] in self.equations:
                body, held, facts = self.unfold(f[1], f[2])
                if None not in held:
                    yield of([*items[:k], (f, n - 1), *factors(body), *items[k + 1 :]]), facts

    def under(self, over: Tree) -> Claim:
        """The claim below binders."""
        found = copy(self)
        found.here = {**self.here, **dict(over)}
        return found

    def open(self, e: Tree) -> tuple[Tree, Facts]:
        """What a definition says of a named result; anything else stays itself."""
        if e[0] != "apply":
            return e, ()
        names, body = self.definitions[e[1]]
        return substitute(body, dict(zip(names, (*e[2], *e[3], *e[4]), strict=True))), (("definition", e[1]),)

    def line(self, v: Any) -> Tree:
        return self.node(v, {i.split("#")[0]: i for i in self.free})

    def move(self, law: str, line: Tree, data: Any) -> tuple[Tree, Facts]:
        """The line after a move and what the move rests on."""
        at, to, new, witness = record(data, "at to line", "range")
        node, kept, self.factor = line, False, False
        self.here = {i: self.tensors[self.wrt][axis] for i, axis in self.free.items()}
        for k in listed(at):
            expect(0 <= integer(k) < len(parts(node)), "a position in the line", at)
            self.here.update(node[1] if "b" in FIELDS[node[0]] else ())
            kept |= node[0] in ("select", "winner")
            self.factor = node[0] in ("mul", "div", "pow")
            node = parts(node)[k]
        scope = {i.split("#")[0]: i for i in self.here}
        after, claimed = self.node(to, scope), self.line(new)
        facts = next((f for own, a, b, f in LAWS[law](node, after, self) if own == law and equal(a, b)), None)
        if facts is None:
            raise Refuted("is no instance of the law")
        if kept and reads(node, {}) != reads(after, {}):
            raise Refuted("changes what is read inside a maximum")
        if not equal(put(line, at, after), claimed):
            raise Refuted("does not give its line")
        ranges = [f[1:] for f in facts if f[0] == "range"]
        if bool(ranges) is not ("range" in data):
            raise Refuted("needs a witness of a range" if ranges else "has a witness of no range")
        proofs = [self.witness(i, n, witness, scope) for i, n in ranges]
        return claimed, (*(f for f in facts if f[0] != "range"), *together(proofs))

    def witness(self, i: Tree, extent: Tree, data: Any, scope: Scope) -> Facts:
        """What 0 <= i and 0 <= extent-1-i rest on, each a sum of products of what is not negative."""
        facts: Facts = ()
        expect(len(listed(data)) == 2, "two bounds", data)
        for bound, terms in zip((i, add(extent, MINUS, minus(i))), data, strict=True):
            found = [(integer(c), [self.not_negative(f, scope) for f in fs]) for c, *fs in map(listed, listed(terms))]
            expect(all(c > 0 for c, _ in found), "positive coefficients", terms)
            proof = add(*(mul(number(c), *(f for f, _ in fs)) for c, fs in found))
            facts += together([rests for _, fs in found for _, rests in fs])
            if not same(bound, proof):
                if not same(substitute(bound, self.sizes), substitute(proof, self.sizes)):
                    raise Refuted("has a witness that does not add up to its bound")
                facts += tuple(("size", n) for n in self.sizes if name(n) in inside(add(bound, proof)))
        return facts

    def not_negative(self, v: Any, scope: Scope) -> tuple[Tree, Facts]:
        """A factor x >= 0, N-1-x >= 0 of an index x < N, or x-m >= 0 of a symbol that is at least m."""
        match v:
            case str():
                x = self.name(v, scope)
                return x, () if x[1] in self.here else (("minimum", x[1], 0),)
            case ["below", i] if (extent := self.here.get((x := self.name(i, scope))[1])) is not None:
                return add(extent, MINUS, minus(x)), self.bound(x[1])
            case ["above", i, m] if integer(m) > 0 and (x := self.name(i, scope))[1] not in self.here:
                return add(x, number(-m)), (("minimum", x[1], m),)
        raise Refuted("has a witness with a factor that may be negative")


def examine(data: Any) -> tuple[Claim, set[Tree]]:
    """The claim, and what the proof rests on. Raises: Malformed, Refuted."""
    form, start, steps, *stated = record(data, f"format start steps {STATED}")
    expect(form == FORMAT, json.dumps(FORMAT), form)
    claim = Claim(stated)
    line, (first, facts) = claim.line(start), claim.chain_rule()
    if not equal(line, first):
        raise Refuted("the first line is not the chain rule")
    needed = {*facts}
    for s, step in enumerate(listed(steps), 1):
        law, moves = record(step, "law moves")
        expect(isinstance(law, str) and listed(moves), "a law and its moves", step)
        for m, move in enumerate(moves, 1):
            try:
                if law not in LAWS:
                    raise Refuted("is no known law")
                line, facts = claim.move(law, line, move)
            except (Malformed, Refuted) as error:
                raise type(error)(f"step {s} ({law[:60]}), move {m}: {error}") from None
            needed |= {*facts}
    if any(node[0] == "d" for node in inside(line)):
        raise Refuted("the last line still holds a derivative")
    least = sorted((f for f in needed if f[0] == "minimum"), key=lambda f: f[2])
    return claim, {f for f in needed if f[0] != "minimum"} | {*{f[1]: f for f in least}.values()}


def verdict(data: Any) -> str:
    """The proved claim in a line. Raises: Malformed, Refuted."""
    claim, needed = examine(data)
    for facts, words in ((needed - claim.facts, "is not stated"), (claim.facts - needed, "is not needed")):
        if facts:
            raise Refuted(f"{' '.join(map(str, min(facts, key=str)))} {words}")
    if unread := {*claim.tensors} - {t.removeprefix("dE/d") for t in claim.seen}:
        raise Refuted(f"tensor {min(unread)} is not needed")
    if len({*claim.conventions}) < len(claim.conventions):
        raise Refuted("a convention is stated twice")
    moves = sum(len(step["moves"]) for step in data["steps"])
    return f"dE/d{claim.wrt} of {claim.output} in {len(data['steps'])} steps, {moves} moves"


def verdicts(data: Any) -> str:
    """The claims of a certificate, or of every one of a list. Raises: Malformed, Refuted."""
    return "; ".join(map(verdict, data)) if isinstance(data, list) and data else verdict(data)
