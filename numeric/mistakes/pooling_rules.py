"""Mistakes in winners, ties and divisors of windows: numbers 36 to 46 and 94 to 96."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from derive.expressions.build import add, div, mul
from derive.expressions.expr import (
    GUARDS,
    ONE,
    ZERO,
    Compare,
    Contract,
    Div,
    Entry,
    Expr,
    InRange,
    Mul,
    Num,
    Pow,
    Select,
    Val,
    Winner,
    val,
)
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import reads, walk
from numeric.mistakes.site import Rule, Site, everywhere, product_of


def _here(w: Winner) -> Expr:
    """The cell of the window that is asked for."""
    return substitute(w.body, {b.name: i for b, i in zip(w.binders, w.at, strict=True)})


def _last(w: Winner) -> Expr:
    """The window searched from its end."""
    mirrored = {b.name: b.extent - 1 - index(b.name) for b in w.binders}
    at = tuple(b.extent - 1 - i for b, i in zip(w.binders, w.at, strict=True))
    return Winner(w.binders, substitute(w.body, mirrored), at)


def _attains(w: Winner) -> Expr:
    """Whether a cell is as large as the largest."""
    return Compare("==", _here(w), Select(w.binders, w.body))


def _last_winner(site: Site) -> Iterator[Expr]:
    yield site.instead(Winner, _last)


def _all_winners(site: Site) -> Iterator[Expr]:
    yield site.instead(Winner, _attains)


def _in_range(site: Site, body: Expr) -> tuple[Expr, ...]:
    """Guards that what is read, is there, along the axes on which windows are laid."""
    cells = {w.cell for w in site.windows}
    return tuple(
        InRange(i, b.extent)
        for e in reads(body)
        for i, b in zip(e.indices, site.op.tensor(e.tensor).axes, strict=True)
        if b in cells
    )


def _tie_split(site: Site) -> Iterator[Expr]:
    """[X attains the maximum] divided by the number of cells that do."""

    def shared(w: Winner) -> Expr:
        renamed = tuple(replace(b, name=f"{b.name}t") for b in w.binders)
        body = substitute(w.body, {b.name: index(f"{b.name}t") for b in w.binders})
        attain = Compare("==", body, Select(w.binders, w.body))
        return Contract(renamed, Mul((*_in_range(site, body), attain)))

    def change(e: Expr) -> Expr:
        winner = next((f for f in e.items if isinstance(f, Winner)), None) if isinstance(e, Mul) else None
        if winner is None or not isinstance(e, Mul):
            return e
        guards = tuple(f for f in e.items if isinstance(f, GUARDS))
        rest = tuple(_attains(winner) if f == winner else f for f in e.items if f not in guards)
        return Mul((*guards, Div(Mul(rest), shared(winner))))

    yield everywhere(site.right, change)


def _zero_padded(site: Site) -> Iterator[Expr]:
    """A window that reaches over the edge has a 0 there, which beats what is not positive."""

    def change(w: Winner) -> Expr:
        corners = ({b.name: index(0) for b in w.binders}, {b.name: b.extent - 1 for b in w.binders})
        whole = tuple(g for corner in corners for g in _in_range(site, substitute(w.body, corner)))
        return add((mul((Compare("<", ZERO, _here(w)), w)), mul((Compare("<=", _here(w), ZERO), *whole, w))))

    yield site.instead(Winner, change)


def _overlap_assigned(site: Site) -> Iterator[Expr]:
    """Of the windows that hold a cell, the last one alone: taps below the stride, and every other tap is lost."""
    taps = {w.tap.extent: s for w, s in zip(site.windows, site.symbols("stride"), strict=False)}
    own = [(t, taps[k]) for t, k in site.bound_taps.items() if k in taps]
    pools = not any(i.name in site.bound_taps for e in walk(site.right) if isinstance(e, Entry) for i in e.indices)
    if own and pools:
        guards = tuple(Compare("<", val(t), val(s)) for t, s in own)
        yield site.in_reads(lambda e: mul((*guards, e)) if site.is_cotangent(e) else e)


def _winner_undilated(site: Site) -> Iterator[Expr]:
    ones = dict.fromkeys(site.symbols("dilation"), index(1))
    yield site.instead(Winner, lambda w: Winner(w.binders, substitute(w.body, ones), w.at))


def _every_cell(site: Site) -> Iterator[Expr]:
    yield site.instead(Winner, lambda w: ONE)


def _as_average(site: Site) -> Iterator[Expr]:
    yield site.instead(Winner, lambda w: div(ONE, val(product_of(b.extent for b in w.binders))))


# -- divisors ----------------------------------------------------------------------------------------------------------


def _counts(site: Site) -> dict[str, Expr]:
    """The equations that count the cells of a window: sums of guards."""
    found = {}
    for e in site.op.equations:
        if isinstance(e.body, Contract) and not list(reads(e.body)) and site.windows:
            found[e.target] = e.body.body
    return found


def _divisor(kind: str) -> Rule:
    """All cells of the window for those that count."""

    def rule(site: Site) -> Iterator[Expr]:
        whole = val(product_of(dict.fromkeys(w.tap.extent for w in site.windows)))
        for count, guard in _counts(site).items():
            if kind == _kind(site, count, guard):
                yield site.reading(count, lambda e: whole)

    return rule


def _along_one_axis(site: Site) -> Iterator[Expr]:
    """1/K for 1/K^2."""
    extents = dict.fromkeys(Val(w.tap.extent) for w in site.windows)
    for extent in extents if len(extents) > 1 else ():
        yield site.instead(Div, partial(_divided_by, extent, frozenset(extents)))


def _divided_by(extent: Expr, cells: frozenset[Expr], e: Div) -> Expr:
    return div(e.left, extent) if isinstance(e.right, Mul) and cells == {*e.right.items} else e


def _kind(site: Site, count: str, guard: Expr) -> str:
    if any(count == r.tensor for e in site.op.equations if e.target != site.op.output.name for r in reads(e.body)):
        return "rescaled"
    return "inside" if any(isinstance(n, InRange) for n in walk(guard)) else "padded"


# -- norms -------------------------------------------------------------------------------------------------------------


def _is_root(e: Expr) -> bool:
    """A power of a sum whose exponent is no integer."""
    whole = isinstance(e, Pow) and isinstance(e.right, Num) and e.right.value.denominator == 1
    return isinstance(e, Pow) and not whole and any(isinstance(n, Div) or _fraction(n) for n in walk(e.right))


def _fraction(e: Expr) -> bool:
    return isinstance(e, Num) and e.value.denominator != 1


def _not_over_norm(site: Site) -> Iterator[Expr]:
    yield everywhere(site.right, lambda e: ONE if _is_root(e) else e)


def _norm_at_zero(site: Site) -> Iterator[Expr]:
    if any(_is_root(e) for e in walk(site.right)):
        yield everywhere(site.right, lambda e: ONE if isinstance(e, Compare) and e.op == "!=" else e)


RULES: dict[int, Rule] = {
    36: _last_winner,
    37: _all_winners,
    38: _tie_split,
    39: _zero_padded,
    40: _overlap_assigned,
    41: _divisor("inside"),
    42: _divisor("padded"),
    43: _divisor("rescaled"),
    44: _not_over_norm,
    45: _norm_at_zero,
    46: _winner_undilated,
    94: _every_cell,
    95: _as_average,
    96: _along_one_axis,
}
