"""A law and its gradients with every entry written out, as lectures do: `O[1,1] = X[1,1]*F[1,1] + ...`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.derivation import Derivation
from derive.expressions.expr import Add, Entry, Expr, Select
from derive.expressions.traversal import reads, walk
from derive.networks.expansion import expand
from reports.by_hand.scale import Scale, parse_shapes, scale
from reports.document import Block, Equation, Math, Prose, Section, Spans, spans
from reports.mathematics.latex import latex, latex_lines
from reports.mathematics.names import COTANGENT, Names
from reports.mathematics.plaintext import plaintext
from reports.sections.size_section import with_numbers


def concrete_sections(derivations: Sequence[Derivation], shapes: str) -> tuple[Section, ...]:
    """The law, and each gradient, entry by entry at the sizes that `3x3,2x2` names; indices count from 1.

    Raises: OperationError for shapes that do not fit or are too large to be written out.
    """
    at = scale(derivations[0].op, parse_shapes(shapes), {d.wrt.name for d in derivations})
    names = Names.of(at.op)
    numbers = with_numbers(at, names)
    law = [Prose(introduction(at, names)), *((Prose(numbers),) if numbers else ())]
    gradients = [_gradient(d, at, names) for d in derivations]
    return (Section(spans("Written out for ", sizes(at, names)), (*law, *_law(at, names))), *gradients)


def sizes(at: Scale, names: Names) -> Math:
    """The tensors with the shapes that are shown: `X: 3 × 3, F: 2 × 2`."""
    shown = [(t.name, [str(at.shape(t.name)[k]) for k in at.kept(t.name)]) for t in at.op.inputs]
    rows = [(n, shape) for n, shape in shown if shape and n not in at.absent]
    times = r" \times "
    return Math(
        r",\; ".join(rf"{names[n]} \in \mathbb{{R}}^{{{times.join(shape)}}}" for n, shape in rows),
        ", ".join(f"{n}: {' × '.join(shape)}" for n, shape in rows),
    )


def introduction(at: Scale, names: Names) -> Spans:
    """How entries are counted, and what is left out."""
    left = sorted(at.hidden)
    without = Math(" = ".join(map(names.__getitem__, left)) + " = 1", " = ".join(left) + " = 1")
    absent = [Math(names[t], t) for t in sorted(at.absent)]
    told: list[str | Math] = ["Indices count from 1 here."]
    if left:
        told += [" Since ", without, ", those axes are left out."]
    for t in absent:
        told += [" ", t, " is 0: it is left out."]
    if any(isinstance(n, Select) for e in at.op.equations for n in walk(e.body)):
        told.append(" Of equal cells in a window, the first one, row by row, is the maximum.")
    return spans(*told)


def ordered(e: Expr) -> Expr:
    """The terms of a sum in the order of the cotangent's entries that they read."""
    if not isinstance(e, Add):
        return e
    return Add(tuple(sorted(e.items, key=lambda t: [_place(r) for r in reads(t) if r.tensor.startswith(COTANGENT)])))


def _place(e: Entry) -> tuple[int, ...]:
    return tuple(i.constant or 0 for i in e.indices)


def equation(left: Expr, right: Expr, at: Scale, names: Names) -> Equation:
    """`left = right`, indices counted from 1."""
    one, other = at.shown(left), at.shown(ordered(right))
    return Equation(f"{latex(one, names)} = {latex_lines(other, names)}", f"{plaintext(one)} = {plaintext(other)}")


def _law(at: Scale, names: Names) -> Iterator[Block]:
    for e in at.op.equations:
        for place in at.places(e.target):
            point = dict(zip(e.names, place, strict=True))
            yield equation(at.entry(e.target, place), expand(e.body, at, point), at, names)


def _gradient(d: Derivation, at: Scale, names: Names) -> Section:
    target = d.target.tensor
    rows = []
    for place in at.places(target):
        point = {b.name: k for b, k in zip(d.axes, place, strict=True)}
        rows.append(equation(at.entry(target, place), expand(d.formula, at, point), at, names))
    return Section(
        spans("Every entry of the gradient with respect to ", Math(names[d.wrt.name], d.wrt.name)), tuple(rows)
    )
