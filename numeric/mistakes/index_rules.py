"""Mistakes in where a convolution or a pooling reads: numbers 1 to 16, 20 to 22, 67, 89 to 93 and 112."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from derive.expressions.build import add, contract, mul, negate
from derive.expressions.expr import ONE, Contract, Divides, Entry, Expr, InRange
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk
from numeric.mistakes.site import Rule, Site, at_places, composites, everywhere, recomposed


def _mirrored(taps: Mapping[str, Index]) -> dict[str, Index]:
    return {t: extent - 1 - index(t) for t, extent in taps.items()}


def _minus(names: Mapping[str, Index] | tuple[str, ...]) -> dict[str, Index]:
    return {n: -index(n) for n in names}


def _meets_taps(site: Site) -> bool:
    """Whether the gradient multiplies the cotangent by the taps of a filter."""
    return any(
        not site.is_cotangent(e) and any(i.name in site.bound_taps for i in e.indices)
        for e in walk(site.right)
        if isinstance(e, Entry)
    )


def _steps_back(site: Site) -> bool:
    """Whether the cotangent is read against the direction of the taps, as a full convolution does."""
    for e in walk(site.right):
        if isinstance(e, Entry) and site.is_cotangent(e):
            for i in e.indices:
                for part in (i, *(c.dividend for c in composites(i, "exact"))):
                    for tap in site.bound_taps:
                        slope = part.split(tap)
                        if slope is not None and any(c < 0 for _, c in slope[0].terms):
                            return True
    return False


def _turned(site: Site) -> Iterator[Expr]:
    """The filter turned by 180 degrees, or the cotangent read the other way."""
    mirrored = _mirrored(site.bound_taps)
    yield site.in_others(lambda i: mirrored.get(i.name or "", i))
    yield site.in_cotangent(lambda i: i.substitute(_minus(site.bound_taps)))
    if len(mirrored) > 1:
        for t, mirror in mirrored.items():
            yield site.in_others(partial(_for_name, t, mirror))


def _for_name(name: str, new: Index, i: Index) -> Index:
    return new if i.name == name else i


def _not_flipped(site: Site) -> Iterator[Expr]:
    if _meets_taps(site) and _steps_back(site):
        yield from _turned(site)


def _flipped(site: Site) -> Iterator[Expr]:
    if _meets_taps(site) and not _steps_back(site):
        yield from _turned(site)


def _kernel_transposed(site: Site) -> Iterator[Expr]:
    """F[k,c,q,p] for F[k,c,p,q]."""
    if len(site.bound_taps) > 1:
        *_, p, q = site.bound_taps
        swap = {p: index(q), q: index(p)}
        yield site.in_others(lambda i: swap.get(i.name or "", i))


def _stride_forgotten(site: Site) -> Iterator[Expr]:
    """(h+P-d*p) for (h+P-d*p)/s, and i+d*p-P for s*i+d*p-P."""
    yield site.at_places(dict.fromkeys(site.symbols("stride"), 1))
    yield site.in_reads(lambda e: Entry(e.tensor, tuple(recomposed(i, _undivided) for i in e.indices)))
    for s in site.symbols("stride"):
        yield site.at_places({s: 1})


def _stride_dilation_swapped(site: Site) -> Iterator[Expr]:
    """i+s*p for s*i+p."""
    pairs = tuple(zip(site.symbols("stride"), site.symbols("dilation"), strict=False))
    yield site.at_places(dict(pairs) | {d: s for s, d in pairs})


def _stride_on_taps(site: Site) -> Iterator[Expr]:
    """s*(i+p) for s*i+p."""
    pairs = zip(site.symbols("stride"), site.symbols("dilation"), strict=False)
    yield site.at_places({d: index(s) * index(d) for s, d in pairs})


def _stride_multiplied(site: Site) -> Iterator[Expr]:
    """s*h-p and s*(h-p) for (h-p)/s."""

    def whole(c: Composite, dividend: Index, divisor: Index) -> Index | None:
        return dividend * divisor if c.kind == "exact" else None

    def cell(c: Composite, dividend: Index, divisor: Index) -> Index | None:
        return dividend.substitute({n: index(n) * divisor for n in site.free}) if c.kind == "exact" else None

    for change in (cell, whole):
        yield at_places(site.right, partial(recomposed, change=change))


def _taps_reversed(site: Site) -> Iterator[Expr]:
    """i-p for i+p."""
    taps = _minus(site.taps)
    yield at_places(site.right, lambda i: i if i.name else i.substitute(taps))


def _taps_dropped(site: Site) -> Iterator[Expr]:
    """i for i+p."""
    taps = dict.fromkeys(site.taps, index(0))
    yield at_places(site.right, lambda i: i if i.name else i.substitute(taps))


def _undivided(c: Composite, dividend: Index, divisor: Index) -> Index | None:
    return dividend if c.kind == "exact" else None


def _dilation_forgotten(site: Site) -> Iterator[Expr]:
    yield site.at_places(dict.fromkeys(site.symbols("dilation"), 1))


def _low(site: Site) -> tuple[str, ...]:
    """The symbols of padding that the law reads with: one an axis."""
    read = {n for e in site.op.equations for x in walk(e.body) if isinstance(x, Entry) for n in _names(x)}
    return tuple(p for p in site.symbols("padding") if p in read)


def _names(e: Entry) -> frozenset[str]:
    return frozenset().union(*(i.names() for i in e.indices)) if e.indices else frozenset()


def _padding_off_by_one(site: Site) -> Iterator[Expr]:
    """P+1 for P; where there is no padding, i+p-1 for i+p."""
    low, taps = _low(site), site.taps.keys()
    for by in (1, -1):
        if low:
            yield site.at_places({p: index(p) + by for p in low})
        else:
            yield at_places(site.right, partial(_moved, taps, by))


def _moved(taps: Collection[str], by: int, i: Index) -> Index:
    return i + by if i.name is None and not i.names().isdisjoint(taps) else i


def _padding_added(site: Site) -> Iterator[Expr]:
    """i+p+P for i+p-P, and h-P-p for h+P-p."""
    yield site.at_places({p: -index(p) for p in _low(site)})


def _padding_twice(site: Site) -> Iterator[Expr]:
    """K-1-P, the padding of the full convolution, where P itself is due."""
    if len(site.op.inputs) > 1:
        yield site.at_places({p: w.tap.extent - 1 - index(p) for p, w in zip(_low(site), site.windows, strict=False)})


def _not_cropped(site: Site) -> Iterator[Expr]:
    yield site.at_places(dict.fromkeys(_low(site), 0))


def _high(site: Site) -> dict[str, str]:
    low = _low(site)
    return dict(zip(low, (p for p in site.symbols("padding") if p not in low), strict=False))


def _pads_the_gradient(site: Site) -> bool:
    return any(w.cell in site.axes for w in site.windows)


def _cropped_by_high(site: Site) -> Iterator[Expr]:
    if _pads_the_gradient(site):
        yield site.at_places(_high(site))


def _low_high_swapped(site: Site) -> Iterator[Expr]:
    if not _pads_the_gradient(site):
        yield site.at_places(_high(site))


def _last_row_dropped(site: Site) -> Iterator[Expr]:
    """Windows counted to I-1 for I."""
    for w in site.windows:
        yield site.resized(w.place.extent, w.place.extent - 1)
        at = [b.extent for b in site.op.output.axes].index(w.place.extent) if w.place in site.op.output.axes else None
        if at is not None:
            yield site.reading(site.cotangent, partial(_below, at, w.place.extent - 1))


def _below(axis: int, extent: Index, e: Entry) -> Expr:
    return mul((InRange(e.indices[axis], extent), e))


def _last_tap_dropped(site: Site) -> Iterator[Expr]:
    for extent in dict.fromkeys(site.bound_taps.values()):
        yield site.resized(extent, extent - 1, lambda name: name in site.bound_taps)


def _offset_reversed(site: Site) -> Iterator[Expr]:
    """(h-P+d*p)/s for (h+P-d*p)/s."""
    if _steps_back(site):
        reversed_ = _minus(site.bound_taps) | _minus(_low(site))
        yield at_places(site.right, lambda i: i if i.name else i.substitute(reversed_))


def _floor_for_ceil(site: Site) -> Iterator[Expr]:
    """A window too early meets the last tap: (h+P-d*(K-1))//s is taken for the quotient rounded up."""
    if not isinstance(site.right, Contract):
        return
    for w in site.windows:
        tap = next((t for t, k in site.bound_taps.items() if k == w.tap.extent), None)
        if tap is None:
            continue
        rest = tuple(b for b in site.right.binders if b.name != tap)
        exact = contract(rest, substitute(site.right.body, {tap: w.tap.extent - 1}))
        floored = everywhere(exact, partial(_rounded_down, within=w.cell.name))
        yield add((site.right, floored, negate(exact)))


def _divisibility_removed(site: Site) -> Iterator[Expr]:
    """(h+P-d*p)//s for the exact quotient."""
    yield everywhere(site.right, _rounded_down)


def _rounded_down(e: Expr, within: str = "") -> Expr:
    """Exact quotients rounded down, those in which a name occurs or all; their guards are true."""

    def change(c: Composite, dividend: Index, divisor: Index) -> Index | None:
        return divide("floor", dividend, divisor) if c.kind == "exact" and within in {"", *dividend.names()} else None

    if isinstance(e, Divides):
        return ONE if within in {"", *e.dividend.names()} else e
    if isinstance(e, Entry):
        return Entry(e.tensor, tuple(recomposed(i, change) for i in e.indices))
    return InRange(recomposed(e.index, change), e.extent) if isinstance(e, InRange) else e


def _output_padding_omitted(site: Site) -> Iterator[Expr]:
    """Windows counted without output_padding."""
    for w, extra in zip(site.windows, site.symbols("output_padding"), strict=False):
        short = w.place.extent - index(extra)
        yield site.resized(w.place.extent, short)
        at = site.op.output.axes.index(w.place)
        yield site.reading(site.cotangent, partial(_below, at, short))


def _swapped(argument: str) -> Rule:
    """The settings of the last two axes exchanged."""

    def rule(site: Site) -> Iterator[Expr]:
        symbols = _low(site) if argument == "padding" else site.symbols(argument)
        if len(symbols) > 1:
            a, b = symbols[-2:]
            yield site.at_places({a: b, b: a})

    return rule


RULES: dict[int, Rule] = {
    1: _not_flipped,
    2: _kernel_transposed,
    3: _stride_forgotten,
    4: _dilation_forgotten,
    5: _padding_off_by_one,
    6: _padding_twice,
    7: _not_cropped,
    8: _cropped_by_high,
    9: _low_high_swapped,
    10: _last_row_dropped,
    11: _last_tap_dropped,
    12: _offset_reversed,
    14: _floor_for_ceil,
    15: _divisibility_removed,
    16: _output_padding_omitted,
    20: _swapped("stride"),
    21: _swapped("padding"),
    22: _swapped("dilation"),
    67: _flipped,
    89: _padding_added,
    90: _stride_dilation_swapped,
    91: _stride_on_taps,
    92: _stride_multiplied,
    93: _taps_reversed,
    112: _taps_dropped,
}
