"""Certificates: a derivation as JSON that `derive.checker` re-checks, stating all that its proof rests on; and back.

    {"gradient": ["gradient", O, X, [i, ...]],              dE/dX[i, ...] of output O is the last line, where
     "equations": [["equation", O, [i, ...], f], ...],      O[i, ...] = f, and later ones may read earlier targets
     "tensors": {X: [extent or null, ...]},                 null where the proof does not need the extent
     "minima": {s: 1}, "sizes": {A: index},                 s >= 1, A = index
     "hypotheses": [["one", [[n, extent or null]], f]],     f = 1 for all n in range, or for all n
     "conventions": [words],                                which derivative counts at a kink
     "definitions": [["definition", name, tensors, arguments, indices, f]],
     "start": line,                                         the chain rule
     "steps": [{"law": name, "moves": [move, ...]}],
     "format": "backproof certificate 1"}

A move is {"at": position, "to": what the node becomes, "line": what the line becomes}. Where it proves a range it has a
witness too: "range": [low, high], sums of products that are e and N-1-e, each product [coefficient, factor, ...] of
names x >= 0, ["below", x] for N-1-x of an index x < N, and ["above", x, m] for x-m of a symbol x >= m.
An expression is [head, field, ...], an index [[coefficient, atom, ...], ...]. Nothing is stated that the proof does not
use: what is not stated may be anything at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from fractions import Fraction
from typing import Any

from derive import checker
from derive.checker.claim import FORMAT
from derive.checker.trees import EXPRESSIONS
from derive.derivation import Derivation, Move, Step, site_at
from derive.errors import CertificateError, NotDerived, OperationError
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
from derive.expressions.index import Composite, Index, index
from derive.expressions.traversal import at, free_names, reads, walk
from derive.language.notation import Equation
from derive.laws.definitions import Definition, definition
from derive.laws.naming import NAMING
from derive.operation import Op
from derive.sweep import STAGES

JSON = dict[str, Any]
Fact = tuple[Any, ...]
HEADS: dict[type[Expr], str] = {
    Num: "num", Val: "val", Entry: "entry", Add: "add", Mul: "mul", Div: "div", Pow: "pow", Maximum: "max",
    Minimum: "min", Fn: "fn", Compare: "compare", InRange: "in", Divides: "divides", Cases: "cases", Contract: "sum",
    Select: "select", Winner: "winner", D: "d", Apply: "apply",
}  # fmt: skip
CLASSES: dict[str, Callable[..., Expr]] = {head: node for node, head in HEADS.items()}
LEAST = {"min": "least"}
LAWS = {law.name: law for stage in (*STAGES, NAMING) for law in stage}


def certificate(d: Derivation) -> JSON:
    """The derivation as a certificate. Raises: CertificateError where the checker does not accept it."""
    proof = {"format": FORMAT, "start": written(d.start), "steps": [_step(s) for s in d.steps]}
    try:
        _, needed = checker.examine({**proof, **_claim(d, None)})
        data = {**proof, **_claim(d, needed)}
        checker.verdict(data)
    except (checker.Refuted, checker.Malformed) as error:
        raise CertificateError(f"{d.title}: {error}") from None
    granted = {p.name: -1 if p.real else p.minimum for p in d.op.parameters}
    for name, least in data["minima"].items():
        if least > granted.get(name, 1):
            raise CertificateError(f"{d.title}: the proof needs {name} >= {least}, which the operation does not grant")
    return data


def dumps(data: JSON) -> str:
    """A certificate as compact text, the same bytes for the same derivation."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")) + "\n"


def derivation(data: JSON, op: Op) -> Derivation:
    """The derivation that a certificate records, with its side conditions; every law is applied again.

    Raises: CertificateError where it does not hold, is not about this operation, or the engine would do otherwise.
    """
    try:
        checker.verdict(data)
        if any(e not in [_equation(own) for own in op.equations] for e in data["equations"]):
            raise CertificateError(f"certificate for {op.name}: got other equations, expected those of this law")
        tensor = op.tensor(data["gradient"][2])
        target = Entry(f"dE/d{tensor.name}", tuple(index(b.name) for b in tensor.axes))
        line = start = expression(data["start"])
        steps = []
        for s in data["steps"]:
            steps.append(_read_step(s, line, op, tensor.axes))
            line = steps[-1].after
        found = Derivation(op, tensor, target, tensor.axes, start, tuple(steps))
        if certificate(found) != data:
            raise CertificateError(f"certificate for {op.name}: got another claim, expected one about this law")
    except (checker.Refuted, checker.Malformed, NotDerived, OperationError) as error:
        raise CertificateError(f"certificate for {op.name}: {error}") from None
    return found


# -- expressions -------------------------------------------------------------------------------------------------------


def written(value: object) -> Any:
    """An expression, index or binder as lists, names and integers."""
    match value:
        case Num(q):
            return ["num", q.numerator, q.denominator]
        case Expr():
            return [HEADS[type(value)], *(written(getattr(value, f.name)) for f in fields(value))]
        case Index():
            return [[c, *(a if isinstance(a, str) else written(a) for a in monomial)] for monomial, c in value.terms]
        case Composite(kind, dividend, divisor):
            return [LEAST.get(kind, kind), written(dividend), written(divisor)]
        case Binder(name, extent):
            return [name, written(extent)]
        case tuple():
            return [written(v) for v in value]
    return value


def expression(v: list[Any]) -> Expr:
    """The expression that was written so; `v` has the form that the checker demands."""
    if v[0] == "num":
        return Num(Fraction(v[1], v[2]))
    kinds = zip(EXPRESSIONS[v[0]], v[1:], strict=True)
    return CLASSES[v[0]](*(_field(kind, value) for kind, value in kinds))


def _field(kind: str, v: Any) -> Any:
    if kind in "EIT":
        return tuple(_field(kind.lower(), each) for each in v)
    if kind == "b":
        return tuple(Binder(name, _index(extent)) for name, extent in v)
    return expression(v) if kind in "er" else _index(v) if kind == "i" else v


def _index(v: list[Any]) -> Index:
    return Index(tuple((tuple(a if isinstance(a, str) else _atom(a) for a in atoms), c) for c, *atoms in v))


def _atom(v: list[Any]) -> Composite | Entry:
    if v[0] == "entry":
        return Entry(v[1], tuple(_index(i) for i in v[2]))
    kinds = {name: kind for kind, name in LEAST.items()}
    return Composite(kinds.get(v[0], v[0]), _index(v[1]), _index(v[2]))


# -- the proof ---------------------------------------------------------------------------------------------------------


def _step(s: Step) -> JSON:
    return {"law": s.law, "moves": [_move(m) for m in s.moves]}


def _move(m: Move) -> JSON:
    found = {"at": list(m.path), "to": written(m.after), "line": written(m.line)}
    for k in m.conditions:
        if k.kind == "range":
            found["range"] = [[[c, *map(_factor, atoms)] for c, atoms in bound] for bound in k.witness]
    return found


def _read_step(data: JSON, before: Expr, op: Op, axes: tuple[Binder, ...]) -> Step:
    moves: list[Move] = []
    line, law = before, LAWS[data["law"]]
    for m in data["moves"]:
        site, node = site_at(op, axes, line, tuple(m["at"]))
        rewrite, after = law(node, site), expression(m["to"])
        if rewrite is None or rewrite.after != after:
            raise NotDerived(f"law {law.name!r} does not give the move that is recorded")
        line = expression(m["line"])
        moves.append(Move(tuple(m["at"]), after, line, rewrite.conditions))
    return Step(law.name, law.statement, before, line, tuple(moves))


def _factor(text: str) -> Any:
    """`x`, `x<N` or `x>=m` of a witness."""
    if ">=" in text:
        name, least = text.split(">=")
        return ["above", name, int(least)]
    return ["below", text.split("<")[0]] if "<" in text else text


# -- what it rests on --------------------------------------------------------------------------------------------------


def _claim(d: Derivation, needed: set[Fact] | None) -> JSON:
    """The statement; everything that could be needed, or only what is."""

    def kept(*fact: Any) -> bool:
        return needed is None or fact in needed

    op, moves = d.op, [(s.law, at(line, m.path)) for s in d.steps for m, line in _with_lines(s)]
    equations = [e for e in op.equations if kept("equation", e.target)]
    definitions = [f for f in _definitions(d) if kept("definition", f.name)]
    hypotheses = [h for k, h in enumerate(_hypotheses(op, moves)) if kept("hypothesis", k)]
    bodies = [d.start, *(m.line for s in d.steps for m in s.moves), *(m.after for s in d.steps for m in s.moves)]
    bodies += [e.body for e in equations]
    read = {d.wrt.name, op.output.name} | {e.target for e in equations} | _tensors(bodies)
    read |= {t for f in definitions for t in _tensors([f.body]) - {*f.tensors}}
    return {
        "tensors": {
            t.name: [written(b.extent) if kept("extent", t.name, k) else None for k, b in enumerate(t.axes)]
            for t in op.tensors
            if t.name in read
        },
        "equations": [_equation(e) for e in equations],
        "gradient": ["gradient", op.output.name, d.wrt.name, [b.name for b in d.axes]],
        "definitions": [_definition(f) for f in definitions],
        "hypotheses": hypotheses,
        "sizes": {n: written(i) for n, i in op.sizes if kept("size", n)},
        "minima": {fact[1]: fact[2] for fact in needed or () if fact[0] == "minimum"},
        "conventions": sorted(c.statement for c in d.conditions if c.kind == "convention"),
    }


def _with_lines(s: Step) -> Iterator[tuple[Move, Expr]]:
    """Every move with the line it starts from."""
    line = s.before
    for m in s.moves:
        yield m, line
        line = m.line


def _tensors(bodies: Iterable[Expr]) -> set[str]:
    """The tensors read, the output behind its cotangent included."""
    found: set[str] = set()
    for body in bodies:
        found |= {r.tensor.removeprefix("dE/d") for r in reads(body)}
        found |= {t.removeprefix("dE/d") for n in walk(body) if isinstance(n, Apply) for t in n.tensors}
    return found


def _definitions(d: Derivation) -> list[Definition]:
    """The definitions of all named results, those that others use first."""
    found: dict[str, Definition] = {}

    def add(e: Expr) -> None:
        for n in walk(e):
            if isinstance(n, Apply) and n.definition not in found:
                own = definition(n.definition, d.op)
                add(own.body)
                found[own.name] = own

    for line in d.lines:
        add(line)
    return list(found.values())


def _equation(e: Equation) -> list[Any]:
    return ["equation", e.target, list(e.names), written(e.body)]


def _definition(f: Definition) -> list[Any]:
    return ["definition", f.name, list(f.tensors), list(f.arguments), list(f.indices), written(f.body)]


def _hypotheses(op: Op, moves: list[tuple[str, Expr]]) -> list[list[Any]]:
    """What is assumed to equal 1: the sums of the operation, and the range of every tensor of labels that is used."""
    found = []
    for h in op.hypotheses:
        read = next(r for r in reads(h))
        extents = {i.name: b.extent for i, b in zip(read.indices, op.tensor(read.tensor).axes, strict=True)}
        found.append(["one", [[n, written(extents[n])] for n in sorted(free_names(h) - op.symbols)], written(h)])
    for law, node in moves:
        match node:
            case InRange(Index((((Entry(tensor),), 1),)), extent) if law == "labels":
                names = [b.name for b in op.tensor(tensor).axes]
                guard = InRange(Index((((Entry(tensor, tuple(map(index, names))),), 1),)), extent)
                found.append(["one", [[n, None] for n in names], written(guard)])
    return [h for k, h in enumerate(found) if h not in found[:k]]
