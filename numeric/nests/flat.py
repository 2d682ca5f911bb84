"""A nest without loops over its axes: each lane computes one entry, whose indices are digits of the lane's number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from derive.expressions.index import Index, index
from numeric.nests.facts import Facts
from numeric.nests.nest import Nest, entries
from numeric.nests.reductions import reduce
from numeric.nests.registers import Register
from numeric.nests.statements import Block
from numeric.nests.values import Writer


@dataclass(frozen=True, slots=True)
class Flat:
    """What a lane does: `digits` are its indices and their extents, the last one changing fastest."""

    digits: tuple[tuple[str, Index], ...]
    body: Block


def write_flat(nest: Nest, registers: Mapping[str, Register], unroll: int = 8) -> Flat:
    """The statements of one lane. Loops are the same for all lanes: guards that differ between them stay guards."""
    w = Writer(registers, Facts(), unroll, reduce)
    digits = tuple((w.name(b.name), b.extent) for b in nest.axes)
    for name, extent in digits:
        w.facts.runs(name, extent)
    w.reduce = partial(reduce, lanes=frozenset(name for name, _ in digits))
    entries(w, nest, [{b.name: index(name) for b, (name, _) in zip(nest.axes, digits, strict=True)}])
    return Flat(digits, w.blocks[0])
