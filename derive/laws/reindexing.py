"""Laws that run through a sum by other indices: block by block, or along the tensor that is read at a quotient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from derive.expressions.build import factors, integral, total
from derive.expressions.expr import Binder, Contract, Entry, Expr
from derive.expressions.index import Atom, Composite, Index, index, over
from derive.expressions.substitution import fresh, substitute
from derive.expressions.traversal import all_names, map_all_indices, walk
from derive.laws.algebra import at_least_one, equation_sides, mixed_radix, positive
from derive.laws.law import Rewrite, Site, law
from derive.laws.witness import with_sizes


@law("block by block", "sum[k<G*K] f(k,k//K,k%K) = sum[g<G,k<K] f(g*K+k,g,k) where K >= 1")
def block_by_block(node: Expr, site: Site) -> Rewrite | None:
    """Applied where a delta asks for a quotient or a rest of k: afterwards none does, so it ends."""
    if not isinstance(node, Contract):
        return None
    for b in node.binders:
        for width in _widths(node.body, b.name):
            count = over(with_sizes(b.extent, site), width)
            if count is not None and count.terms and positive(width, site, node.binders):
                return Rewrite(_in_blocks(node, b, count, width, site), at_least_one(width))
    return None


def _widths(body: Expr, name: str) -> Iterator[Index]:
    """What the deltas of a product divide an index by."""
    for f, _ in factors(body):
        for side in equation_sides(f) or ():
            for atom in side.atoms():
                if isinstance(atom, Composite) and atom.kind in ("floor", "mod") and atom.dividend.name == name:
                    yield atom.divisor


def _in_blocks(node: Contract, b: Binder, count: Index, width: Index, site: Site) -> Contract:
    """The sum over `count` blocks of `width`; inside a block the index keeps its name where that is free."""
    inner = {c.name for e in walk(node.body) if isinstance(e, Contract) for c in e.binders}
    g, k = fresh((count.name or "g").lower(), all_names(node) | site.names), fresh(b.name, inner)
    whole = index(g) * width + index(k)
    known: dict[Atom, Index] = {Composite("floor", whole, width): index(g), Composite("mod", whole, width): index(k)}
    return _by(node, b, (Binder(g, count), Binder(k, width)), whole, known)


@law("whole windows", "sum[i<I] Y[i]*X[(i-r)/s] = sum[h<H] Y[s*h+r]*X[h] where s >= 1")
def whole_windows(node: Expr, site: Site) -> Rewrite | None:
    """Outside both reads are 0. Applied where X is read at a quotient, or backwards; then it is read at h: it ends."""
    if not isinstance(node, Contract) or not total(node.body):
        return None
    entries = [f for f, n in factors(node.body) if isinstance(f, Entry) and n == 1]
    for b in node.binders:
        axes = [pair for e in entries for pair in zip(e.indices, site.axes(e.tensor), strict=True)]
        if not any(i == index(b.name) and axis.extent == b.extent for i, axis in axes):
            continue
        for i, axis in axes:
            solved = _solved(i, b.name, site, node.binders)
            if solved is not None:
                rest, s = solved
                h = fresh(axis.name, all_names(node) | site.names)
                known: dict[Atom, Index] = {Composite("exact", s * index(h), s): index(h)}
                after = _by(node, b, (Binder(h, axis.extent),), s * index(h) + rest, known)
                return Rewrite(after, at_least_one(s))
    return None


def _solved(i: Index, name: str, site: Site, own: tuple[Binder, ...]) -> tuple[Index, Index] | None:
    """r and s of the index (name-r)/s: any with a quotient, and name-r where r grows with the other indices."""
    match i.terms:
        case ((((Composite("exact", dividend, s),)), 1),) if positive(s, site, own):
            parts = dividend.split(name)
        case _:
            s, parts = index(1), i.split(name)
            running = (site.names | {b.name for b in own}) - {name}
            if {c > 0 for m, c in (parts[1].terms if parts else ()) if running & set(m)} != {False}:
                return None
    return (-parts[1], s) if parts and parts[0] == index(1) and integral(parts[1]) else None


def _by(node: Contract, b: Binder, binders: tuple[Binder, ...], value: Index, known: Mapping[Atom, Index]) -> Contract:
    """The sum over other indices in place of one; `known` says what quotients of its value are."""
    place = node.binders.index(b)
    body = map_all_indices(substitute(node.body, {b.name: value}), lambda i: i.put_in(known))
    return Contract((*node.binders[:place], *binders, *node.binders[place + 1 :]), body)


REINDEXING = (mixed_radix, block_by_block)
"""What lets deltas be contracted; `whole_windows` is about how a result is written."""
