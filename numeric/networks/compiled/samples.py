"""What is known of samples in lanes: that they meet only in sums, which sums see copies, which formulas add up.

A nest fits lanes where the index of samples stands alone, as the first of tensors along them: then a lane is a sample,
and what is written for one number holds for a vector of them. Copies that fill up the last block are left out of sums;
cotangents of copies are 0, and a sum that has a cotangent as a factor of every term needs no more care.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from derive.expressions.build import mul
from derive.expressions.expr import ZERO, Add, Binding, Compare, Contract, Div, Entry, Expr, Mul
from derive.expressions.index import Index, index
from derive.expressions.traversal import binders_of, own_indices, walk
from numeric.nests.lanes import lane_names
from numeric.nests.nest import Nest, Output
from numeric.nests.registers import Register

VALID = ":valid"
"""1 for a sample, 0 for a copy that fills up the last block."""


@dataclass(slots=True)
class Samples:
    """The tensors in lanes, by the axis that is, and the cotangents among them.

    `doubtful` says that copies may hold anything: some nest did not write them.
    """

    registers: Mapping[str, Register]
    lane: Mapping[str, int]
    cotangents: frozenset[str]
    filled_up: bool
    doubtful: bool = False

    # -- lanes ---------------------------------------------------------------------------------------------------------

    def fit(self, nest: Nest) -> bool:
        """Whether samples meet only themselves: their index stands alone, as the first of tensors along them."""
        own: set[str] = set()
        for o in nest.outputs:
            own |= lane_names(o.body, self.registers, self.lane)
            if o.target.tensor in self.lane:
                own.add(o.target.indices[0].name or "?")
        if "?" in own:
            return False
        return all(self._alone(o, own, nest) for o in nest.outputs)

    def _alone(self, o: Output, own: set[str], nest: Nest) -> bool:
        axes = {b.name for b in nest.axes} & own
        if (o.target.tensor not in self.lane and axes) or len(axes) > 1:
            return False
        for e in walk(o.body):
            bound = [b for b in e.binders if b.name in own] if isinstance(e, Binding) else []
            if bound and (not isinstance(e, Contract) or len(bound) > 1):
                return False
            if not isinstance(e, Entry) and any(self._outside(i, own) for i in own_indices(e)):
                return False
            if isinstance(e, Entry) and any(self._outside(i, own) for i in e.indices[e.tensor in self.lane :]):
                return False
        return self._one_at_a_time(o.body, axes, own)

    def _outside(self, i: Index, own: set[str]) -> bool:
        """Whether an index of samples is used as a number, or a label of each sample as a place."""
        for a in i.atoms():
            if isinstance(a, Entry):
                inside = a.indices[a.tensor in self.lane :]
                if any(self._outside(x, own) for x in inside):
                    return True
            elif index(a).names() & own if isinstance(a, str) else (a.dividend.names() | a.divisor.names()) & own:
                return True
        return False

    def _one_at_a_time(self, e: Expr, around: set[str], own: set[str]) -> bool:
        """Whether no sum over samples is inside another one, and no read by a label is of a tensor along them."""
        for x in walk(e):
            if isinstance(x, Entry) and any(isinstance(a, Entry) for i in x.indices for a in i.atoms()):
                return False
            bound = isinstance(x, Contract) and any(b.name in own for b in x.binders)
            if bound and (around or any(b.name in own for y in walk(x.parts[0]) for b in binders_of(y))):
                return False
        return True

    # -- chunks --------------------------------------------------------------------------------------------------------

    def add_up(self, o: Output, results: Collection[str]) -> bool:
        """Whether chunks of the batch can be computed one after the other: samples meet in sums that are results."""
        if o.target.tensor in results:
            return self._is_sum(o.body)
        return not self._has_sum(o.body)

    def _sums(self, e: Expr) -> bool:
        """Whether a node is a sum over samples."""
        along = lane_names(e.parts[0], self.registers, self.lane) if isinstance(e, Contract) else set()
        return bool(along & {b.name for b in binders_of(e)})

    def _has_sum(self, e: Expr) -> bool:
        return any(self._sums(x) for x in walk(e))

    def _is_sum(self, e: Expr) -> bool:
        """Whether an expression is linear in sums over samples, without a constant."""
        match e:
            case Contract():
                return (self._sums(e) and not self._has_sum(e.body)) or self._is_sum(e.body)
            case Mul(items):
                having = [x for x in items if self._has_sum(x)]
                return len(having) == 1 and self._is_sum(having[0])
            case Div(left, right):
                return self._is_sum(left) and not self._has_sum(right)
            case Add(items):
                return all(map(self._is_sum, items))
        return False

    # -- samples that are copies ---------------------------------------------------------------------------------------

    def masked(self, o: Output) -> Output:
        """Sums over samples take no copies, and cotangents of copies are 0."""
        if not self.filled_up:
            return o
        t, cotangents = o.target.tensor, self.cotangents
        body = self._masked_sums(o.body)
        if t in cotangents and t in self.lane and not each_term_reads(body, cotangents):
            body = mul((_valid(o.target.indices[0]), body))
        return replace(o, body=body)

    def _masked_sums(self, e: Expr) -> Expr:
        e = e.with_parts(tuple(map(self._masked_sums, e.parts)))
        if not isinstance(e, Contract):
            return e
        along = lane_names(e.body, self.registers, self.lane) & {b.name for b in e.binders}
        if not along or (each_term_reads(e.body, self.cotangents) and not self.doubtful):
            return e
        return Contract(e.binders, mul((*(_valid(index(n)) for n in sorted(along)), e.body)))


def _valid(n: Index) -> Expr:
    return Compare("<", ZERO, Entry(VALID, (n,)))


def each_term_reads(e: Expr, tensors: Collection[str]) -> bool:
    """Whether an expression is 0 where some tensors are: every term has one of their entries as a factor."""
    for x in _factors(e):
        match x:
            case Entry(tensor) if tensor in tensors:
                return True
            case Contract(_, body) if each_term_reads(body, tensors):
                return True
            case Add(items) if all(each_term_reads(t, tensors) for t in items):
                return True
    return False


def _factors(e: Expr) -> Iterator[Expr]:
    if isinstance(e, Mul):
        for item in e.items:
            yield from _factors(item)
    elif isinstance(e, Div):
        yield from _factors(e.left)
    else:
        yield e
