"""Mistakes in what a linear map sums over and multiplies with: numbers 17 to 19, 23 to 33, 35 and 68."""

from __future__ import annotations

from collections.abc import Iterator

from derive.expressions.build import div, mul
from derive.expressions.expr import Binder, Contract, Entry, Expr, Val, val
from derive.expressions.index import Composite, Index, divide, index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import walk
from numeric.mistakes.site import Rule, Site, composites, product_of, recomposed

# -- groups ------------------------------------------------------------------------------------------------------------


def _first_group(site: Site) -> Iterator[Expr]:
    """The channels of group 0 for every group's: k for (c//C)*K+k."""

    def change(c: Composite, a: Index, b: Index) -> Index | None:
        return index(0) if c.kind == "floor" else None

    if site.symbols("groups"):
        yield site.in_others(lambda i: recomposed(i, change))
        yield site.in_cotangent(lambda i: recomposed(i, change))


def _blocks_mixed(site: Site) -> Iterator[Expr]:
    """c%G for c//C, and c//G for c%C: the group varies fastest where it must vary slowest."""
    groups = index(site.symbols("groups")[0])

    def change(c: Composite, a: Index, b: Index) -> Index | None:
        return divide("mod" if c.kind == "floor" else "floor", a, groups) if c.kind in ("floor", "mod") else None

    yield site.in_reads(lambda e: Entry(e.tensor, tuple(recomposed(i, change) for i in e.indices)))


def _members_mixed(site: Site) -> Iterator[Expr]:
    """k*G + c//C for (c//C)*K + k."""
    groups = index(site.symbols("groups")[0])

    def change(i: Index) -> Index:
        for c in composites(i, "floor"):
            block = Index(tuple((m, n) for m, n in i.terms if c in m))
            if len(block.terms) == 1 and len(i.terms) > 1:
                return Index((((c,), 1),)) + (i - block) * groups
        return i

    yield site.in_reads(lambda e: Entry(e.tensor, tuple(map(change, e.indices))))


def _interleaved(outputs: bool) -> Rule:
    def rule(site: Site) -> Iterator[Expr]:
        if not site.symbols("groups"):
            return
        channel = site.op.output.axes[1].name
        found = [c for e in walk(site.right) if isinstance(e, Entry) for i in e.indices for c in composites(i, "floor")]
        if found:
            by_output = channel in found[0].dividend.names()
            yield from (_blocks_mixed if by_output == outputs else _members_mixed)(site)

    return rule


# -- weights -----------------------------------------------------------------------------------------------------------


def _weights(site: Site) -> list[Entry]:
    """What the gradient reads of filters: entries at a bare tap behind two channels."""
    return [
        e
        for e in walk(site.right)
        if isinstance(e, Entry) and not site.is_cotangent(e)
        and len(e.indices) > 2 and any(i.name in site.taps for i in e.indices)
    ]  # fmt: skip


def _first_two_swapped(site: Site) -> Iterator[Expr]:
    weights = _weights(site)
    for e in weights:
        a, b, *rest = e.indices
        yield site.replacing(e, Entry(e.tensor, (b, a, *rest)))
    if not weights and site.free_taps and len(site.axes) > 2:
        yield _renamed(site, *(b.name for b in site.axes[:2]))


def _output_first(site: Site) -> bool:
    """Whether the filter has the output's channels first, as all but transposed convolutions do."""
    channel = site.op.output.axes[1].extent if len(site.op.output.axes) > 1 else None
    return any(len(t.axes) > 2 and t.axes[0].extent == channel for t in site.op.inputs)


def _channels_swapped(site: Site) -> Iterator[Expr]:
    if _output_first(site):
        yield from _first_two_swapped(site)


def _weight_axes_swapped(site: Site) -> Iterator[Expr]:
    if not _output_first(site):
        yield from _first_two_swapped(site)


def _renamed(site: Site, a: str, b: str) -> Expr:
    """The gradient with two of its free indices exchanged."""
    return substitute(site.right, {a: index(b), b: index(a)})


def _weight_gradient_flipped(site: Site) -> Iterator[Expr]:
    if site.free_taps:
        yield substitute(site.right, {t: k - 1 - index(t) for t, k in site.free_taps.items()})


def _weight_gradient_transposed(site: Site) -> Iterator[Expr]:
    if len(site.free_taps) > 1:
        yield _renamed(site, *list(site.free_taps)[-2:])


def _matrix_not_transposed(site: Site) -> Iterator[Expr]:
    """W[c,k] for W[k,c], or the transpose of a weight's gradient."""
    summed = {b.name for b in site.bound}
    given = {t.name for t in site.op.inputs} | {site.cotangent}
    if site.windows or not summed or not site.op.output.axes:
        return
    for e in dict.fromkeys(x for x in walk(site.right) if isinstance(x, Entry) and len(x.indices) == 2):
        names = [i.name for i in e.indices]
        if e.tensor in given and all(names) and len(summed.intersection(names)) == 1:
            yield site.replacing(e, Entry(e.tensor, e.indices[::-1]))
    if len(site.axes) == 2 and isinstance(site.right, Contract):
        yield _renamed(site, *(b.name for b in site.axes))


# -- sums --------------------------------------------------------------------------------------------------------------


def _assigned(site: Site) -> Iterator[Expr]:
    """Of what must be added up, the last or the first term alone is left."""
    if site.sums_cotangent_alone and not site.places:
        return  # a sum over samples alone, which has a mistake of its own
    sums = [n for n in walk(site.right) if isinstance(n, Contract)]
    for own in sums:
        taps = tuple(b for b in own.binders if b.name in site.bound_taps) or own.binders
        if {b.extent for b in taps} == {site.batch}:
            continue  # one sample alone, which has a sentence of its own
        for end in (True, False):
            yield site.replacing(own, _pinned(own, {b.name: b.extent - 1 if end else index(0) for b in taps}))


def _pinned(own: Contract, at: dict[str, Index]) -> Expr:
    rest = tuple(b for b in own.binders if b.name not in at)
    body = substitute(own.body, at)
    return Contract(rest, body) if rest else body


def _edge_padding(site: Site) -> Iterator[Expr]:
    """A read beyond the edge gives the edge: at min(max(i, 0), H-1)."""

    def clamped(e: Entry) -> Expr:
        if site.is_cotangent(e):
            return e
        axes = site.op.tensor(e.tensor).axes
        return Entry(
            e.tensor, tuple(_clamp(i, b) if i.name is None else i for i, b in zip(e.indices, axes, strict=True))
        )

    if site.free_taps:
        yield site.in_reads(clamped)


def _clamp(i: Index, axis: Binder) -> Index:
    return divide("min", i - divide("min", i, index(0)), axis.extent - 1)


def _first_sample(site: Site) -> Iterator[Expr]:
    if site.batch is not None:
        yield site.resized(site.batch, index(1))
        yield from _at_last(site, site.batch)


def _at_last(site: Site, extent: Index) -> Iterator[Expr]:
    """The last term alone of the sums over one extent."""
    for own in (n for n in walk(site.right) if isinstance(n, Contract)):
        at = {b.name: extent - 1 for b in own.binders if b.extent == extent}
        if at:
            yield site.replacing(own, _pinned(own, at))


def _sums_batch(site: Site) -> bool:
    return site.batch in {b.extent for b in site.bound}


def _over_n(bias: bool) -> Rule:
    def rule(site: Site) -> Iterator[Expr]:
        if site.batch is not None and _sums_batch(site) and site.sums_cotangent_alone == bias:
            yield div(site.right, Val(site.batch))

    return rule


def _bias_mean(site: Site) -> Iterator[Expr]:
    if site.sums_cotangent_alone and site.places:
        yield div(site.right, val(product_of(site.places)))
        if site.batch is not None:
            yield div(site.right, val(product_of((site.batch, *site.places))))


def _bias_one_row(site: Site) -> Iterator[Expr]:
    if site.sums_cotangent_alone:
        for extent in site.places:
            yield site.resized(extent, index(1))
            yield from _at_last(site, extent)


def _over_strides(site: Site) -> Iterator[Expr]:
    strides = site.symbols("stride")
    if site.bound_taps and strides:
        yield div(site.right, mul(val(s) for s in strides))


RULES: dict[int, Rule] = {
    17: _first_group,
    18: _interleaved(outputs=False),
    19: _interleaved(outputs=True),
    23: _channels_swapped,
    24: _assigned,
    25: _edge_padding,
    26: _first_sample,
    27: _weight_gradient_flipped,
    28: _weight_gradient_transposed,
    29: _over_n(bias=False),
    30: _over_n(bias=True),
    31: _bias_mean,
    32: _bias_one_row,
    33: _over_strides,
    35: _weight_axes_swapped,
    68: _matrix_not_transposed,
}
