"""Gradients of matrices over vectors along their rows: `dW[k,c] = sum[n] a[n,k]*b[n,c]` as a sum of outer products.

With samples in lanes such a sum would end with a sum of lanes for each entry, after few turns. Instead b is copied into
rows, where neighbours along c are a vector, and a is read one number at a time.
"""

from __future__ import annotations

from derive.expressions.build import mul
from derive.expressions.expr import Binder, Contract, Entry, Expr, Mul
from derive.expressions.index import Index, index
from numeric.nests.nest import Nest, Output
from numeric.networks.compiled.places import Places
from numeric.networks.compiled.samples import Samples, each_term_reads


def as_rows(nest: Nest, places: Places, samples: Samples) -> Nest | None:
    """The nest over vectors along the rows of its result, where it is such a sum; else None."""
    factors = _factors(nest, places)
    if factors is None or samples.doubtful:
        return None
    o = nest.outputs[0]
    if places.filled_up and places.blocks > 1 and not each_term_reads(o.body, samples.cotangents):
        return None
    row, column = nest.axes
    body = mul(tuple(_read(f, index(column.name), places) for f in factors))
    vectors = Binder(column.name, index(-(-(column.extent.constant or 0) // places.width)))
    # of one block, copies need not be read at all
    lanes = min(places.width, places.assembly.batch)
    binders = (Binder("block", index(places.blocks)), Binder("lane", index(lanes)))
    target = Entry(f"{o.target.tensor}:rows", o.target.indices)
    return Nest(nest.name, (row, vectors), (Output(target, Contract(binders, body)),))


def _factors(nest: Nest, places: Places) -> tuple[Entry, Entry] | None:
    """The reads a[n,k] and b[n,c] of the only output of a nest over k and c."""
    (o, *others) = nest.outputs
    if others or f"{o.target.tensor}:rows" not in places.registers:
        return None
    match o.body:
        case Contract((n,), Mul((Entry() as a, Entry() as b))) if {a.tensor, b.tensor} <= places.lane.keys():
            k, c = (index(x.name) for x in nest.axes)
            fits = o.target.indices == (k, c) and {a.indices, b.indices} == {(index(n.name), k), (index(n.name), c)}
            return (a, b) if fits else None
    return None


def _read(e: Entry, column: Index, places: Places) -> Expr:
    """A factor's entry by block and lane; the one along the vectors from a copy in rows."""
    block, lane, at = index("block"), index("lane"), e.indices[1]
    if at == column:
        return Entry(places.rows(e.tensor), (block, lane, at))
    return Entry(places.digits(e.tensor), (block, at, lane))
