"""Edits of certificates, and whether an edited certificate still means the same: none of the checker's code is used."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any

from derive.certificate import expression
from derive.errors import MeaningError
from derive.expressions.expr import Apply, Binder, Expr
from derive.expressions.traversal import put
from derive.laws.definitions import Definition
from derive.meaning.denote import World
from derive.meaning.linevalues import sampled
from derive.meaning.worlds import in_reals, worlds
from derive.operation import Op

# Which fields of a node are expressions, lists of them, indices, lists of indices; read from no other file.
PARTS = {
    "add": "E", "mul": "E", "div": "ee", "pow": "ee", "max": "ee", "min": "ee", "fn": ".e", "compare": ".ee",
    "cases": "eee", "sum": "be", "select": "be", "winner": "beI", "d": "ee", "num": "..", "val": "i", "entry": ".I",
    "in": "ii", "divides": "ii", "apply": "..II", "floor": "ii", "mod": "ii", "exact": "ii", "least": "ii",
    "equation": ".Ne", "definition": "..NNe", "gradient": "..N", "one": "be",
}  # fmt: skip
PROOF = ("start", "steps", "definitions")
TWINS = (
    ("max", "min"), ("div", "pow"), ("floor", "mod", "exact", "least"), ("add", "mul"), ("sum", "select"),
    ("in", "divides"), ("==", "!=", "<", "<="), ("exp", "log", "tanh", "sqrt", "sin", "cos"), ("below", "above"),
)  # fmt: skip


# -- meaning -----------------------------------------------------------------------------------------------------------


def meaning(data: dict[str, Any]) -> str:
    """A certificate up to names of bound indices and the order of terms and factors, as text."""
    free = {name: f"@{k}" for k, name in enumerate(data["gradient"][3])}
    lines = [data["start"]]
    moves = []
    for step in data["steps"]:
        for move in step["moves"]:
            scope = {**free, **_bound_along(lines[-1], move["at"])}
            proof = [
                sorted(json.dumps([c, *sorted(_factor(f, scope) for f in fs)]) for c, *fs in b)
                for b in move.get("range", [])
            ]
            moves.append([step["law"], move["at"], _node(move["to"], scope), proof])
            lines.append(move["line"])
    stated = {
        k: v
        for k, v in data.items()
        if k not in ("start", "steps", "gradient", "equations", "definitions", "hypotheses")
    }
    stated["conventions"] = sorted(stated["conventions"])
    stated["tensors"] = {t: [n if n is None else _index(n, {}) for n in v] for t, v in stated["tensors"].items()}
    stated["sizes"] = {n: _index(i, {}) for n, i in stated["sizes"].items()}
    bodies = [[_node(e, {}) for e in data[k]] for k in ("equations", "definitions", "hypotheses")]
    return json.dumps(
        [stated, data["gradient"][:3], bodies, [_node(line, free) for line in lines], moves], sort_keys=True
    )


def _node(v: Any, scope: dict[str, str]) -> Any:
    head, *values = v
    below, made = dict(scope), []
    for kind, value in zip(PARTS[head], values, strict=True):
        if kind in "bN":
            names = [b[0] if kind == "b" else b for b in value]
            made.append([b[1] and _index(b[1], scope) for b in value] if kind == "b" else len(names))
            below |= {name: f"#{len(below) + k}" for k, name in enumerate(names)}
        else:
            inner = below if kind in "eE" else scope
            one = {"e": _node, "E": _node, "i": _index, "I": _index}.get(kind)
            made.append(value if one is None else [one(x, inner) for x in value] if kind in "EI" else one(value, inner))
    if head in ("add", "mul"):
        flat = [x for item in made[0] for x in (item[1] if item[0] == head else [item])]
        flat = [x for x in flat if x != ["num", int(head == "mul"), 1]]
        guards = (
            [x for k, x in enumerate(flat) if x[0] in ("compare", "in", "divides") and x in flat[:k]]
            if head == "mul"
            else []
        )
        for guard in guards:
            flat.remove(guard)
        return flat[0] if len(flat) == 1 else [head, sorted(flat, key=json.dumps)]
    if head == "num":
        return ["num", *Fraction(*values).as_integer_ratio()]
    if head == "compare" and made[0] in ("==", "!="):
        made[1:] = sorted(made[1:], key=json.dumps)
    return [head, *made]


def _index(v: Any, scope: dict[str, str]) -> Any:
    total: dict[str, int] = {}
    for c, *atoms in v:
        key = json.dumps(sorted(json.dumps(scope.get(a, a) if isinstance(a, str) else _node(a, scope)) for a in atoms))
        total[key] = total.get(key, 0) + c
    return sorted([key, c] for key, c in total.items() if c)


def _factor(f: Any, scope: dict[str, str]) -> str:
    return json.dumps(scope.get(f, f) if isinstance(f, str) else [f[0], scope.get(f[1], f[1]), *f[2:]])


def _bound_along(line: Any, path: list[int]) -> dict[str, str]:
    """The names bound on the way to a position."""
    found: dict[str, str] = {}
    for k in path:
        if PARTS[line[0]][0] == "b":
            found |= {b[0]: f"!{len(found) + n}" for n, b in enumerate(line[1])}
        below = [
            p
            for kind, v in zip(PARTS[line[0]], line[1:], strict=True)
            if kind in "eE"
            for p in (v if kind == "E" else [v])
        ]
        line = below[k] if line[0] != "d" else line[1]
    return found


def with_names(data: dict[str, Any], rename: Callable[[str], str]) -> dict[str, Any]:
    """The certificate with every bound name (indices of lines, equations and definitions) renamed by a function."""
    free = {name: rename(name) for name in data["gradient"][3]}
    edited = copy.deepcopy(data)
    edited["gradient"][3] = list(free.values())
    edited["start"] = _renamed(edited["start"], free, rename)
    line = data["start"]
    for step, old in zip(edited["steps"], data["steps"], strict=True):
        for move, was in zip(step["moves"], old["moves"], strict=True):
            scope = {**free, **{name: rename(name) for name in _bound_along(line, was["at"])}}
            move["to"] = _renamed(move["to"], scope, rename)
            move["line"] = _renamed(move["line"], free, rename)
            if "range" in move:
                move["range"] = [[[c, *(_rename_factor(f, scope) for f in fs)] for c, *fs in b] for b in move["range"]]
            line = was["line"]
    for k in ("equations", "definitions", "hypotheses"):
        edited[k] = [_renamed(e, {}, rename) for e in edited[k]]
    return edited


def _rename_factor(f: Any, scope: dict[str, str]) -> Any:
    return scope.get(f, f) if isinstance(f, str) else [f[0], scope.get(f[1], f[1]), *f[2:]]


def _renamed(v: Any, scope: dict[str, str], rename: Callable[[str], str]) -> Any:
    head, *values = v
    below, made = dict(scope), [head]
    for kind, value in zip(PARTS[head], values, strict=True):
        if kind == "b":
            made.append([[rename(n), e and _renamed_index(e, scope, rename)] for n, e in value])
            below |= {n: rename(n) for n, _ in value}
        elif kind == "N":
            made.append([rename(n) for n in value])
            below |= {n: rename(n) for n in value}
        elif kind in "eE":
            made.append([_renamed(x, below, rename) for x in value] if kind == "E" else _renamed(value, below, rename))
        elif kind in "iI":
            made.append(
                [_renamed_index(x, scope, rename) for x in value]
                if kind == "I"
                else _renamed_index(value, scope, rename)
            )
        else:
            made.append(value)
    return made


def _renamed_index(v: Any, scope: dict[str, str], rename: Callable[[str], str]) -> Any:
    return [
        [c, *(scope.get(a, a) if isinstance(a, str) else _renamed(a, scope, rename) for a in atoms)] for c, *atoms in v
    ]


# -- values ------------------------------------------------------------------------------------------------------------


def means_the_same(edited: dict[str, Any], data: dict[str, Any], op: Op) -> bool:
    """Whether an edited certificate says the same: in other words, or in lines and definitions of the same value.

    A proof that stops earlier, at another form of the result, says the same too.
    """
    if meaning(edited) == meaning(data):
        return True
    plain = [meaning({**data, **{k: v for k, v in c.items() if k not in PROOF}}) for c in (edited, data)]
    places_ = [[(s["law"], m["at"]) for s in c["steps"] for m in s["moves"]] for c in (edited, data)]
    if plain[0] != plain[1] or places_[0] != places_[1][: len(places_[0])]:
        return False
    return values(edited, op) == values(data, op)[: 1 + 2 * len(places_[0])]


def values(data: dict[str, Any], op: Op) -> list[list[Any]]:
    """What every line, and every node put in its place, is worth at sampled entries of small worlds."""
    own = {
        d[1]: Definition(d[1], "", *(tuple(names) for names in d[2:5]), expression(d[5])) for d in data["definitions"]
    }
    line = expression(data["start"])
    lines = [line]
    for move in (m for s in data["steps"] for m in s["moves"]):
        lines.append(put(line, tuple(move["at"]), expression(move["to"])))
        lines.append(line := expression(move["line"]))
    return [worth(line, op, data, lambda e: own[e.definition].unfold(e)) for line in lines]


def worth(line: Expr, op: Op, data: dict[str, Any], unfold: Callable[[Apply], Expr] | None = None) -> list[Any]:
    """The values of a line at sampled entries; in real numbers where the prime field has none."""
    found = []
    for world in worlds(op):
        axes = tuple(
            Binder(n, b.extent) for n, b in zip(data["gradient"][3], op.tensor(data["gradient"][2]).axes, strict=True)
        )
        for w in (world, in_reals(world, op)):
            w = replace(w, unfold=unfold or w.unfold)
            found += [value_at(w, line, point) for point in sampled(axes, w)]
    return found


def value_at(world: World, line: Expr, point: dict[str, int]) -> Any:
    try:
        return world.value(line, point)
    except MeaningError:
        return "no value"


# -- edits -------------------------------------------------------------------------------------------------------------


def places(v: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every position in a JSON value with what stands there, itself left out."""
    items = v.items() if isinstance(v, dict) else enumerate(v) if isinstance(v, list) else ()
    for k, below in items:
        yield (*path, k), below
        yield from places(below, (*path, k))


def is_node(v: Any) -> bool:
    return isinstance(v, list) and bool(v) and isinstance(v[0], str) and len(v) == 1 + len(PARTS.get(v[0], v))


def edit(data: dict[str, Any], random: Random) -> tuple[str, dict[str, Any]]:
    """What was edited, and a certificate that differs from `data` in one place."""
    edited = copy.deepcopy(data)
    while True:
        what = (_edit_node if random.random() < 0.6 else _edit_json)(edited, random)
        if edited != data:
            return what, edited


def _edit_node(data: dict[str, Any], random: Random) -> str:
    """An edit that leaves every node with fields of the right kinds."""
    nodes = [(p, v) for p, v in places(data) if is_node(v)]
    path, node = random.choice(nodes)
    before = json.dumps(node)
    names = sorted({a for _, n in nodes for i in indices_of(n) for _, *atoms in i for a in atoms if isinstance(a, str)})
    random.choice(NODE_EDITS)(node, Pool(data, names, [n for _, n in nodes], random))
    return f"{'.'.join(map(str, path))}: {before[:120]} -> {json.dumps(node)[:120]}"


@dataclass
class Pool:
    """What edits draw from."""

    data: dict[str, Any]
    names: list[str]
    nodes: list[Any]
    random: Random


def indices_of(node: Any) -> list[Any]:
    """The indices and extents of a node itself."""
    fields = list(zip(PARTS[node[0]], node[1:], strict=True))
    found = [i for kind, v in fields if kind in "iI" for i in (v if kind == "I" else [v])]
    return found + [b[1] for kind, v in fields if kind == "b" for b in v if b[1]]


def _term(node: Any, pool: Pool) -> None:
    """Another coefficient, or another name: a wrong stride, a flipped sign."""
    terms = [t for i in indices_of(node) for t in i]
    if terms:
        term = pool.random.choice(terms)
        slot = pool.random.randrange(len(term))
        if slot == 0:
            term[0] = pool.random.choice([-term[0], term[0] + 1 or 2, term[0] - 1 or -2])
        elif isinstance(term[slot], str):
            term[slot] = pool.random.choice(pool.names)


def _terms(node: Any, pool: Pool) -> None:
    """A term more or less: an offset forgotten, a padding added."""
    if found := indices_of(node):
        index = pool.random.choice(found)
        if index and pool.random.random() < 0.5:
            del index[pool.random.randrange(len(index))]
        else:
            index.append([pool.random.choice([1, -1]), *pool.random.sample(pool.names, pool.random.randrange(2))])


def _axes(node: Any, pool: Pool) -> None:
    """Two indices swapped: a transposed filter."""
    if "I" in PARTS[node[0]] and len(at := node[1 + PARTS[node[0]].index("I")]) > 1:
        a, b = pool.random.sample(range(len(at)), 2)
        at[a], at[b] = at[b], at[a]


def _word(node: Any, pool: Pool) -> None:
    """Another node, comparison or function of the same form."""
    slot = pool.random.randrange(min(2, len(node)))
    twins = next((t for t in TWINS if isinstance(node[slot], str) and node[slot] in t), None)
    if twins:
        node[slot] = pool.random.choice(twins)


def _items(node: Any, pool: Pool) -> None:
    """A factor or term dropped, such as a guard, or replaced."""
    if PARTS[node[0]] == "E" and node[1]:
        k = pool.random.randrange(len(node[1]))
        if pool.random.random() < 0.5:
            del node[1][k]
        else:
            node[1][k] = copy.deepcopy(pool.random.choice(pool.nodes))


def _number(node: Any, pool: Pool) -> None:
    if node[0] == "num":
        node[1] = pool.random.choice([-node[1], node[1] + 1, node[1] - 1, 0])


def _tensor(node: Any, pool: Pool) -> None:
    tensors = [*pool.data["tensors"], f"dE/d{pool.data['gradient'][1]}"]
    if node[0] == "entry":
        node[1] = pool.random.choice(tensors)
    elif node[0] == "apply" and node[2]:
        node[2][pool.random.randrange(len(node[2]))] = pool.random.choice(tensors)


NODE_EDITS = (_term, _term, _terms, _axes, _word, _items, _number, _tensor)


def _edit_json(data: dict[str, Any], random: Random) -> str:
    """An edit of anything: a number, word, list or object."""
    path = _somewhere(data, random) if random.random() < 0.5 else random.choice([p for p, _ in places(data)])
    parent: Any = data
    for k in path[:-1]:
        parent = parent[k]
    k, before = path[-1], json.dumps(parent[path[-1]])
    if isinstance(parent[k], list | dict):
        _edit_collection(data, parent, k, random)
    else:
        parent[k] = _other_leaf(data, parent[k], random)
    return f"{'.'.join(map(str, path))}: {before[:120]} -> {json.dumps(parent)[:120]}"


def _somewhere(v: Any, random: Random) -> tuple[Any, ...]:
    """A position that is as likely to be high as low."""
    path: list[Any] = []
    while isinstance(v, dict | list) and v and (not path or random.random() < 0.8):
        path.append(random.choice(list(v) if isinstance(v, dict) else range(len(v))))
        v = v[path[-1]]
    return tuple(path)


def _other_leaf(data: Any, v: Any, random: Random) -> Any:
    if v is None:
        return random.choice([0, "n", [[1, "N"]], []])
    if isinstance(v, int):
        return random.choice([v + 1, v - 1, -v if v else 2, v + 2, 0 if v else 1])
    laws = sorted({s["law"] for s in data["steps"]} | {"labels", "linearity", "factor out"})
    pool = next((t for t in TWINS if v in t), None) or (laws if v in laws else None)
    return random.choice(pool or sorted({w for _, w in places(data) if isinstance(w, str)}))


def _edit_collection(data: Any, parent: Any, k: Any, random: Random) -> None:
    v = parent[k]
    inner = list(v) if isinstance(v, dict) else list(range(len(v)))
    kind = random.choice(["remove", "replace"] + ["drop", "double"] * bool(inner) + ["swap", "drop"] * (len(inner) > 1))
    if kind == "remove":
        del parent[k]
    elif kind == "replace":
        parent[k] = copy.deepcopy(random.choice([o for _, o in places(data) if type(o) is type(v)]))
    elif kind == "swap":
        a, b = random.sample(inner, 2)
        v[a], v[b] = v[b], v[a]
    elif kind == "drop":
        del v[random.choice(inner)]
    elif isinstance(v, list):
        a = random.choice(inner)
        v.insert(a, copy.deepcopy(v[a]))
    else:
        a = random.choice(inner)
        v[f"{a}1"] = copy.deepcopy(v[a])
