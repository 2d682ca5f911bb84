"""The laws of finite sums: move sums outwards, contract deltas, drop guards that are implied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import permutations

from derive.expressions.build import Factor, add, contract, factors, integral, mul, product, total
from derive.expressions.expr import (
    ONE,
    ZERO,
    Add,
    Binder,
    Cases,
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
    as_index,
    val,
)
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.substitution import rename_bound, substitute
from derive.expressions.traversal import all_names, free_names, map_all_indices
from derive.laws.law import COTANGENT, Condition, Rewrite, Site, law
from derive.laws.witness import in_range


def equation_sides(e: Expr) -> tuple[Index, Index] | None:
    """The two integer sides of `[i == a]`, or None."""
    if isinstance(e, Compare) and e.op == "==" and isinstance(e.left, Val | Num) and isinstance(e.right, Val | Num):
        left, right = as_index(e.left), as_index(e.right)
        if left is not None and right is not None:
            return left, right
    return None


def holds_delta(e: Expr, names: Iterable[str]) -> bool:
    """Whether a delta about one of `names` stands among the factors or terms of `e`."""
    if equation_sides(e) is not None:
        return bool(free_names(e) & set(names))
    if isinstance(e, Contract):
        return holds_delta(e.body, set(names) - {b.name for b in e.binders})
    if isinstance(e, Div):
        return holds_delta(e.left, names)
    return isinstance(e, Add | Mul) and any(holds_delta(p, names) for p in e.parts)


def _bound(site: Site) -> set[str]:
    return {b.name for b in site.binders}


def _ends_vary(e: Contract, outer: set[str]) -> bool:
    """Whether the end of a sum depends on an outer index: then it stays inside the outer sum."""
    return any(b.extent.names() & outer for b in e.binders)


def merges(e: Contract, site: Site) -> bool:
    """Whether a factor is a sum that moves outwards: with a delta about an index that is bound around it."""
    return holds_delta(e, _bound(site)) and not _ends_vary(e, _bound(site))


def distributes(e: Add, site: Site) -> bool:
    """Whether a factor is a sum that is multiplied out: with a delta about an index that is bound around it."""
    return holds_delta(e, _bound(site))


@law("zero branch", "cases(cond, f, 0) = [cond]*f: a false bracket makes a product 0, whatever f is there")
def zero_branch(node: Expr, site: Site) -> Expr | None:
    """A choice becomes a product, and none becomes a choice, so it ends."""
    match node:
        case Cases(Compare() | InRange() | Divides() as condition, then, other) if other == ZERO:
            return mul((condition, then))
    return None


@law("merge sums", "a*(sum[i] b) = sum[i] a*b; sum[i] sum[j] b = sum[i,j] b")
def merge(node: Expr, site: Site) -> Expr | None:
    if isinstance(node, Contract) and isinstance(node.body, Contract):
        outer = {b.name for b in node.binders}
        if _ends_vary(node.body, outer):
            return None
        inner = rename_bound(node.body, [b.name for b in node.body.binders if b.name in outer], all_names(node))
        return Contract(node.binders + inner.binders, inner.body)
    if not isinstance(node, Mul | Div):
        return None
    parts = factors(node)
    for k, (f, n) in enumerate(parts):
        if n == 1 and isinstance(f, Contract) and merges(f, site):
            others = parts[:k] + parts[k + 1 :]
            used = frozenset().union(*(all_names(o) for o, _ in others)) | _bound(site) | {b.name for b in site.free}
            f = rename_bound(f, [b.name for b in f.binders if b.name in used], used)
            return contract(f.binders, product(parts[:k] + factors(f.body) + parts[k + 1 :]))
    return None


@law("distribute", "a*(b + c) = a*b + a*c; sum[i] (b + c) = sum[i] b + sum[i] c")
def distribute(node: Expr, site: Site) -> Expr | None:
    if isinstance(node, Contract) and isinstance(node.body, Add):
        if holds_delta(node.body, {b.name for b in node.binders}):
            return add(contract(node.binders, t) for t in node.body.items)
        return None
    if not isinstance(node, Mul | Div):
        return None
    parts = factors(node)
    for k, (f, n) in enumerate(parts):
        if n == 1 and isinstance(f, Add) and distributes(f, site):
            return add(product(parts[:k] + factors(t) + parts[k + 1 :]) for t in f.items)
    return None


@law("contract a delta", "sum[i] [i==a]*f(i) = [0<=a<I]*f(a); [h==s*i+r] = [i==(h-r)/s] where s >= 1")
def contract_delta(node: Expr, site: Site) -> Rewrite | None:
    if not isinstance(node, Contract):
        return None
    parts = factors(node.body)
    deltas = [(k, f) for k, f in enumerate(parts) if f[1] == 1 and equation_sides(f[0]) is not None]
    turns = {b: _turn(b, parts) for b in node.binders} if deltas else {}
    for turn in sorted(set(turns.values())):
        solved = [
            (preference, repr(value), k, b, value, conditions)
            for b in node.binders
            for k, f in deltas
            for preference, value, conditions in (_solve(f, b.name, site, node.binders) if turns[b] == turn else ())
        ]
        if solved:
            *_, k, b, value, conditions = min(solved, key=lambda s: s[:2])
            return _contracted(node, parts, k, b, value, conditions)
    return None


def _contracted(
    node: Contract, parts: list[Factor], k: int, b: Binder, value: Index, conditions: tuple[Condition, ...]
) -> Rewrite:
    """The sum without the index and without its delta, factor k."""
    rest = product(parts[:k] + parts[k + 1 :])
    # binders deeper inside `rest` are renamed by the substitution where the value would be captured
    inside = product([(InRange(value, b.extent), 1), *factors(substitute(rest, {b.name: value}))])
    return Rewrite(contract(tuple(c for c in node.binders if c != b), inside), conditions)


def _turn(b: Binder, parts: list[Factor]) -> tuple[bool, int, str]:
    """When an index is contracted: first those of the cotangent, in its order, whatever order the sum has."""
    places = [
        e.indices.index(index(b.name))
        for e, _ in parts
        if isinstance(e, Entry) and e.tensor.startswith(COTANGENT) and index(b.name) in e.indices
    ]
    return not places, min(places, default=0), repr(b.extent)


def _solve(
    factor: Factor, name: str, site: Site, own: tuple[Binder, ...]
) -> Iterator[tuple[int, Index, tuple[Condition, ...]]]:
    """(preference, value, conditions) of a delta solved for an index."""
    sides = equation_sides(factor[0]) if factor[1] == 1 else None
    if sides is None:
        return
    here, there = sides if name in sides[0].names() else sides[::-1]
    parts = here.split(name) if name not in there.names() else (here - there).split(name)
    if parts is None or parts[0] == index(0):
        return
    slope, rest = parts[0], -((there if name not in there.names() else index(0)) - parts[1])
    c = slope.constant
    if c in (1, -1):
        value = -rest if c == 1 else rest
        bare = value.name is not None and value.name not in {b.name for b in own}
        yield (0 if bare else 2 if any(isinstance(a, Entry) for a in value.atoms()) else 1), value, ()
        return
    if c is not None:
        yield 3, divide("exact", -rest if c > 0 else rest, index(abs(c))), ()
        return
    negative = all(c < 0 for _, c in slope.terms)
    slope, rest = (-slope, -rest) if negative else (slope, rest)
    running = site.names | {b.name for b in own}
    if len(slope.terms) == 1 and slope.terms[0][1] == 1 and all(_at_least_one(n, site, running) for n in slope.names()):
        yield 3, divide("exact", -rest, slope), at_least_one(slope)


def _at_least_one(name: str, site: Site, running: frozenset[str]) -> bool:
    """Whether a symbol is at least 1: an extent, or a parameter that says so; an index that runs begins at 0."""
    if name in running:
        return False
    return (site.minimum(name) or 0) >= 1 or name not in {p.name for p in site.op.parameters}


@law("divide with a rest", "sum[i,p<K] [K*i+p==a]*f(i,p) = [0<=a//K<I]*f(a//K,a%K) where K >= 1")
def divide_with_a_rest(node: Expr, site: Site) -> Rewrite | None:
    """Every integer is K*i+p with 0 <= p < K in one way. Two indices leave the sum and none comes, so it ends."""
    if not isinstance(node, Contract):
        return None
    parts = factors(node.body)
    for k, (f, n) in enumerate(parts):
        for quotient, rest in permutations(node.binders, 2):
            width = rest.extent
            a = _dividend(f, quotient.name, rest.name, width) if n == 1 else None
            if a is None or a.names() & {b.name for b in node.binders} or not positive(width, site, node.binders):
                continue
            q, r = divide("floor", a, width), divide("mod", a, width)
            others = substitute(product(parts[:k] + parts[k + 1 :]), {quotient.name: q, rest.name: r})
            others = map_all_indices(others, partial(_put_together, a=a, q=q, r=r, width=width))
            inside = product([(InRange(q, quotient.extent), 1), *factors(others)])
            kept = tuple(b for b in node.binders if b not in (quotient, rest))
            return Rewrite(contract(kept, inside), at_least_one(width))
    return None


def _put_together(i: Index, a: Index, q: Index, r: Index, width: Index) -> Index:
    """An index width*q + r + e as a + e."""
    e = i - width * q - r
    taken_apart = {*q.atoms(), *r.atoms()} - {*a.atoms()}
    return a + e if taken_apart & {*i.atoms()} and not taken_apart & {*e.atoms()} else i


def _dividend(e: Expr, quotient: str, rest: str, width: Index) -> Index | None:
    """The integer a of `[width*quotient + rest == a]`, or None."""
    sides = equation_sides(e)
    if sides is None or not {quotient, rest} <= sides[0].names() | sides[1].names():
        return None
    for left, right in permutations(sides):
        a = right - left + width * index(quotient) + index(rest)
        if integral(a) and not a.names() & {quotient, rest}:
            return a
    return None


def at_least_one(divisor: Index) -> tuple[Condition, ...]:
    """What a law says that divides by a product of symbols."""
    return tuple(Condition("positive", f"{n} >= 1", (index(n),)) for n in sorted(divisor.names()))


def positive(width: Index, site: Site, own: tuple[Binder, ...]) -> bool:
    """Whether a width is at least 1: a number, or a product of symbols that are."""
    running = site.names | {b.name for b in own}
    one = len(width.terms) == 1 and width.terms[0][1] >= 1
    return one and all(isinstance(a, str) and _at_least_one(a, site, running) for a in width.atoms())


@law("mixed radix", "[q==a//W]*[r==a%W] = [q*W+r==a] where 0 <= r < W")
def mixed_radix(node: Expr, site: Site) -> Rewrite | None:
    if not isinstance(node, Mul):
        return None
    parts = factors(node)
    for k, (f, _) in enumerate(parts):
        for m, (g, _) in enumerate(parts):
            quotient, rest = _composite_side(f, "floor"), _composite_side(g, "mod")
            if quotient is None or rest is None or quotient[1] != rest[1]:
                continue
            (q, made), (r, _) = quotient, rest
            found = in_range(r, made.divisor, site)
            if found is None:
                continue
            joined = Compare("==", val(q * made.divisor + r), val(made.dividend))
            condition = Condition("range", "the rest is in range", (r, made.divisor), found)
            keep = [p for n, p in enumerate(parts) if n not in (k, m)]
            return Rewrite(product([*keep, (joined, 1)]), (condition,))
    return None


def _composite_side(e: Expr, kind: str) -> tuple[Index, Composite] | None:
    """(other side, composite) of `[q == a//W]` or `[r == a%W]`; the composite's kind is set to "floor" in both."""
    sides = equation_sides(e)
    for one, other in (sides, sides[::-1]) if sides else ():
        match one.terms:
            case ((((Composite(found, a, w),)), 1),) if found == kind:
                return other, Composite("floor", a, w)
    return None


@law("clear a quotient", "[a/s==b] = [a==s*b] where s >= 1")
def clear_quotient(node: Expr, site: Site) -> Rewrite | None:
    """Where s does not divide a, both are 0. One exact quotient goes, and an index inside it can be solved for."""
    sides = equation_sides(node)
    for one, other in (sides, sides[::-1]) if sides else ():
        match one.terms:
            case ((((Composite("exact", a, s),)), 1),) if positive(s, site, ()):
                return Rewrite(Compare("==", val(a), val(s * other)), at_least_one(s))
    return None


@law("range", "[0<=e<N] = 1 where 0 <= e and e <= N-1 follow from the ranges of the indices; [0<=e//K<N] = [0<=e<K*N]")
def implied(node: Expr, site: Site) -> Rewrite | None:
    if not isinstance(node, InRange):
        return None
    e, extent, divisor = node.index, node.extent, index(1)
    match e.terms:
        case ((((Composite("floor", dividend, width),)), 1),) if positive(width, site, ()):
            e, extent, divisor = dividend, width * extent, width
    found = in_range(e, extent, site)
    if found is None:
        return None
    condition = Condition("range", "the index is in range", (e, extent), found)
    return Rewrite(ONE, (condition, *at_least_one(divisor)))


@law("zero outside", "[0<=e<N]*X[e] = X[e]: a read that is not integral or not in range is 0")
def zero_outside(node: Expr, site: Site) -> Expr | None:
    if not isinstance(node, Mul | Div) or site.factor:
        return None
    parts = factors(node)
    if not all(total(f) for f, n in parts if n > 0) or any(n < 0 and not isinstance(f, Val | Num) for f, n in parts):
        return None
    for k, (f, _n) in enumerate(parts):
        if isinstance(f, InRange) and any(_reads_at(g, f, site) for g, m in parts if m == 1):
            return product(parts[:k] + parts[k + 1 :])
    return None


def _reads_at(e: Expr, guard: InRange, site: Site) -> bool:
    """Whether `e` is a read with the guard's index on an axis of the guard's extent."""
    if not isinstance(e, Entry):
        return False
    return any(
        i == guard.index and b.extent == guard.extent for i, b in zip(e.indices, site.axes(e.tensor), strict=True)
    )


@law("labels", "[0<=T[n]<C] = 1 under the hypothesis that labels are in range")
def labels(node: Expr, site: Site) -> Rewrite | None:
    match node:
        case InRange(Index(((((Entry(tensor),)), 1),)), extent) if site.op.tensor(tensor).integer:
            return Rewrite(ONE, (Condition("hypothesis", f"0 <= {tensor} < {extent.name or 'extent'}"),))
    return None


ALGEBRA = (
    zero_branch,
    merge,
    divide_with_a_rest,
    contract_delta,
    distribute,
    implied,
    labels,
    zero_outside,
)
