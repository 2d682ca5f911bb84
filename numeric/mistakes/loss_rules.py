"""Mistakes in losses and normalisations: numbers 54 to 66 and 101 to 108."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

from derive.expressions.build import add, div, mul, negate, negative
from derive.expressions.expr import ONE, Add, Compare, Contract, Div, Entry, Expr, Mul, Num, Pow, Val, val
from derive.expressions.index import index
from derive.expressions.substitution import substitute
from derive.expressions.traversal import reads, walk
from derive.language.notation import Equation
from numeric.mistakes.site import Rule, Site, everywhere


def _tensors(e: Expr) -> frozenset[str]:
    return frozenset(r.tensor for r in reads(e))


def _intermediates(site: Site) -> frozenset[str]:
    return frozenset(t.name for t in site.op.tensors if t.role != "input")


# -- means -------------------------------------------------------------------------------------------------------------


def _counts(site: Site) -> dict[str, Equation]:
    """The equations that count samples or add up their weights, by target: what the mean of a loss divides by."""
    if site.op.output.axes:
        return {}
    others = (e for e in site.op.equations if e.target != site.op.output.name)
    return {e.target: e for e in others if not e.names and isinstance(e.body, Contract)}


def _is_count(site: Site, e: Expr) -> bool:
    extents = {b.extent for b in site.op.inputs[0].axes}
    counts = (isinstance(e, Val) and e.index in extents) or (isinstance(e, Entry) and e.tensor in _counts(site))
    return counts and not site.op.output.axes


def _in_means(site: Site, power: int) -> Expr:
    """The gradient divided by another power of the count."""

    def change(e: Expr) -> Expr:
        return div(e.left, mul((e.right,) * power)) if isinstance(e, Div) and _is_count(site, e.right) else e

    return everywhere(site.right, change)


def _mean_dropped(site: Site) -> Iterator[Expr]:
    yield _in_means(site, 0)


def _mean_twice(site: Site) -> Iterator[Expr]:
    yield _in_means(site, 2)


def _n_for_weights(site: Site) -> Iterator[Expr]:
    for name, e in _counts(site).items():
        weights = {t.name for t in site.op.inputs if not t.integer}
        if _tensors(e.body) & weights and isinstance(e.body, Contract):
            yield _for_entry(site, name, val(e.body.binders[0].extent))


def _for_entry(site: Site, tensor: str, new: Expr) -> Expr:
    return site.reading(tensor, lambda e: new)


def _ignored_counted(site: Site) -> Iterator[Expr]:
    """The guard that the label counts, left out of the sum that a mean divides by, or of the gradient."""

    def unguarded(e: Expr) -> Expr:
        return everywhere(e, lambda x: ONE if isinstance(x, Compare) and x.op == "!=" else x)

    for name, e in _counts(site).items():
        body = unguarded(e.body)
        if body != e.body and isinstance(body, Contract):
            yield _for_entry(site, name, val(body.binders[0].extent) if body.body == ONE else body)
    if any(t.integer for t in site.op.inputs):
        yield unguarded(site.right)


# -- differences -------------------------------------------------------------------------------------------------------


def _of_target(site: Site) -> bool:
    return any(t.argument == "target" for t in site.op.inputs)


def _label_missing(site: Site) -> Iterator[Expr]:
    """P for P - [T==c]."""

    def change(e: Expr) -> Expr:
        if not (isinstance(e, Add) and _tensors(e) & _intermediates(site)):
            return e
        return add(t for t in e.items if not negative(t))

    if _of_target(site):
        yield everywhere(site.right, change)


def _smoothing_unweighted(site: Site) -> Iterator[Expr]:
    """w*(1-m)*[T==c] + m/C for w*((1-m)*[T==c] + m/C)."""
    for e in site.op.equations:
        body = e.body
        if isinstance(body, Mul) and len(body.items) == 2 and isinstance(body.items[1], Add):
            weight, (first, *rest) = body.items[0], body.items[1].items
            own = add((mul((weight, first)), *rest))
            yield site.reading(e.target, partial(_at, own, e.names))


def _at(body: Expr, names: tuple[str, ...], read: Entry) -> Expr:
    """A right-hand side at the place of a read."""
    return substitute(body, dict(zip(names, read.indices, strict=True)))


def _without_sums(site: Site, of_cotangent: bool) -> Expr:
    """The gradient with the factors left out that sum the cotangent, or that sum anything else."""

    def is_such(f: Expr) -> bool:
        if not isinstance(f, Contract):
            return False
        return any(map(site.is_cotangent, reads(f))) if of_cotangent else isinstance(f.body, Entry)

    def change(e: Expr) -> Expr:
        if not isinstance(e, Mul) or not any(map(is_such, e.items)):
            return e
        return mul(f for f in e.items if not is_such(f))

    def term(e: Expr) -> Expr:
        return add(map(change, e.items)) if isinstance(e, Add) else e

    return everywhere(site.right, term)


def _target_sum_missing(site: Site) -> Iterator[Expr]:
    """P - T for P*sum(T) - T."""
    if _of_target(site):
        yield _without_sums(site, of_cotangent=False)


def _sum_of_g_missing(site: Site) -> Iterator[Expr]:
    """g - P for g - P*sum(g); O*g and O*(g - sum(g)) for O*(g - sum(g*O))."""
    if any(
        isinstance(e, Add) and len(e.items) == 2 and any(_sums_g(site, t) for t in e.items) for e in walk(site.right)
    ):
        yield _without_sums(site, of_cotangent=True)
        yield everywhere(site.right, lambda e: add(t for t in e.items if not _sums(t)) if isinstance(e, Add) else e)
        outputs = _intermediates(site)
        yield site.instead(Contract, lambda e: everywhere(e, lambda x: ONE if _reads_one_of(x, outputs) else x))


def _sums(term: Expr) -> bool:
    return any(isinstance(n, Contract) for n in walk(term))


def _sums_g(site: Site, term: Expr) -> bool:
    return any(isinstance(n, Contract) and any(map(site.is_cotangent, reads(n))) for n in walk(term))


def _reads_one_of(e: Expr, tensors: frozenset[str]) -> bool:
    return isinstance(e, Entry) and e.tensor in tensors


def _two_missing(site: Site) -> Iterator[Expr]:
    """X - Y for 2*(X - Y), where the law squares."""
    if any(isinstance(n, Pow) for e in site.op.equations for n in walk(e.body)):
        yield site.instead(Mul, lambda e: mul(f for f in e.items if f != Num(Fraction(2))))


def _target_sign(site: Site) -> Iterator[Expr]:
    if site.wrt.argument == "target":
        yield negate(site.right)


# -- normalisations ----------------------------------------------------------------------------------------------------


def _terms(site: Site, e: Expr) -> tuple[Expr, ...]:
    """The three terms of a normalisation's gradient: g, its mean, and y times the mean of g*y."""
    three = isinstance(e, Add) and len(e.items) == 3 and sum(_sums_g(site, t) for t in e.items) == 2
    return e.items if isinstance(e, Add) and three else ()


def _mean_path_dropped(site: Site) -> Iterator[Expr]:
    outputs = _intermediates(site)

    def change(e: Expr) -> Expr:
        return add(t for t in _terms(site, e) if not _sums(t) or _tensors(t) & outputs) if _terms(site, e) else e

    yield everywhere(site.right, change)


def _n_minus_1(site: Site) -> Iterator[Expr]:
    outputs = _intermediates(site)

    def divided(e: Expr) -> Expr:
        if isinstance(e, Div) and isinstance(e.right, Val) and _sums(e.left):
            return Div(e.left, Val(e.right.index - 1))
        return e

    def change(e: Expr) -> Expr:
        return (
            add(everywhere(t, divided) if _tensors(t) & outputs else t for t in _terms(site, e))
            if _terms(site, e)
            else e
        )

    yield everywhere(site.right, change)


def _terms_kept(kept: Callable[[Site, Expr], bool]) -> Rule:
    """Of the three terms of a normalisation's gradient, some alone."""

    def rule(site: Site) -> Iterator[Expr]:
        yield everywhere(site.right, lambda e: add(t for t in own if kept(site, t)) if (own := _terms(site, e)) else e)

    return rule


# -- what an output depends on -----------------------------------------------------------------------------------------


def _diagonal_alone(site: Site) -> Iterator[Expr]:
    """g*y for sum[c1] g[c1]*y[c1]: what depends on all inputs taken as if each output had one of its own."""

    def change(e: Expr) -> Expr:
        if not isinstance(e, Contract) or not any(map(site.is_cotangent, reads(e))):
            return e
        at = {b.name: index(a.name) for b in e.binders for a in site.axes if a.extent == b.extent}
        rest = tuple(b for b in e.binders if b.name not in at)
        body = substitute(e.body, at)
        return Contract(rest, body) if rest else body

    if not site.windows:
        yield everywhere(site.right, change)


def _delta_as_one(site: Site) -> Iterator[Expr]:
    """y[i]*(1-y[j]) for y[i]*([i==j]-y[j]): the term g[c] of a gradient becomes the sum that its other term has."""
    e = site.right
    whole = next((f for f in e.items if isinstance(f, Add)), e) if isinstance(e, Mul) else e
    if not isinstance(whole, Add) or len(whole.items) != 2 or not any(map(site.is_cotangent, whole.items)):
        return
    other = next(t for t in whole.items if not site.is_cotangent(t))
    sums = [n for n in walk(other) if isinstance(n, Contract) and any(map(site.is_cotangent, reads(n)))]
    if len(sums) == 1:
        outer = tuple(f for f in e.items if f != whole) if isinstance(e, Mul) else ()
        yield add((sums[0], mul((*outer, other))))


def _over_classes(site: Site) -> Iterator[Expr]:
    """(p - y)/C for (p - y)/N."""
    axes = site.op.inputs[0].axes
    if any(t.integer for t in site.op.inputs) and len(axes) > 1:
        classes = Val(axes[1].extent)
        yield site.instead(Div, lambda e: div(e.left, classes) if _is_count(site, e.right) else e)


def _of_probabilities(site: Site) -> Iterator[Expr]:
    """-y/p for p - y."""

    def change(e: Expr) -> Expr:
        if not isinstance(e, Add) or len(e.items) != 2:
            return e
        p, y = sorted(e.items, key=negative)
        return div(y, p) if isinstance(p, Entry) and p.tensor in _intermediates(site) and negative(y) else e

    if _of_target(site):
        yield everywhere(site.right, change)


def _input_for_computed(site: Site) -> Iterator[Expr]:
    """X for Y where Y is computed from X entry by entry."""
    computed = [t for t in site.op.tensors if t.role == "intermediate"]
    for t in computed:
        for x in (x for x in site.op.inputs if not x.integer and x.axes == t.axes):
            yield site.reading(t.name, partial(_of_tensor, x.name))


def _output_for_computed(site: Site) -> Iterator[Expr]:
    """log p for p."""
    for t in site.op.tensors:
        if t.role == "intermediate" and t.axes == site.op.output.axes:
            yield site.reading(t.name, partial(_of_tensor, site.op.output.name))


def _of_tensor(name: str, e: Entry) -> Expr:
    return Entry(name, e.indices)


RULES: dict[int, Rule] = {
    54: _mean_dropped,
    55: _mean_twice,
    56: _label_missing,
    57: _n_for_weights,
    58: _ignored_counted,
    59: _smoothing_unweighted,
    60: _target_sum_missing,
    61: _sum_of_g_missing,
    62: _two_missing,
    63: _target_sign,
    65: _mean_path_dropped,
    66: _n_minus_1,
    101: _terms_kept(lambda site, t: not _sums(t)),
    102: _terms_kept(lambda site, t: not (_sums(t) and _tensors(t) & _intermediates(site))),
    103: _diagonal_alone,
    104: _delta_as_one,
    105: _over_classes,
    106: _of_probabilities,
    107: _input_for_computed,
    108: _output_for_computed,
}
