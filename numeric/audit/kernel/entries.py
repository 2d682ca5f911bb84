"""One entry of a gradient written out: its formula with the indices put in, the numbers in it, and what they make."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from derive.errors import BackproofError
from derive.expressions.expr import Add, Entry, Expr, Winner
from derive.expressions.traversal import walk
from derive.language.show import show
from derive.networks.expansion import expand
from derive.networks.instance import Instance
from numeric.audit.kernel.faults import Fault
from numeric.audit.kernel.subjects import OUTPUT
from numeric.audit.kernel.trials import formulas
from numeric.backend import Formula, cotangent, forward_formulas
from numeric.evaluation.arithmetic import Plain
from numeric.evaluation.dense import world_of

MOST_TERMS, LONGEST = 24, 2000
DIGITS = 6
PLACE = "entry_"


def index_of(fault: Fault) -> dict[str, int]:
    """The worst entry, by the names of the law's axes."""
    sample = fault.trial.sample
    tensor = sample.op.output if fault.key == OUTPUT else sample.op.tensor(fault.key)
    marked = np.zeros(fault.wrong.shape, bool)
    marked[fault.worst] = True
    at = np.unravel_index(int(np.argmax(sample.flat(tensor, marked))), sample.ways(tensor)[0])
    return {b.name: int(k) for b, k in zip(tensor.axes, at, strict=True)}


def written_out(fault: Fault) -> str:
    """`dE/dX[0,1] = dE/dO[0]*F[1] + ... = 3*2 + ... = 6, got -6`; empty where it is too long to be read."""
    sample, f = fault.trial.sample, formula_of(fault)
    instance = Instance(
        sample.op, sample.names, frozenset(t.name for t in sample.op.inputs if sample.arrays[t.argument] is None)
    )
    at = index_of(fault)
    try:
        terms = expand(f.body, instance, at)
    except (BackproofError, KeyError):
        return ""
    if isinstance(terms, Add) and len(terms.items) > MOST_TERMS:
        return ""
    place = f"[{','.join(map(str, at.values()))}]" if at else ""
    assert fault.got is not None
    assert fault.want is not None
    got, want = (numeral(a[fault.worst]) for a in (fault.got, fault.want))
    if any(isinstance(n, Winner) for n in walk(f.body)):
        want += " (of equal cells the first one wins)"
    steps = [show(terms), _in_numbers(terms, _values(fault)), want]
    text = f"{f.target}{place} = {' = '.join(dict.fromkeys(steps))}"
    return f"{text}, got {got}" if len(text) <= LONGEST else ""


def formula_of(fault: Fault) -> Formula:
    """The right formula of what is wrong."""
    op = fault.trial.sample.op
    return (
        forward_formulas(op)[-1] if fault.key == OUTPUT else formulas(op, fault.trial.rule)[op.tensor(fault.key).name]
    )


def numeral(x: Any) -> str:
    """A number as people write it."""
    value = float(x)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.{DIGITS}g}"


def _values(fault: Fault) -> dict[str, Any]:
    """Every tensor of the law with the cotangent, in the law's shapes."""
    sample = fault.trial.sample
    with np.errstate(all="ignore"):
        world = world_of(sample.op, Plain(), sample.names, sample.lawful)
    dy = sample.flat(sample.op.output, sample.cotangent)
    return {**world.labels, **world.tensors, cotangent(sample.op): dy}


def _in_numbers(e: Expr, values: dict[str, Any]) -> str:
    """The expression with a number for every entry, none of them reckoned up."""
    found: list[str] = []

    def put(part: Expr) -> Expr:
        if not isinstance(part, Entry):
            return part.with_parts(tuple(map(put, part.parts))) if part.parts else part
        at = tuple(i.constant for i in part.indices)
        if part.tensor not in values or None in at:
            return part
        text = numeral(np.asarray(values[part.tensor])[at])
        found.append(f"({text})" if text.startswith("-") else text)
        return Entry(f"{PLACE}{len(found) - 1}", ())

    return re.sub(rf"{PLACE}(\d+)", lambda m: found[int(m[1])], show(put(e)))
