"""The laws of the last steps: reverse a tap index, fold a definition, use a stated hypothesis."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from derive.expressions.build import Factor, factors, integral, product
from derive.expressions.expr import ONE, Apply, Contract, Div, Entry, Expr, Mul, Winner
from derive.expressions.index import Composite, Index, index
from derive.expressions.match import Unknowns, match
from derive.expressions.substitution import substitute
from derive.expressions.traversal import free_names
from derive.language.show import show
from derive.laws.definitions import Definition, definitions, find, winner_of
from derive.laws.law import NAMING_STAGE, Condition, Rewrite, Site, law


@law("reverse", "sum[p<K] f(p) = sum[p<K] f(K-1-p)", NAMING_STAGE)
def reverse(node: Expr, site: Site) -> Expr | None:
    """Applied where one tensor is read backwards along p and another forwards: the form of a convolution."""
    if not isinstance(node, Contract):
        return None
    turned = {b.name: b.extent - 1 - index(b.name) for b in node.binders if b.name in backwards(node)}
    return Contract(node.binders, substitute(node.body, turned)) if turned else None


def backwards(node: Contract) -> frozenset[str]:
    """The indices of a sum over two tensors along which one is read backwards and the other by the bare index."""
    parts = factors(node.body)
    entries = [f for f, n in parts if isinstance(f, Entry) and n == 1]
    if len(entries) != 2 or len(entries) != len(parts):
        return frozenset()
    return frozenset(
        b.name
        for b in node.binders
        for one, other in (entries, entries[::-1])
        if _backwards(one, b.name) and index(b.name) in other.indices and not _backwards(other, b.name)
    )


def _backwards(e: Entry, name: str) -> bool:
    return any(_slope_is_negative(i, name) for i in e.indices)


def _slope_is_negative(i: Index, name: str) -> bool:
    match i.terms:
        case ((((Composite("exact", dividend, _),)), 1),):
            return _slope_is_negative(dividend, name)
    parts = i.split(name)
    return parts is not None and bool(parts[0].terms) and all(c < 0 for _, c in parts[0].terms)


@law("introduce", "X[K-1-p] = rot180(X)[p]; X[i/s] = stuffed(X)[i]", NAMING_STAGE)
def introduce(node: Expr, site: Site) -> Expr | None:
    """Applied to both tensors of a reversed sum at once."""
    if not isinstance(node, Contract):
        return None
    parts = factors(node.body)
    own = {b.name for b in node.binders}
    names = site.names | own
    turned = [_rotated(f, own, names) if n == 1 else None for f, n in parts]
    if sum(t is not None for t in turned) != 1 or len(parts) != 2:
        return None
    stuffed = [t or _stuffed(f, names) or f for t, (f, _) in zip(turned, parts, strict=False)]
    return Contract(node.binders, product((f, 1) for f in stuffed))


def _rotated(e: Expr, own: set[str], names: frozenset[str]) -> Apply | None:
    """`e` as a rotated tensor whose turned axes are all those that the sum's indices run over."""
    for found in _named(e, "rot180_", names):
        fixed, turned = _axes(found)
        if all(i.name in own for i in turned) and not any(_slope_is_negative(i, n) for i in fixed for n in own):
            return found
    return None


def _stuffed(e: Expr, names: frozenset[str]) -> Apply | None:
    """`e` as a stuffed tensor without a quotient left among its other axes."""
    return next((a for a in _named(e, "stuffed_", names) if all(map(integral, _axes(a)[0]))), None)


def _axes(e: Apply) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """The indices that a definition leaves as they are, and those it is about: as many as it has arguments."""
    return e.indices[: -len(e.arguments)], e.indices[-len(e.arguments) :]


def _named(e: Expr, prefix: str, names: frozenset[str]) -> Iterator[Apply]:
    if isinstance(e, Entry):
        candidates = (d for d in definitions().values() if d.name.startswith(prefix))
        yield from (a for d in candidates if (a := find(d, e, names)) is not None)


@law("name", "f(i) = name[i] where name[i] = f(i) is a definition", NAMING_STAGE)
def name(node: Expr, site: Site) -> Expr | None:
    for d in (*(winner_of(site.op) if isinstance(node, Winner) else ()), *definitions().values()):
        if isinstance(d.body, Entry):
            continue  # a reversed or stuffed read is named by `introduce`, where the whole sum calls for it
        found = find(d, node, site.names)
        if found is not None:
            return found
        pattern = factors(d.body)
        if len(pattern) == 2 and isinstance(node, Mul | Div) and not d.alone:
            rest = _within(d, pattern, factors(node), site.names)
            if rest is not None:
                return rest
    return None


def _within(d: Definition, pattern: list[Factor], parts: list[Factor], names: frozenset[str]) -> Expr | None:
    """A product with two of its factors replaced by the definition's name."""
    unknowns = d.unknowns(names)
    for k, m in permutations(range(len(parts)), 2):
        if parts[k][1] != pattern[0][1] or parts[m][1] != pattern[1][1]:
            continue
        first = match(pattern[0][0], parts[k][0], unknowns)
        both = match(pattern[1][0], parts[m][0], unknowns, first) if first else None
        entry = d.apply(both) if both else None
        if entry is not None:
            return product([*(p for j, p in enumerate(parts) if j not in (k, m)), (entry, 1)])
    return None


@law("hypothesis", "sum[c] T[n,c] = 1 where the operation assumes it", NAMING_STAGE)
def hypothesis(node: Expr, site: Site) -> Rewrite | None:
    for assumed in site.op.hypotheses:
        unknowns = Unknowns(free_names(assumed) - site.op.symbols)
        if isinstance(node, Contract) and match(assumed, node, unknowns) is not None:
            return Rewrite(ONE, (Condition("hypothesis", f"{show(assumed, bounds=False)} = 1"),))
    return None


NAMING = (hypothesis, reverse, introduce, name)
