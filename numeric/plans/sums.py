"""Lowers sums: factors that do not depend on the index move out, deltas are contracted, and what is left is a
reduction, a product of matrices, or, where an output index enters through a quotient, a scatter."""

from __future__ import annotations

from derive.expressions.build import above_and_below, add, factors
from derive.expressions.expr import (
    GUARDS,
    ONE,
    Add,
    Compare,
    Contract,
    Div,
    Divides,
    Entry,
    Expr,
    InRange,
    Mul,
    Num,
    Val,
    val,
)
from derive.expressions.index import ONE as ONE_INDEX
from derive.expressions.index import Index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import free_names, reads
from numeric.plans.access import boxed
from numeric.plans.build import Build, Scope, axes_of, used
from numeric.plans.guards import defined, is_mask, product
from numeric.plans.matrices import contract_operands
from numeric.plans.plan import Axes, Map, Reduce, Scatter
from numeric.plans.reading import exact_quotient
from numeric.plans.scattering import Scattering, find_blocks, find_scattering, reindexed
from numeric.plans.windowing import split_binders

Factors = list[Expr]


def contract(build: Build, e: Contract, scope: Scope) -> Expr:
    """`sum[binders] body` as a tree over the free names."""
    e = _with_own_names(e, scope)
    binders, ends = boxed(e.binders, scope)
    if ends:
        e = Contract(binders, Mul((*ends, e.body)))
    if isinstance(e.body, Contract):
        around = {**scope, **{b.name: b.extent for b in e.binders}}
        inner = _with_own_names(e.body, around)
        cells, ends = boxed(inner.binders, around)
        body = Mul((*ends, inner.body)) if ends else inner.body
        return contract(build, Contract(e.binders + cells, body), scope)
    if isinstance(e.body, Add) and any(len(factors(t)) > 1 for t in e.body.items):
        return add(contract(build, Contract(e.binders, t), scope) for t in e.body.items)
    above, below = above_and_below(e.body)
    bound = {b.name for b in e.binders}
    outside = [f for f in above if not free_names(f) & bound]
    inside = [f for f in above if free_names(f) & bound]
    divisors = [f for f in below if not free_names(f) & bound]
    inner_divisors = [f for f in below if free_names(f) & bound]
    if any(isinstance(f, GUARDS) for f in above):
        # a false guard must reach what may be 0 before anything is divided by it
        inner_divisors += [f for f in divisors if not isinstance(f, Val | Num)]
        divisors = [f for f in divisors if isinstance(f, Val | Num)]
    inside += [Div(ONE, f) for f in inner_divisors]
    total = _total(build, e.binders, inside, scope)
    top = product(build, [*(build.value(build, f, scope) for f in outside), total])
    return Div(top, product(build, [build.value(build, f, scope) for f in divisors])) if divisors else top


def in_blocks(build: Build, e: Expr, scope: Scope) -> Expr | None:
    """A product as a scatter of blocks, where its guards say in which block an axis lies; None where they do not."""
    above, below = above_and_below(e)
    found = find_blocks(build, [*above, *(Div(ONE, f) for f in below)], scope)
    return None if found is None else _scatter(build, found, scope)


def _with_own_names(e: Contract, scope: Scope) -> Contract:
    clash = [b.name for b in e.binders if b.name in scope]
    return rename_bound(e, clash, scope) if clash else e


def _plain(items: Factors) -> Expr:
    return items[0] if len(items) == 1 else Mul(tuple(items))


def _total(build: Build, binders: Axes, inside: Factors, scope: Scope) -> Expr:
    """The sum of a product all of whose factors depend on the binders."""
    binders, inside = _contract_deltas(build, binders, inside)
    missing = [b for b in binders if not any(b.name in free_names(f) for f in inside)]
    counts: Factors = [val(b.extent) for b in missing]
    binders = tuple(b for b in binders if b not in missing)
    if not binders:
        return product(build, [*(build.value(build, f, scope) for f in inside), *counts])
    binders, inside = reindexed(build, binders, inside, scope)
    inside = [f for f in without_implied_guards(build, inside) if not _runs(build, f, scope)]
    found = find_scattering(build, binders, inside, scope)
    if found is not None:
        return product(build, [_scatter(build, found, scope), *counts])
    inner = {**scope, **{b.name: b.extent for b in binders}}
    trees = [build.value(build, f, inner) for f in inside]
    return product(build, [_reduce(build, binders, trees, scope, inner), *counts])


def _contract_deltas(build: Build, binders: Axes, inside: Factors) -> tuple[Axes, Factors]:
    """sum[c] [c==e]*f(c) = [0<=e<C]*f(e)."""
    for b in binders:
        for k, f in enumerate(inside):
            other = _equal_to(f, b.name)
            if other is not None:
                guard = InRange(other, b.extent)
                rest = [substitute(g, {b.name: other}) for g in (*inside[:k], *inside[k + 1 :])]
                left = tuple(x for x in binders if x is not b)
                return _contract_deltas(build, left, without_implied_guards(build, [*rest, guard]))
    return binders, inside


def _equal_to(f: Expr, name: str) -> Index | None:
    """The value of an index at which a guard `[a == b]` can hold, from `i + r == b` or `(i + r)/s == b`."""
    if isinstance(f, Compare) and f.op == "==" and isinstance(f.left, Val) and isinstance(f.right, Val):
        for one, other in ((f.left.index, f.right.index), (f.right.index, f.left.index)):
            quotient = exact_quotient(one)
            step, dividend = (quotient.divisor, quotient.dividend) if quotient else (ONE_INDEX, one)
            parts = dividend.split(name)
            if parts is not None and parts[0] == ONE_INDEX and name not in other.names() | step.names():
                return step * other - parts[1]
    return None


def without_implied_guards(build: Build, inside: Factors) -> Factors:
    """The factors without the guards that say only where a read among them is in range."""
    ranges: set[tuple[Index, Index]] = set()
    for f in inside:
        if isinstance(f, Entry):  # a label in its index may be read outside: it is 0 there, the entry is not
            extents = build.extents(build.tensor(f.tensor))
            ranges |= {(i, build.canonical(e)) for i, e in zip(f.indices, extents, strict=True)}
    quotients = {
        (atom.dividend, atom.divisor)
        for i, _ in ranges
        for atom in i.atoms()
        if not isinstance(atom, str | Entry) and atom.kind == "exact" and len(i.terms) == 1
    }

    def implied(f: Expr) -> bool:
        if isinstance(f, InRange):
            return (f.index, build.canonical(f.extent)) in ranges
        return isinstance(f, Divides) and (f.dividend, f.divisor) in quotients

    return [f for f in inside if not implied(f)]


def _runs(build: Build, f: Expr, scope: Scope) -> bool:
    """Whether a guard says only that an index in force is below its extent."""
    if not isinstance(f, InRange) or f.index.name not in scope:
        return False
    return build.canonical.same(scope[f.index.name or ""], f.extent)


def _scatter(build: Build, found: Scattering, scope: Scope) -> Expr:
    """The sum over what is not a tap, at every position, then added up at the places."""
    inner = {n: e for n, e in scope.items() if n not in {m.axis for m in found.moves}}
    order: dict[str, Index] = {}
    for n, e in scope.items():
        move = next((m for m in found.moves if m.axis == n), None)
        order.update({n: e} if move is None else {move.position.name: move.position.extent})
    inner = {**order, **{b.name: b.extent for b in found.taps}}
    rest = tuple(b for b in found.binders if b not in found.taps)
    body = build.value(build, Contract(rest, _plain(found.factors)) if rest else _plain(found.factors), inner)
    body = hoisted(build, body, found.taps, inner)
    axes = axes_of(_places_order(body, found, inner), scope)
    return build.emit(Scatter("scattered", axes, found.taps, found.moves, body))


def _places_order(body: Expr, found: Scattering, inner: Scope) -> tuple[str, ...]:
    """The axes that a scatter fills: in the order in which its largest register lies, so that slices are long runs."""
    axis = {m.position.name: m.axis for m in found.moves}
    taps = {b.name for b in found.taps}
    largest = max((r.indices for r in reads(body)), key=len, default=())
    names = (
        [i.name for i in largest if i.name in inner] + list(used(body, inner)) + [m.position.name for m in found.moves]
    )
    return tuple(dict.fromkeys(axis.get(n or "", n or "") for n in names if n not in taps))


def _reduce(build: Build, binders: Axes, trees: Factors, scope: Scope, inner: Scope) -> Expr:
    guards = [t for t in trees if is_mask(build, t)]
    others = [t for t in trees if not is_mask(build, t)]
    others = _with_divisors(build, others, inner)
    if len(others) > 1 and not _alike(others, inner) and _maskable(build, guards, others, inner):
        return contract_operands(build, binders, _masked(build, guards, others, inner), scope)
    body = product(build, [*guards, *others])
    taps, over = split_binders(build, binders, (body,), inner)
    axes = axes_of(used(body, scope), scope)
    return build.emit(Reduce("total", axes, "sum", taps, over, hoisted(build, body, taps, inner)))


def _with_divisors(build: Build, others: Factors, inner: Scope) -> Factors:
    """The factors with every 1/r put under one that has its indices, if there is one."""
    result = [t for t in others if not (isinstance(t, Div) and t.left == ONE)]
    for r in (t for t in others if isinstance(t, Div) and t.left == ONE):
        at = next((k for k, t in enumerate(result) if set(used(r, inner)) <= set(used(t, inner))), None)
        if at is None:
            result.append(r)
        else:
            result[at] = product(build, [result[at], r])
    return result


def _alike(trees: Factors, inner: Scope) -> bool:
    """Whether all factors have the same indices, so that their product is no larger than they are."""
    return len({used(t, inner) for t in trees}) == 1


def _maskable(build: Build, guards: Factors, others: Factors, inner: Scope) -> bool:
    """Whether every guard can be put into one factor: the rest are reads that have a value everywhere."""
    return all(any(set(used(g, inner)) <= set(used(t, inner)) for t in others) for g in guards) and (
        not guards or all(isinstance(t, Entry) and defined(build, t) for t in others)
    )


def _masked(build: Build, guards: Factors, others: Factors, inner: Scope) -> Factors:
    result = list(others)
    for g in guards:
        k = next(k for k, t in enumerate(result) if set(used(g, inner)) <= set(used(t, inner)))
        result[k] = product(build, [g, result[k]])
    return result


def hoisted(build: Build, e: Expr, taps: Axes, scope: Scope) -> Expr:
    """The tree with every part that does not depend on the taps computed before their loop; conditions stay."""
    if not taps or isinstance(e, (Entry, Num, Val, *GUARDS)) or _is_condition(build, e):
        return e
    if not free_names(e) & {b.name for b in taps}:
        return build.emit(Map("factor", axes_of(used(e, scope), scope), e))
    return e.with_parts(tuple(hoisted(build, p, taps, scope) for p in e.parts))


def _is_condition(build: Build, e: Expr) -> bool:
    """Whether a tree is a product of guards: as a register it would hold numbers, which decide nothing."""
    return isinstance(e, Mul) and all(is_mask(build, f) for f in e.items)
