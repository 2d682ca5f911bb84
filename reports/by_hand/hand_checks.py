"""What was checked of a computation by hand: against the law itself, against the matrices, against torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from derive.derivation import Derivation
from derive.expressions.expr import D, Expr
from derive.meaning.exact import Number
from derive.networks.expansion import expand
from derive.networks.instance import Place
from numeric.calling.layouts import Arrangement, Shared, arrangement
from numeric.checks.samples import Sample
from reports.by_hand.friendly import Example
from reports.by_hand.handwork import partial, readable, worth
from reports.document import Claim, Math, Verdict, spans
from reports.mathematics.display_nodes import decimal
from reports.mathematics.forms import Form
from reports.mathematics.matrices import whole
from reports.mathematics.names import COTANGENT, LEADING, Names

Pair = tuple[Place, object, object]  # where, the number on the page, the number found in another way


def verdict(ex: Example, forms: Mapping[str, Form], torch: bool) -> Verdict:
    """One row for each independent way to the same numbers; `forms` are the matrices, by the gradient's name."""
    rows = [_by_definition(d, ex) for d in ex.derivations]
    rows += [_by_matrices(d, forms[d.target.tensor], ex) for d in ex.derivations if d.target.tensor in forms]
    return Verdict((*rows, *(_by_torch(ex) if torch else ())))


def _by_definition(d: Derivation, ex: Example) -> Claim:
    """Every partial derivative once more, by dual numbers through the law itself."""
    output = ex.at.op.output.name
    pairs: list[Pair] = []
    for place in ex.at.places(d.wrt.name):
        gradient = expand(d.formula, ex.at, ex.at.point(d.target.tensor, place))
        total: Number = 0
        for a in ex.at.places(output):
            slope = ex.world.value(D(ex.at.entry(output, a), ex.at.entry(d.wrt.name, place)), {})
            pairs.append((place, worth(partial(gradient, output, a), ex), slope))
            total = total + slope * worth(ex.at.entry(f"{COTANGENT}{output}", a), ex)
        pairs.append((place, worth(gradient, ex), total))
    count = len(pairs) - len(list(ex.at.places(d.wrt.name)))
    said = f"{count} partial derivatives, all equal" + ("" if ex.whole else " to 40 digits")
    return _claim(_name(d), " by dual numbers through the law", "definition", said, pairs)


def _by_matrices(d: Derivation, form: Form, ex: Example) -> Claim:
    """The matrices' result is the gradient."""
    found = [v for row in form.values for v in row]
    places = list(ex.at.places(d.target.tensor))
    pairs = [(p, _value(d.formula, d.target.tensor, p, ex), v) for p, v in zip(places, found, strict=True)]
    return _claim(_name(d), " by its matrices", "matrices", f"{_entries(pairs)}, all equal", pairs)


def _by_torch(ex: Example) -> Iterator[Claim]:
    """torch's own function and its autograd, in float64."""
    from numeric.oracle import autograd  # torch takes its time: it is loaded only where it is asked

    output, gradients = autograd(sample(ex))
    law = ex.at.op.equations[-1]
    yield _as_torch(whole(law.target, Names.of(ex.at.op)), law.target, law.body, output, ex)
    for d in ex.derivations:
        yield _as_torch(_name(d), d.target.tensor, d.formula, gradients[d.wrt.argument], ex)


def _as_torch(name: Math, tensor: str, formula: Expr, found: Any, ex: Example) -> Claim:
    """Integers bit for bit, other numbers in the digits that are shown."""
    pairs: list[Pair] = []
    for place, theirs in zip(ex.at.places(tensor), found.ravel().tolist(), strict=True):
        mine = readable(_value(formula, tensor, place, ex))
        pairs.append((place, mine, Fraction(theirs)) if ex.whole else (place, decimal(float(mine)), decimal(theirs)))
    said = f"{_entries(pairs)}, equal in every " + ("bit" if ex.whole else "digit shown")
    return _claim(name, " by torch's autograd", "torch", said, pairs)


def _entries(pairs: Sequence[Pair]) -> str:
    return f"{len(pairs)} entries" if len(pairs) != 1 else "1 entry"


def _value(formula: Expr, tensor: str, place: Place, ex: Example) -> Number:
    return ex.world.value(formula, ex.at.point(tensor, place))


def _claim(name: Math, how: str, layer: str, said: str, pairs: Iterable[Pair]) -> Claim:
    """What was compared; where two numbers differ, the first of them."""
    wrong = next((pair for pair in pairs if pair[1] != pair[2]), None)
    if wrong is None:
        return Claim(spans(name, how), layer, "tested", spans(said), True)
    place, mine, theirs = wrong
    at = ", ".join(str(k + 1) for k in place)
    return Claim(spans(name, how), layer, "refuted", spans(f"at [{at}]: {mine} here, {theirs} there"), False)


def _name(d: Derivation) -> Math:
    return whole(d.target.tensor, Names.of(d.op))


def sample(ex: Example) -> Sample:
    """The example as `numeric` knows it."""
    op, arrays = ex.at.op, {}
    for t in op.inputs:
        values = [float(readable(v)) for v in ex.world.arrays[t.name].values]
        array = np.array(values, np.int64 if t.integer else np.float64).reshape(ex.at.shape(t.name))
        arrays[t.argument] = None if t.name in ex.at.absent else array
    given = ex.world.arrays[f"{COTANGENT}{op.output.name}"]
    cotangent = np.array([float(readable(v)) for v in given.values]).reshape(given.shape)
    return Sample(op, ex.seed, "integer", dict(ex.at.names), *_lying(ex), {}, arrays, cotangent)


def _lying(ex: Example) -> tuple[Arrangement, Shared]:
    """How the tensors lie for torch: as in the law."""
    layout = ex.at.op.layout
    extents = {b.name: ex.at.extent(b.extent) for t in ex.at.op.inputs for b in t.axes}
    named = [t.removesuffix("?") for t in layout.axes.split()]
    star = (extents[layout.star],) if layout.star and layout.star not in named else ()
    leading = (extents[LEADING],) if LEADING in extents and layout.star != LEADING else ()
    settings: dict[str, Any] = {"dim": -1} if layout.dim is not None else {}
    settings |= {layout.shape: star} if layout.shape else {}
    return arrangement(ex.at.op, settings), Shared(star, leading)
